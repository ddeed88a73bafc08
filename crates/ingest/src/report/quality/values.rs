//! Values against what a column's description declares. They stay: a query clamps numbers and puts
//! other codes together.

use arrow::array::{AnyDictionaryArray, Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, Int64Type};
use lazaret_model::{Clamp, ColumnDescription};

/// How many of a column's values are not in its declared set or bounds.
pub(super) fn outside(column: &ColumnDescription, array: &ArrayRef) -> u64 {
    if let Some(bounds) = column.bounds {
        return outside_bounds(bounds, array);
    }
    if column.values.is_empty() {
        return 0;
    }
    let mut known = Known::new(&column.values);
    if let Some(texts) = array.as_any_dictionary_opt() {
        return outside_dictionary(texts, &mut known);
    }
    match array.data_type() {
        DataType::Utf8 => strangers(array.as_string::<i32>().iter(), &mut known),
        DataType::Utf8View => strangers(array.as_string_view().iter(), &mut known),
        _ => 0,
    }
}

/// How many values are so.
pub(super) fn count<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    is: impl Fn(T::Native) -> bool,
) -> u64 {
    let found = match array.null_count() {
        0 => array.values().iter().filter(|value| is(**value)).count(),
        _ => array.iter().flatten().filter(|value| is(*value)).count(),
    };
    found as u64
}

/// How many values are so, beside what is known about their rows.
pub(super) fn count_with<T: ArrowPrimitiveType, F>(
    array: &PrimitiveArray<T>,
    facts: &[Option<F>],
    is: impl Fn(T::Native, &F) -> bool,
) -> u64 {
    let pairs = array.iter().zip(facts);
    let found = pairs.filter(|(value, fact)| {
        value.is_some_and(|value| fact.as_ref().is_some_and(|fact| is(value, fact)))
    });
    found.count() as u64
}

fn outside_bounds(bounds: Clamp, array: &ArrayRef) -> u64 {
    let (low, high) = limits(bounds);
    if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        return count(numbers, |number| !(low <= number && number <= high));
    }
    // Whole numbers beyond 2^53 are rounded here, and far outside of any bounds.
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    let strange = |number: i64| !(low <= number as f64 && number as f64 <= high);
    let whole = array.as_primitive_opt::<Int64Type>();
    whole.map_or(0, |whole| count(whole, strange))
}

#[allow(clippy::cast_precision_loss, reason = "bounds are within 2^53 units")]
fn limits(bounds: Clamp) -> (f64, f64) {
    let unit = 10f64.powi(-i32::from(bounds.scale()));
    (bounds.low() as f64 * unit, bounds.high() as f64 * unit)
}

/// Each word is looked at once, then its rows are counted.
fn outside_dictionary(texts: &dyn AnyDictionaryArray, known: &mut Known<'_>) -> u64 {
    let words = texts.values();
    let strange: Vec<bool> = match words.data_type() {
        DataType::Utf8 => words
            .as_string::<i32>()
            .iter()
            .map(|word| known.lacks(word))
            .collect(),
        DataType::Utf8View => words
            .as_string_view()
            .iter()
            .map(|word| known.lacks(word))
            .collect(),
        _ => return 0,
    };
    if !strange.contains(&true) {
        return 0;
    }
    let keys = texts.normalized_keys();
    let rows = keys.iter().enumerate();
    let rows = rows.filter(|(row, key)| {
        texts.is_valid(*row) && strange.get(**key).copied().unwrap_or_default()
    });
    rows.count() as u64
}

fn strangers<'a>(texts: impl Iterator<Item = Option<&'a str>>, known: &mut Known<'_>) -> u64 {
    texts.filter(|text| known.lacks(*text)).count() as u64
}

/// The declared values, the last one met first: most columns repeat themselves.
struct Known<'a>(Vec<&'a str>);

impl<'a> Known<'a> {
    fn new(values: &'a [String]) -> Self {
        Self(values.iter().map(String::as_str).collect())
    }

    /// Whether this is a value that was not declared.
    fn lacks(&mut self, text: Option<&str>) -> bool {
        let Some(text) = text else { return false };
        match self.0.iter().position(|known| *known == text) {
            None => true,
            Some(0) => false,
            Some(at) => {
                if let Some(front) = self.0.get_mut(..=at) {
                    front.rotate_right(1);
                }
                false
            }
        }
    }
}
