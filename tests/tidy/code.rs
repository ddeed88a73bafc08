//! A reader of Rust text that blanks comments and the inside of literals, line for line.

/// The text with comments as spaces and the inside of string literals as `_`; lines and columns
/// stay where they were.
pub(super) fn strip(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&now) = chars.get(at) {
        let rest = chars.get(at..).unwrap_or_default();
        let (length, mask) = match now {
            '/' if rest.get(1) == Some(&'/') => (until_newline(rest), ' '),
            '/' if rest.get(1) == Some(&'*') => (block(rest), ' '),
            '"' => (quoted(rest), '_'),
            'r' | 'b' | 'c' if !continues_word(&out) => match literal(rest) {
                Some(length) => (length, '_'),
                None => (0, ' '),
            },
            '\'' => (character(rest), '_'),
            _ => (0, ' '),
        };
        if length == 0 {
            out.push(now);
        }
        out.extend(
            rest.iter()
                .take(length)
                .map(|c| if *c == '\n' { '\n' } else { mask }),
        );
        at += length.max(1);
    }
    out
}

/// The words of stripped text with their lines, from 1.
pub(super) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().flat_map(|(line, text)| {
        text.split(|c: char| !is_word(c))
            .filter(|word| !word.is_empty())
            .map(move |w| (line + 1, w))
    })
}

/// The lines, from 1, on which stripped text has this path or name as whole words.
pub(super) fn lines_with(code: &str, path: &str) -> Vec<usize> {
    let whole = |line: &str, at: usize| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + path.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    };
    let has = |line: &str| line.match_indices(path).any(|(at, _)| whole(line, at));
    code.lines()
        .enumerate()
        .filter(|(_, line)| has(line))
        .map(|(at, _)| at + 1)
        .collect()
}

/// A function: its name, its line from 1, and the lines of code inside its braces.
#[derive(Debug, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) length: usize,
}

/// The functions with a body in stripped text.
pub(super) fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let before = code.get(..at).unwrap_or_default();
        let rest = code.get(at + 3..).unwrap_or_default();
        let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
        if before.chars().next_back().is_some_and(is_word) || name.is_empty() {
            continue;
        }
        let Some(length) = body(rest) else { continue };
        found.push(Function {
            name,
            line: before.matches('\n').count() + 1,
            length,
        });
    }
    found
}

/// The lines of code between the braces that open a function's body and close it.
fn body(rest: &str) -> Option<usize> {
    let mut round = 0i32;
    let opens = rest.char_indices().find(|(_, c)| {
        round += i32::from("([".contains(*c)) - i32::from(")]".contains(*c));
        round == 0 && "{;".contains(*c)
    });
    let (from, _) = opens.filter(|(_, c)| *c == '{')?;
    let inner = rest.get(from + 1..)?;
    let mut depth = 1i32;
    let (to, _) = inner.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        depth == 0
    })?;
    Some(
        inner
            .get(..to)?
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count(),
    )
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn continues_word(out: &str) -> bool {
    out.chars().next_back().is_some_and(is_word)
}

fn until_newline(rest: &[char]) -> usize {
    rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())
}

fn block(rest: &[char]) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        match (rest.get(at), rest.get(at + 1)) {
            (Some('/'), Some('*')) => depth += 1,
            (Some('*'), Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at.min(rest.len())
}

fn quoted(rest: &[char]) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `b"`, `c"`, `r"`, `br#"` literals and the like.
fn literal(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|c| "rbc".contains(**c)).count();
    let hashes = rest.iter().skip(prefix).take_while(|c| **c == '#').count();
    let raw = rest.iter().take(prefix).any(|c| *c == 'r');
    if prefix > 2 || rest.get(prefix + hashes) != Some(&'"') || (hashes > 0 && !raw) {
        return None;
    }
    let start = prefix + hashes;
    if !raw {
        return Some(start + quoted(rest.get(start..)?));
    }
    let closes = |at: &usize| {
        rest.get(*at) == Some(&'"')
            && rest
                .get(at + 1..at + 1 + hashes)
                .is_some_and(|tail| tail.iter().all(|c| *c == '#'))
    };
    Some(
        (start + 1..rest.len())
            .find(closes)
            .map_or(rest.len(), |at| at + 1 + hashes),
    )
}

/// The length of a character literal, or 0 for a lifetime.
fn character(rest: &[char]) -> usize {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) => rest
            .iter()
            .skip(3)
            .position(|c| *c == '\'')
            .map_or(rest.len(), |at| at + 4),
        (Some(_), Some('\'')) => 3,
        _ => 0,
    }
}

#[test]
fn comments_and_literals_are_blanked() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ \n */ d", "a              \n    d"),
        (
            r#"f("a\"b", 'x', '\'', b"c")"#,
            "f(______, ___, ____, ____)",
        ),
        (
            "r#\"a\"b\"# + br\"\\\" + 'a + &'b str",
            "________ + _____ + 'a + &'b str",
        ),
        ("number\"x\"", "number___"),
    ];
    for (text, expected) in cases {
        assert_eq!(strip(text), expected, "{text}");
    }
}

#[test]
fn functions_are_measured_by_their_lines_of_code() {
    let code = strip(
        "fn short(a: [u8; 2]) -> u8 { 1 }\ntrait A { fn none(&self); }\n\
         impl B {\n    fn long() {\n        // not code\n\n        if a {\n            b();\n        \
         }\n    }\n}\n",
    );
    let found: Vec<_> = functions(&code)
        .into_iter()
        .map(|f| (f.name, f.line, f.length))
        .collect();
    assert_eq!(
        found,
        [("short".to_owned(), 1, 1), ("long".to_owned(), 4, 3)]
    );
}

#[test]
fn paths_are_found_as_whole_words() {
    let code = "Exact::seal(x)\nInExact::seal\nExact::sealed\nsqlx_core\nuse sqlx::Row;\n";
    assert_eq!(lines_with(code, "Exact::seal"), [1]);
    assert_eq!(lines_with(code, "sqlx"), [5]);
    assert_eq!(
        words("a b\n c").collect::<Vec<_>>(),
        [(1, "a"), (1, "b"), (2, "c")]
    );
}
