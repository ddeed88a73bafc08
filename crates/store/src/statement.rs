//! Which statements pass the door: one at a time, of rows only, and never on the log itself.

use crate::{StoreError, Value};

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ask.
    Reader,
    /// Ask and change rows.
    Writer,
}

/// Checks a statement before a database sees it, so that both databases let the same ones pass.
/// SQLite would silently take a missing parameter for null, and run several statements at once,
/// a `COMMIT` among them.
pub(crate) fn check(sql: &'static str, params: &[Value], role: Role) -> Result<(), StoreError> {
    let refuse = |why| Err(StoreError::Statement { why, sql });
    let Some(scan) = scan(sql) else {
        return refuse("it has a `;`, a `?`, a comment or an open quote");
    };
    let verb = scan.words.first().map(String::as_str).unwrap_or_default();
    let asks = matches!(verb, "select" | "with" | "values");
    let changes = matches!(verb, "insert" | "update" | "delete");
    let allowed = asks || (changes && role == Role::Writer);
    if !allowed {
        return refuse("only SELECT, and in a write INSERT, UPDATE and DELETE, may begin it");
    }
    let own = |word: &String| matches!(word.as_str(), "event" | "tree_head" | "store");
    if verb != "select" && scan.words.iter().any(own) {
        return refuse("the log is written by the store alone");
    }
    let mut places = scan.places;
    places.sort_unstable();
    places.dedup();
    if !places.iter().copied().eq(1..=params.len()) {
        return refuse("its parameters are not $1 to the number that was given");
    }
    let nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if params.iter().any(nul) {
        return refuse("a parameter holds the character NUL");
    }
    Ok(())
}

/// The words of a statement in lower case, and the numbers of its placeholders.
struct Scan {
    words: Vec<String>,
    places: Vec<usize>,
}

fn scan(sql: &str) -> Option<Scan> {
    let mut scan = Scan {
        words: Vec::new(),
        places: Vec::new(),
    };
    // A quote within a literal is doubled, so every second piece is the inside of one.
    let pieces: Vec<&str> = sql.split('\'').collect();
    let outside = pieces.iter().step_by(2);
    for piece in outside {
        if piece.contains([';', '?']) || piece.contains("--") || piece.contains("/*") {
            return None;
        }
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        for token in piece.split(|c| !word(c)).filter(|token| !token.is_empty()) {
            match token.strip_prefix('$') {
                Some(number) => scan.places.push(number.parse().ok()?),
                None => scan.words.push(token.to_ascii_lowercase()),
            }
        }
    }
    (pieces.len() % 2 == 1).then_some(scan)
}
