//! The release: opened, noised, thresholded and hidden in one call.

use lazaret_ledger::{Cost, Reservation, Used};

use crate::cell::{Cell, Spreading, estimate, whole};
use crate::groups::{arrange, encode};
use crate::noise::{Noise, OpenDp};
use crate::plan::{Planned, Source, build, plus};
use crate::table::{Release, Values};
use crate::{Checked, DisclosureError, Exact, Group, Measure, Price, Priced, Shape};

/// Turns the sealed exact results of a query, one a part of its price, into releases, and the
/// payment into a used one.
///
/// It computes and blocks: call it where blocking is allowed. OpenDP's measurements are made, used
/// and dropped inside.
///
/// # Errors
/// What went wrong and the number of the ledger's entry, whose cost stays spent. The caller shows a
/// fault, never this error: whether an exact result fits its shape may depend on rows.
///
/// # Privacy
/// Before a number is read, the cost of all measurements of all parts is taken from OpenDP's own
/// maps and compared with what was paid. One person changes at most `groups_per_person` groups,
/// each coordinate by at most its reach: that is the bounding the engine enforces below, and the L2
/// sensitivity the maps are asked for. Public keys are all shown, so which rows there are says
/// nothing; private keys are shown only past the threshold, whose delta is paid. All else -
/// hiding, means, intervals, order - is post-processing of noisy numbers. No exact number and no
/// array of the engine's reaches a release.
pub fn release(
    exact: Vec<Exact>,
    price: &Price,
    paid: Reservation,
) -> Result<(Vec<Release>, Used), (DisclosureError, i64)> {
    let (id, granted) = (paid.id(), paid.cost());
    let used = paid.used();
    match answers::<OpenDp>(exact, price.parts(), granted) {
        Ok(releases) => Ok((releases, used)),
        Err(error) => Err((error, id)),
    }
}

/// The noisy coordinates of one measurement, group by group.
type Noisy = Vec<Vec<i128>>;

pub(crate) fn answers<N: Noise>(
    exact: Vec<Exact>,
    parts: &[Priced],
    granted: Cost,
) -> Checked<Vec<Release>> {
    if exact.len() != parts.len() {
        return Err(DisclosureError::Mismatch);
    }
    let (mut built, mut asked) = (Vec::new(), Cost::ZERO);
    for part in parts {
        let (measurements, cost) = build::<N>(&part.planned)?;
        asked = plus(asked, cost)?;
        built.push(measurements);
    }
    if !granted.covers(asked) {
        return Err(DisclosureError::Underpaid);
    }
    let each = exact.into_iter().zip(parts).zip(built);
    each.map(|((exact, priced), measurements)| answer(exact, priced, &measurements))
        .collect()
}

/// One release, whose measurements are paid for.
fn answer<N: Noise>(exact: Exact, priced: &Priced, measurements: &[N]) -> Checked<Release> {
    let shape = &priced.shape;
    let mut groups = arrange(exact.open(), shape)?;
    let mut noisy: Vec<Noisy> = Vec::new();
    for (planned, measurement) in priced.planned.iter().zip(measurements) {
        noisy.push(match (planned.threshold, planned.source) {
            (Some(_), _) => survivors(&mut groups, measurement)?,
            (None, Source::Estimate(at)) if planned.score.is_some() => {
                quantiles(&groups, at, shape, planned, measurement)?
            }
            _ => measured(&groups, shape, planned, measurement)?,
        });
    }
    let keys = (0..shape.keys.len()).map(|at| {
        let values = groups.iter().filter_map(|group| group.key.get(at).cloned());
        Values::Keys(values.collect())
    });
    let mut values: Vec<_> = keys.collect();
    for at in 0..shape.estimates.len() {
        values.push(Values::Cells(cells::<N>(at, priced, &noisy)?));
    }
    let columns = priced.columns().iter().cloned().zip(values).collect();
    Ok(Release::new(columns, groups.len()))
}

/// Releases private keys: drops the groups whose noisy number of persons does not pass, and gives
/// the noisy numbers of the others. It is the first measurement, so that all later ones see
/// the released keys alone.
fn survivors<N: Noise>(groups: &mut Vec<Group>, measurement: &N) -> Checked<Noisy> {
    let count = |group: &Group| (encode(&group.key), group.persons_of(0));
    let passed = measurement.keys(groups.iter().map(count).collect())?;
    let mut noisy = Vec::new();
    groups.retain(|group| {
        let count = passed.get(&encode(&group.key));
        noisy.extend(count.map(|count| vec![*count]));
        count.is_some()
    });
    Ok(noisy)
}

