//! The tables as they are checked in, and what they forbid.

use super::*;

const STATES: [State; 7] = [
    State::Draft,
    State::Submitted,
    State::PreScreening,
    State::AwaitingAdditionalInformation,
    State::Processing,
    State::DecisionIssued,
    State::Withdrawn,
];

#[test]
fn the_tables_are_the_checked_in_text() {
    let mut text = String::from("application\n");
    for step in TRANSITIONS {
        let from = step.from.map_or("(none)", State::word);
        text.push_str(&format!(
            "{from:31}  {:31}  {:9}  {}\n",
            step.to, step.actor, step.guard
        ));
    }
    text.push_str("permit\n");
    for (from, to, actor) in PERMIT_TRANSITIONS {
        text.push_str(&format!("{from:31}  {to:31}  {actor:9}  -\n"));
    }
    assert_eq!(text, include_str!("transitions.txt"));
}

#[test]
fn what_is_not_in_the_table_is_refused_with_its_reason() {
    let froms = STATES.into_iter().map(Some).chain([None]);
    for from in froms {
        for to in STATES {
            for actor in [Role::Applicant, Role::Hdab, Role::System] {
                let listed =
                    |step: &&Transition| step.from == from && step.to == to && step.actor == actor;
                match (TRANSITIONS.iter().find(listed), guard(from, to, actor)) {
                    (Some(step), Ok(guard)) => assert_eq!(step.guard, guard),
                    (None, Err(refusal)) => {
                        assert_eq!(refusal.code, RefusalCode::Transition);
                        assert!(refusal.reason.contains(to.word()), "{refusal}");
                        assert!(refusal.hint.is_some());
                    }
                    (listed, found) => panic!("{from:?} {to} {actor}: {listed:?} {found:?}"),
                }
            }
        }
    }
}

#[test]
fn final_states_stay() {
    for end in [State::DecisionIssued, State::Withdrawn] {
        assert!(TRANSITIONS.iter().all(|step| step.from != Some(end)));
    }
    for end in [PermitStatus::Revoked, PermitStatus::Expired] {
        assert!(permit_step(end, PermitStatus::Granted, Role::Hdab).is_err());
    }
    assert!(permit_step(PermitStatus::Suspended, PermitStatus::Granted, Role::System).is_err());
}

#[test]
fn words_are_read_as_they_are_written() {
    for state in STATES {
        assert_eq!(state.word().parse(), Ok(state));
    }
    assert_eq!("draft".parse::<State>(), Err(UnknownWord));
}
