//! From noisy coordinates to a number with its standard error and its 95 % interval.

use lazaret_model::{Account, Clamp, NORMAL_95};

use crate::price::{unit, width};
use crate::{Checked, DisclosureError, Measure, Spread};

/// The standard deviation of a measurement's noise, and how many of them 95 % are within.
#[derive(Clone, Copy)]
pub(crate) struct Spreading {
    sigma: f64,
    width: f64,
}

impl Spreading {
    pub(crate) const fn of(account: Account, sigma: f64) -> Self {
        let width = account.deviations_95();
        Self { sigma, width }
    }
}

/// A number of a release.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Number {
    /// A count.
    Whole(i64),
    /// A sum or a mean.
    Real(f64),
}

/// What a cell shows. Estimates are unbiased: a count or a sum may come out negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// The estimate.
    pub value: Number,
    /// Its standard error.
    pub std_error: f64,
    /// The lower end of its 95 % interval.
    pub low95: Number,
    /// The upper end of its 95 % interval.
    pub high95: Number,
}

/// One estimate of one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// Too few persons stand behind it, so there is no value at all.
    Hidden,
    /// The estimate.
    Shown(Shown),
}

/// The cell of noisy coordinates. All of it is post-processing: it sees no exact number.
pub(crate) fn estimate(measure: Measure, noisy: &[i128], noise: Spreading) -> Checked<Cell> {
    match (measure, noisy) {
        (Measure::Persons | Measure::Rows | Measure::Distinct, [count]) => counted(*count, noise),
        (Measure::Sum(clamp), [sum]) => Ok(summed(clamp, *sum, noise)),
        (Measure::Mean(clamp), [rows, centred]) => Ok(meant(clamp, *rows, *centred, noise)),
        (Measure::Spread(clamp, spread), [rows, sum, squares]) => {
            let noisy = [rows, sum, squares].map(|value| *value as f64);
            Ok(spread_out(clamp, spread, noisy, noise))
        }
        (Measure::Quantile(clamp, _), chosen @ [_, _, _]) => Ok(ranked(clamp, chosen)),
        _ => Err(DisclosureError::Exact("a measurement of the wrong length")),
    }
}

fn counted(count: i128, Spreading { sigma, width }: Spreading) -> Checked<Cell> {
    // Bounds on reach, persons and noise keep a count within 2^62; the sampler would have to draw
    // beyond 64 standard deviations for this to fail.
    let value = i64::try_from(count).map_err(|_| DisclosureError::Exact("a count too large"))?;
    let half = width * sigma;
    Ok(Cell::Shown(Shown {
        value: Number::Whole(value),
        std_error: sigma,
        low95: Number::Whole(whole((value as f64 - half).floor())),
        high95: Number::Whole(whole((value as f64 + half).ceil())),
    }))
}

fn summed(clamp: Clamp, sum: i128, Spreading { sigma, width }: Spreading) -> Cell {
    let half = width * sigma;
    Cell::Shown(Shown {
        value: Number::Real(sum as f64 / unit(clamp)),
        std_error: sigma / unit(clamp),
        low95: Number::Real((sum as f64 - half).floor() / unit(clamp)),
        high95: Number::Real((sum as f64 + half).ceil() / unit(clamp)),
    })
}

/// The mean is `centre + (u / 2) f` with `f = centred / rows`, both coordinates carrying noise of
/// `sigma`. By the delta method the variance of `f` is `(sigma / rows)^2 (1 + f^2)`. Where the
/// noisy number of rows is within three standard errors of zero that says nothing, and the
/// interval is all that the bounds allow. Value and interval are cut to the bounds, where the
/// mean is.
fn meant(clamp: Clamp, rows: i128, centred: i128, noise: Spreading) -> Cell {
    let sigma = noise.sigma;
    let (rows, centred) = (rows as f64, centred as f64);
    let (low, high) = (clamp.low() as f64, clamp.high() as f64);
    let radius = width(clamp) / 2.0;
    if sigma == 0.0 && rows == 0.0 {
        return Cell::Hidden;
    }
    let fraction = if rows > 0.0 {
        (centred / rows).clamp(-1.0, 1.0)
    } else {
        0.0
    };
    let value = (low / 2.0 + high / 2.0 + radius * fraction).clamp(low, high);
    let far = rows > 3.0 * sigma;
    let error = radius * sigma / rows * fraction.hypot(1.0);
    let (error, from, to) = if far {
        let half = noise.width * error;
        (
            error.min(radius),
            (value - half).max(low),
            (value + half).min(high),
        )
    } else {
        (radius, low, high)
    };
    Cell::Shown(Shown {
        value: Number::Real(value / unit(clamp)),
        std_error: error / unit(clamp),
        low95: Number::Real(from / unit(clamp)),
        high95: Number::Real(to / unit(clamp)),
    })
}

