//! The life of an application and of a permit, each as one table of allowed steps.

use lazaret_model::{Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$item:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$item])* #[serde(rename = $word)] $variant,)+
        }

        impl $type {
            /// The word of the forms and the store.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::UnknownWord;
            fn from_str(word: &str) -> Result<Self, $crate::UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownWord),
                }
            }
        }
    };
}

pub(crate) use words;

/// A word that is none of the enum's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the word is not known")]
pub struct UnknownWord;

words!(
    /// Where an application stands (Articles 67 and 68 of Regulation (EU) 2025/327).
    State {
        /// Being written.
        Draft = "DRAFT",
        /// Handed in.
        Submitted = "SUBMITTED",
        /// Checked for completeness.
        PreScreening = "PRE_SCREENING",
        /// The applicant was asked for more.
        AwaitingAdditionalInformation = "AWAITING_ADDITIONAL_INFORMATION",
        /// Assessed.
        Processing = "PROCESSING",
        /// Decided; final.
        DecisionIssued = "DECISION_ISSUED",
        /// Taken back; final.
        Withdrawn = "WITHDRAWN",
    }
);

words!(
    /// Where a permit stands.
    PermitStatus {
        /// It can be used.
        Granted = "GRANTED",
        /// It cannot be used for now.
        Suspended = "SUSPENDED",
        /// It can never be used again; final until an appeal.
        Revoked = "REVOKED",
        /// Its time is over; final.
        Expired = "EXPIRED",
    }
);

words!(
    /// In which capacity somebody acts.
    Role {
        /// Who applies.
        Applicant = "APPLICANT",
        /// An officer of the health data access body.
        Hdab = "HDAB",
        /// The office itself, by its clocks.
        System = "SYSTEM",
    }
);

words!(
    /// What must hold besides state and role.
    Guard {
        /// Nothing.
        Free = "-",
        /// The mandatory fields are valid and the confirmations given.
        Complete = "complete",
        /// The question was raised in the state the application goes back to.
        RaisedThere = "raised there",
        /// Two officers have voted, both for it if it is granted.
        TwoReviews = "two reviews",
        /// A deadline has passed. The office keeps no clocks yet, so the step is refused.
        Clock = "clock",
    }
);

/// One allowed step of an application; `from` is `None` for its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Where it stands before.
    pub from: Option<State>,
    /// Where it stands after.
    pub to: State,
    /// Who may take the step.
    pub actor: Role,
    /// What must hold besides.
    pub guard: Guard,
}

/// Every allowed step. What is not here is forbidden.
pub const TRANSITIONS: &[Transition] = {
    use Guard::{Clock, Complete, Free, RaisedThere, TwoReviews};
    use Role::{Applicant, Hdab, System};
    use State::{
        AwaitingAdditionalInformation as Awaiting, DecisionIssued, Draft, PreScreening, Processing,
        Submitted, Withdrawn,
    };
    &[
        step(None, Draft, Applicant, Free),
        step(Some(Draft), Submitted, Applicant, Complete),
        step(Some(Submitted), PreScreening, Hdab, Free),
        step(Some(Submitted), Withdrawn, Applicant, Free),
        step(Some(PreScreening), Awaiting, Hdab, Free),
        step(Some(PreScreening), Processing, Hdab, Complete),
        step(Some(PreScreening), DecisionIssued, Hdab, Clock),
        step(Some(PreScreening), Withdrawn, Applicant, Free),
        step(Some(Awaiting), PreScreening, Applicant, RaisedThere),
        step(Some(Awaiting), Processing, Applicant, RaisedThere),
        step(Some(Awaiting), DecisionIssued, Hdab, Clock),
        step(Some(Awaiting), DecisionIssued, System, Clock),
        step(Some(Awaiting), Withdrawn, Applicant, Free),
        step(Some(Processing), Awaiting, Hdab, Free),
        step(Some(Processing), Processing, Hdab, Clock),
        step(Some(Processing), DecisionIssued, Hdab, TwoReviews),
        step(Some(Processing), Withdrawn, Applicant, Free),
    ]
};

/// Every allowed step of a permit after it was granted: from, to, and who may take it.
pub const PERMIT_TRANSITIONS: &[(PermitStatus, PermitStatus, Role)] = &[
    (PermitStatus::Granted, PermitStatus::Suspended, Role::Hdab),
    (PermitStatus::Granted, PermitStatus::Suspended, Role::System),
    (PermitStatus::Granted, PermitStatus::Revoked, Role::Hdab),
    (PermitStatus::Granted, PermitStatus::Expired, Role::System),
    (PermitStatus::Suspended, PermitStatus::Granted, Role::Hdab),
    (PermitStatus::Suspended, PermitStatus::Revoked, Role::Hdab),
    (PermitStatus::Suspended, PermitStatus::Expired, Role::System),
];

/// The guard of a step, if the table allows it to this role.
///
/// # Errors
/// `Refusal` of code `Transition`, with what is possible instead.
pub(crate) fn guard(from: Option<State>, to: State, actor: Role) -> Result<Guard, Refusal> {
    let here = || TRANSITIONS.iter().filter(|step| step.from == from);
    let stands = from.map_or("that does not exist", State::word);
    let mut same = here().filter(|step| step.to == to).peekable();
    if same.peek().is_none() {
        let reason = format!("an application {stands} cannot become {to}");
        let mut next: Vec<_> = here().map(|step| step.to.word()).collect();
        next.dedup();
        let hint = match next.as_slice() {
            [] => "nothing can happen to it any more".to_owned(),
            next => format!("from here it can become {}", next.join(", ")),
        };
        return Err(Refusal::new(RefusalCode::Transition, reason).hint(hint));
    }
    let roles: Vec<_> = same.clone().map(|step| step.actor.word()).collect();
    match same.find(|step| step.actor == actor) {
        Some(step) => Ok(step.guard),
        None => {
            let reason = format!("{actor} cannot make an application {stands} become {to}");
            let hint = format!("{} can", roles.join(" or "));
            Err(Refusal::new(RefusalCode::Transition, reason).hint(hint))
        }
    }
}

/// Whether a permit may take a step.
///
/// # Errors
/// `Refusal` of code `Transition`.
pub(crate) fn permit_step(
    from: PermitStatus,
    to: PermitStatus,
    actor: Role,
) -> Result<(), Refusal> {
    if PERMIT_TRANSITIONS.contains(&(from, to, actor)) {
        return Ok(());
    }
    let reason = format!("{actor} cannot make a permit that is {from} become {to}");
    Err(Refusal::new(RefusalCode::Transition, reason))
}

const fn step(from: Option<State>, to: State, actor: Role, guard: Guard) -> Transition {
    Transition {
        from,
        to,
        actor,
        guard,
    }
}

#[cfg(test)]
mod tests;
