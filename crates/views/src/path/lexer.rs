//! Cuts a path into tokens.

use super::PathFault;

/// A piece of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, which may be a keyword.
    Name(String),
    /// A name between backticks, never a keyword.
    Delimited(String),
    /// Text between single quotes, its escapes resolved.
    Text(String),
    /// Digits, with or without a fraction.
    Number(String),
    /// `@` and a date or time, without the `@`.
    Moment(String),
    /// `%name`.
    Constant(String),
    /// `$name`.
    Variable(String),
    /// Punctuation and operators.
    Symbol(&'static str),
}

/// The symbols, the longer before those they begin with.
const SYMBOLS: [&str; 24] = [
    "!=", "!~", "<=", ">=", ".", "(", ")", "[", "]", ",", "=", "<", ">", "{", "}", "+", "-", "*",
    "/", "|", "&", "~", "!", ":",
];

/// Tokens with the byte each starts at.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, PathFault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut all = Vec::new();
    while let Some((position, token)) = lexer.token()? {
        all.push((position, token));
    }
    Ok(all)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn token(&mut self) -> Result<Option<(usize, Token)>, PathFault> {
        while self
            .peek()
            .is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
        {
            self.take();
        }
        let position = self.at;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let token = match first {
            'a'..='z' | 'A'..='Z' | '_' => Token::Name(self.name()),
            '0'..='9' => Token::Number(self.number()),
            '\'' => Token::Text(self.quoted('\'')?),
            '`' => Token::Delimited(self.quoted('`')?),
            '%' => Token::Constant(self.constant()?),
            '$' => Token::Variable(self.variable()?),
            '@' => Token::Moment(self.moment()?),
            _ => Token::Symbol(self.symbol()?),
        };
        Ok(Some((position, token)))
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|c| wanted(*c)) {
            taken.push(c);
            self.take();
        }
        taken
    }

    fn name(&mut self) -> String {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn number(&mut self) -> String {
        let mut digits = self.take_while(|c| c.is_ascii_digit());
        let mut ahead = self.rest().chars();
        // `1.first()` is a call on a number, `1.5` a number.
        if ahead.next() == Some('.') && ahead.next().is_some_and(|c| c.is_ascii_digit()) {
            self.take();
            digits.push('.');
            digits.push_str(&self.take_while(|c| c.is_ascii_digit()));
        }
        digits
    }

    fn constant(&mut self) -> Result<String, PathFault> {
        let position = self.at;
        self.take();
        let name = match self.peek() {
            Some(quote @ ('\'' | '`')) => self.quoted(quote)?,
            _ => self.name(),
        };
        if name.is_empty() {
            return Err(PathFault::syntax(
                position,
                "a constant's name is wanted after `%`",
            ));
        }
        Ok(name)
    }

    fn variable(&mut self) -> Result<String, PathFault> {
        let position = self.at;
        self.take();
        let name = self.name();
        if name.is_empty() {
            return Err(PathFault::syntax(
                position,
                "a variable's name is wanted after `$`",
            ));
        }
        Ok(name)
    }

    fn moment(&mut self) -> Result<String, PathFault> {
        let position = self.at;
        self.take();
        let mut text = String::new();
        while let Some(c) = self.peek() {
            // `@2020.first()` is a call on a date, `@T10:00:00.5` has a fraction.
            let fraction = self
                .rest()
                .chars()
                .nth(1)
                .is_some_and(|c| c.is_ascii_digit());
            if !(matches!(c, '0'..='9' | ':' | '-' | '+' | 'T' | 'Z') || c == '.' && fraction) {
                break;
            }
            text.push(c);
            self.take();
        }
        if text.is_empty() {
            let reason = "a date or time is wanted after `@`";
            return Err(PathFault::syntax(position, reason));
        }
        Ok(text)
    }

    fn symbol(&mut self) -> Result<&'static str, PathFault> {
        let found = SYMBOLS
            .iter()
            .find(|symbol| self.rest().starts_with(**symbol));
        let symbol = found.ok_or_else(|| PathFault::syntax(self.at, "unknown character"))?;
        self.at += symbol.len();
        Ok(symbol)
    }

    fn quoted(&mut self, quote: char) -> Result<String, PathFault> {
        let position = self.at;
        self.take();
        let mut text = String::new();
        loop {
            match self.take() {
                None => return Err(PathFault::syntax(position, "a quote is not closed")),
                Some('\\') => text.push(self.escape()?),
                Some(c) if c == quote => return Ok(text),
                Some(c) => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, PathFault> {
        let position = self.at;
        Ok(match self.take() {
            Some(c @ ('\'' | '"' | '`' | '\\' | '/')) => c,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('f') => '\u{c}',
            Some('u') => {
                let digits = self.rest().get(..4).unwrap_or_default().to_owned();
                let code = u32::from_str_radix(&digits, 16)
                    .ok()
                    .filter(|_| digits.len() == 4);
                self.at += digits.len();
                code.and_then(char::from_u32)
                    .ok_or_else(|| PathFault::syntax(position, "four hexadecimal digits wanted"))?
            }
            _ => return Err(PathFault::syntax(position, "unknown escape")),
        })
    }
}
