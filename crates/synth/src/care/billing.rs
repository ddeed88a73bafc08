//! Claims for stays and emergencies, and what the insurer answers.

use crate::calendar::{Date, Moment};
use crate::chart::{Cents, Chart, Claim, Class, Decision, Kind};
use crate::random::Stream;

/// Minutes in a day.
const DAY: i64 = 1_440;

/// Claims every stay and emergency that ended after `since` and up to `until`.
pub(crate) fn bill(chart: &mut Chart, since: Moment, until: Moment, stream: &mut Stream) {
    for place in 0..chart.encounters.len() {
        let Some(it) = chart.encounters.get(place) else {
            return;
        };
        let (encounter, start, end) = (it.head.id, it.start, it.end);
        let (service, diagnosis, class) = (it.kind, it.reason, it.class);
        let ended = end > since && end <= until && class != Class::Ambulatory;
        if !ended || chart.care.claims.iter().any(|it| it.encounter == encounter) {
            continue;
        }
        let days = i32::try_from(end.since_ms(start) / 60_000 / DAY).unwrap_or(i32::MAX);
        let total = if class == Class::Inpatient {
            stream
                .between(45_000, 190_000)
                .saturating_add(days.saturating_mul(stream.between(38_000, 92_000)))
        } else {
            stream.between(2_600, 31_000)
        };
        let claim = Claim {
            head: chart.head(Kind::Claim),
            encounter,
            start,
            end,
            service,
            diagnosis,
            total: Cents(total),
            decision: None,
        };
        chart.care.claims.push(claim);
    }
}

/// The insurer answers to the claims of stays that ended at least ten days before.
pub(super) fn decide(chart: &mut Chart, day: Date, stream: &mut Stream) {
    decide_by(chart, day, |_, _| day, stream);
}

/// The insurer has answered to nearly all claims of the past, each after a few weeks.
pub(crate) fn decided(chart: &mut Chart, today: Date, stream: &mut Stream) {
    let after = |end: Date, stream: &mut Stream| end.plus(stream.between(10, 40)).min(today);
    decide_by(chart, today.plus(-5), after, stream);
}

fn decide_by(
    chart: &mut Chart,
    day: Date,
    made: impl Fn(Date, &mut Stream) -> Date,
    stream: &mut Stream,
) {
    for place in 0..chart.care.claims.len() {
        let open = chart
            .care
            .claims
            .get(place)
            .filter(|it| it.decision.is_none() && it.end.date().plus(10) <= day);
        let Some((end, Cents(total))) = open.map(|it| (it.end.date(), it.total)) else {
            continue;
        };
        let made = made(end, stream);
        // A patient pays a share of most stays; a claim in fifty is turned down.
        let percent = stream.pick(&[80, 80, 80, 80, 80, 100, 100, 100, 100]);
        let granted = if stream.chance(0.02) {
            0
        } else {
            total / 100 * percent
        };
        let head = chart.head(Kind::ExplanationOfBenefit);
        let decision = Decision {
            head,
            made,
            granted: Cents(granted),
        };
        if let Some(claim) = chart.care.claims.get_mut(place) {
            claim.decision = Some(decision);
        }
    }
}