/// With `N = n u^2`, `Y = u sum(y)`, `Q = sum(2 y^2 - u^2)` and `y = 2x - low - high` the variance
/// of `y / u` is `v = (Q / N + 1) / 2 - f^2`, `f = Y / N`. By the delta method its standard error
/// is `sigma / N` times the norm of the gradient by N, Y and Q. As for a mean, a noisy number of
/// rows near zero says nothing.
fn spread_out(clamp: Clamp, spread: Spread, noisy: [f64; 3], noise: Spreading) -> Cell {
    let sigma = noise.sigma;
    let [rows, sum, squares] = noisy;
    let width = width(clamp);
    let count = rows / (width * width);
    if sigma == 0.0 && (rows == 0.0 || spread.sample && count <= 1.0) {
        return Cell::Hidden;
    }
    // The widest there is: half of the values at each end.
    let widest = (width / unit(clamp) / 2.0).powi(2);
    let (mean, twice) = (sum / rows, squares / rows);
    let known = rows > 3.0 * sigma && (!spread.sample || count > 2.0 || sigma == 0.0);
    let (variance, error) = if known {
        let of_sample = if spread.sample {
            count / (count - 1.0)
        } else {
            1.0
        };
        let variance = (f64::midpoint(twice, 1.0) - mean * mean).clamp(0.0, 1.0) * of_sample;
        let slope = [0.5, 2.0 * mean, 2.0 * mean * mean - twice / 2.0];
        let slope = slope
            .into_iter()
            .map(|part| part * part)
            .sum::<f64>()
            .sqrt();
        (variance * widest, sigma / rows * slope * of_sample * widest)
    } else {
        (widest / 2.0, widest)
    };
    let half = noise.width * error;
    let (low, high) = match known {
        true => ((variance - half).max(0.0), variance + half),
        false => (0.0, widest),
    };
    let (value, std_error, low, high) = match spread.root {
        false => (variance, error, low, high),
        true => {
            let (value, low, high) = (variance.sqrt(), low.sqrt(), high.sqrt());
            let slope = if value > 0.0 {
                error / (2.0 * value)
            } else {
                high
            };
            (value, slope.min((high - low).max(0.0)), low, high)
        }
    };
    Cell::Shown(Shown {
        value: Number::Real(value),
        std_error,
        low95: Number::Real(low),
        high95: Number::Real(high),
    })
}

/// A quantile between two others that hold it: the interval, and an error as if it were normal.
fn ranked(clamp: Clamp, chosen: &[i128]) -> Cell {
    let value = |at: usize| {
        let candidate = chosen
            .get(at)
            .and_then(|chosen| usize::try_from(*chosen).ok());
        Measure::value(clamp, candidate.unwrap_or(0)) as f64 / unit(clamp)
    };
    let at = value(0);
    let (low, high) = (value(1).min(at), value(2).max(at));
    Cell::Shown(Shown {
        value: Number::Real(at),
        std_error: (high - low) / (2.0 * NORMAL_95),
        low95: Number::Real(low),
        high95: Number::Real(high),
    })
}

/// The whole number at an end of an interval; it saturates.
#[allow(
    clippy::cast_possible_truncation,
    reason = "saturates, at the ends of an interval"
)]
pub(crate) const fn whole(value: f64) -> i64 {
    value as i64
}
