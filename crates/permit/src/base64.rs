//! Base64 of RFC 4648, strict: one text for each sequence of bytes.

/// The two alphabets that keys and signatures use.
#[derive(Clone, Copy)]
pub(crate) enum Alphabet {
    /// Section 4, padded: the body of a PEM file.
    Standard,
    /// Section 5, not padded: the parts of a JWS.
    Url,
}

impl Alphabet {
    const fn last(self) -> [u8; 2] {
        match self {
            Self::Standard => *b"+/",
            Self::Url => *b"-_",
        }
    }

    fn symbol(self, value: u8) -> char {
        let [minus, slash] = self.last();
        char::from(match value {
            0..=25 => b'A' + value,
            26..=51 => b'a' + (value - 26),
            52..=61 => b'0' + (value - 52),
            62 => minus,
            _ => slash,
        })
    }

    fn value(self, symbol: u8) -> Option<u8> {
        let [minus, slash] = self.last();
        match symbol {
            b'A'..=b'Z' => Some(symbol - b'A'),
            b'a'..=b'z' => Some(symbol - b'a' + 26),
            b'0'..=b'9' => Some(symbol - b'0' + 52),
            _ if symbol == minus => Some(62),
            _ if symbol == slash => Some(63),
            _ => None,
        }
    }
}

pub(crate) fn encode(alphabet: Alphabet, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let (first, second, third) = match *chunk {
            [first, second, third] => (first, second, third),
            [first, second] => (first, second, 0),
            [first] => (first, 0, 0),
            _ => break,
        };
        let values = [
            first >> 2,
            ((first & 3) << 4) | (second >> 4),
            ((second & 15) << 2) | (third >> 6),
            third & 63,
        ];
        text.extend(
            values
                .iter()
                .take(chunk.len() + 1)
                .map(|value| alphabet.symbol(*value)),
        );
        if matches!(alphabet, Alphabet::Standard) {
            text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
    text
}

/// The bytes, or `None` for any text that `encode` would not have written. The bytes are never
/// moved while they are decoded, so that a caller can erase a secret.
pub(crate) fn decode(alphabet: Alphabet, text: &str) -> Option<Vec<u8>> {
    let symbols = match alphabet {
        Alphabet::Url => text,
        Alphabet::Standard if !text.len().is_multiple_of(4) => return None,
        Alphabet::Standard => {
            let short = text.strip_suffix('=').unwrap_or(text);
            short.strip_suffix('=').unwrap_or(short)
        }
    };
    let mut bytes = Vec::with_capacity(symbols.len() * 3 / 4);
    let (mut pending, mut bits) = (0u32, 0u32);
    for symbol in symbols.bytes() {
        pending = (pending << 6) | u32::from(alphabet.value(symbol)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(pending >> bits).ok()?);
            pending &= (1 << bits) - 1;
        }
    }
    (bits < 6 && pending == 0).then_some(bytes)
}

#[cfg(test)]
mod tests;
