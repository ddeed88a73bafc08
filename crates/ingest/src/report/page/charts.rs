//! Small charts as SVG in the page. The number stands beside each, so they are hidden from readers
//! of screens.

/// A bar of this share, from 0 to 1. What is there at all has a visible width.
pub(super) fn bar(share: f64) -> String {
    let width = if share > 0.0 {
        (share * 100.0).clamp(1.0, 100.0)
    } else {
        0.0
    };
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"8\"/>\
         <rect class=\"fill\" width=\"{width:.1}\" height=\"8\"/></svg>"
    )
}

/// A column for each night, the last one tonight's; a gap where there is no number.
#[allow(clippy::cast_precision_loss, reason = "for the eye")]
pub(super) fn nights(numbers: &[Option<u64>]) -> String {
    let highest = numbers.iter().flatten().copied().max().unwrap_or(0).max(1) as f64;
    let mut columns = String::new();
    for (at, number) in numbers.iter().enumerate() {
        let Some(number) = number else { continue };
        let height = (*number as f64 / highest * 22.0).max(1.0);
        let class = if at + 1 == numbers.len() {
            "fill"
        } else {
            "past"
        };
        let (x, y) = (at * 9, 24.0 - height);
        columns += &format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y:.1}\" width=\"7\" height=\"{height:.1}\"/>"
        );
    }
    let width = numbers.len() * 9 - 2;
    format!(
        "<svg class=\"nights\" viewBox=\"0 0 {width} 24\" width=\"{width}\" height=\"24\" \
         aria-hidden=\"true\"><line class=\"base\" x1=\"0\" y1=\"24\" x2=\"{width}\" y2=\"24\"/>\
         {columns}</svg>"
    )
}