/// One vector over all groups, cut back into groups.
fn measured<N: Noise>(
    groups: &[Group],
    shape: &Shape,
    planned: &Planned,
    measurement: &N,
) -> Checked<Noisy> {
    let coordinates = |group: &Group| match planned.source {
        Source::Persons(mask) => vec![group.persons_of(mask)],
        Source::Estimate(at) => group.coordinates(at, shape),
    };
    let exact: Vec<Vec<i128>> = groups.iter().map(coordinates).collect();
    let each = exact.first().map_or(1, |group| group.len().max(1));
    let noisy = measurement.vector(exact.concat())?;
    Ok(noisy.chunks(each).map(<[i128]>::to_vec).collect())
}

/// The candidates chosen for a quantile and for the ends of its interval, group by group.
///
/// A choice is nearly sure to be within `far` of the best score: `scale * ln(candidates / 0.025)`
/// but for one time in forty. So a choice at the rank `2 far` lower lies below the quantile
/// with that probability, and one at `2 far` higher above it.
fn quantiles<N: Noise>(
    groups: &[Group],
    at: usize,
    shape: &Shape,
    planned: &Planned,
    measurement: &N,
) -> Checked<Noisy> {
    let Some(Measure::Quantile(_, part)) = shape.estimates.get(at).map(|each| each.measure) else {
        return Err(DisclosureError::Mismatch);
    };
    let one = |group: &Group| {
        let rows = group.coordinates(at, shape);
        let far = N::sigma(planned) * (rows.len() as f64 / 0.025).ln();
        let chosen = [0.0, -2.0 * far, 2.0 * far].map(|shift| {
            let chosen =
                measurement.choice(scores(&rows, i128::from(part), whole(shift).into()))?;
            Ok(chosen as i128)
        });
        chosen.into_iter().collect()
    };
    groups.iter().map(one).collect()
}

/// Of each candidate, how far the rows below and above it are from their parts: 0 is best. Cut to
/// what fits, which moves no two lakes further apart.
///
/// The outermost candidate on the side of the shift is scored as if there were none. It wins where
/// there are too few rows for the rank that is looked for, and the interval then has all that the
/// bounds allow; where there are enough, another scores higher.
pub(crate) fn scores(rows: &[i128], part: i128, shift: i128) -> Vec<i64> {
    let all: i128 = rows.iter().sum();
    let outermost = match shift {
        0 => None,
        ..0 => Some(0),
        _ => rows.len().checked_sub(1),
    };
    let mut below = 0;
    let score = |(at, here): (usize, &i128)| {
        let above = all - below - here;
        let shift = if outermost == Some(at) { 0 } else { shift };
        let distance = ((1000 - part) * below - part * above - shift).abs();
        below += here;
        -i64::try_from(distance).unwrap_or(i64::MAX)
    };
    rows.iter().enumerate().map(score).collect()
}

/// The cells of one estimate: shown where the noisy persons behind them reach the minimum.
fn cells<N: Noise>(at: usize, priced: &Priced, noisy: &[Noisy]) -> Checked<Vec<Cell>> {
    let missing = || DisclosureError::Exact("a measurement is missing");
    let own = priced.planned.iter().zip(noisy);
    let mut own = own.filter(|(planned, _)| planned.source == Source::Estimate(at));
    let (planned, values) = own.next().ok_or_else(missing)?;
    let measure = priced.shape.estimates.get(at).ok_or_else(missing)?.measure;
    let backing = priced.backings.get(at).ok_or_else(missing)?;
    let noise = Spreading::of(planned.account, N::sigma(planned));
    let mut cells = Vec::new();
    for (group, coordinates) in values.iter().enumerate() {
        let shown = match backing {
            None => true,
            Some(backing) => {
                let persons = noisy
                    .get(backing.measurement)
                    .and_then(|all| all.get(group)?.first());
                let persons = persons.ok_or_else(missing)?;
                N::shows(*persons, backing.unit, priced.shape.minimum)
            }
        };
        let cell = shown.then(|| estimate(measure, coordinates, noise));
        cells.push(cell.transpose()?.unwrap_or(Cell::Hidden));
    }
    Ok(cells)
}
