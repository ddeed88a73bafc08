//! Curves over age: straight lines between points of (age in years, value).

/// Points in rising age; constant before the first and after the last.
pub(crate) type Curve = &'static [(f64, f64)];

/// The value at an age in years; zero for a curve without points.
pub(crate) fn at(curve: Curve, age: f64) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for &(right, value) in curve {
        if age <= right {
            return match before {
                Some((left, start)) if right > left => {
                    start + (value - start) * (age - left) / (right - left)
                }
                _ => value,
            };
        }
        before = Some((right, value));
    }
    before.map_or(0.0, |(_, value)| value)
}

/// Where a life whose own threshold is `level` meets the curve scaled by `factor`: the age in years
/// at which the curve first rises above it, and the age at which it falls below again.
///
/// With a uniform `level`, the share of people past the first and before the second age is the
/// scaled curve itself, at every age at once: prevalence is right and onset falls out of it.
pub(crate) fn crossing(curve: Curve, factor: f64, level: f64) -> Option<(f64, Option<f64>)> {
    let mut onset = None;
    let mut before: Option<(f64, f64)> = None;
    for &(age, value) in curve {
        let value = value * factor;
        let meeting = match before {
            Some((left, start)) if value != start => {
                left + (age - left) * (level - start) / (value - start)
            }
            _ => age,
        };
        match onset {
            None if value > level => onset = Some(meeting),
            Some(started) if value <= level => return Some((started, Some(meeting))),
            _ => {}
        }
        before = Some((age, value));
    }
    onset.map(|started| (started, None))
}
