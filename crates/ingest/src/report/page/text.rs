//! Numbers and words as a page shows them.

/// Text as HTML: nothing in it opens a tag or ends an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A count with its thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count, or a dash where there is nothing to see.
pub(super) fn some(number: u64) -> String {
    if number == 0 {
        "<span class=\"none\">–</span>".to_owned()
    } else {
        count(number)
    }
}

/// A share in percent: whole at its ends only when it is exactly that.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 99.9 && percent < 100.0 {
        "&gt; 99.9 %".to_owned()
    } else if percent > 0.0 && percent < 0.1 {
        "&lt; 0.1 %".to_owned()
    } else if percent == 0.0 || percent == 100.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// A change of a share in points, with its sign.
pub(super) fn points(change: f64) -> String {
    format!("{:+.1}", change * 100.0).replace('-', "−")
}

/// Bytes in the unit that fits.
#[allow(clippy::cast_precision_loss, reason = "for people")]
pub(super) fn bytes(number: u64) -> String {
    let number = number as f64;
    match number {
        n if n >= 1e9 => format!("{:.2} GB", n / 1e9),
        n if n >= 1e6 => format!("{:.1} MB", n / 1e6),
        n => format!("{:.1} kB", n / 1e3),
    }
}

/// Seconds in the unit that fits.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s >= 7200.0 => format!("{:.1} h", s / 3600.0),
        s if s >= 120.0 => format!("{:.1} min", s / 60.0),
        s => format!("{s:.1} s"),
    }
}

/// An age in the unit that fits.
pub(super) fn age(hours: u64) -> String {
    match hours {
        0..48 => format!("{hours} h"),
        48..17_520 => format!("{} days", hours / 24),
        _ => format!("{} years", hours / 8766),
    }
}

/// A moment of RFC 3339 as people write it, in UTC.
pub(super) fn moment(time: &str) -> String {
    let parsed = chrono::DateTime::parse_from_rfc3339(time);
    parsed.map_or_else(
        |_| escaped(time),
        |time| time.to_utc().format("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// One of a thing, or several.
pub(super) fn plural(number: u64, one: &str, several: &str) -> String {
    let word = if number == 1 { one } else { several };
    format!("{} {word}", count(number))
}
