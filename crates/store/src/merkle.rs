//! The Merkle tree of RFC 6962, section 2.1, kept as its right edge: appending costs O(log n).

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Hexadecimal digits of a hash.
const HEX: usize = 64;

/// A SHA-256 hash, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

/// The state of the log: how many entries, and the hash of them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries.
    pub size: u64,
    /// The RFC 6962 Merkle tree hash of the entries.
    pub root: Hash,
}

/// A Merkle tree that only grows. It keeps the hash of each complete subtree, so that an entry is
/// appended, and the root known, without the entries before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// One a set bit of `size`, the largest subtree first.
    edge: Vec<Hash>,
}

impl Hash {
    /// The hash of an entry's bytes: `sha256(0x00 || entry)`.
    #[must_use]
    pub fn leaf(entry: &[u8]) -> Self {
        Self(
            Sha256::new()
                .chain_update([0])
                .chain_update(entry)
                .finalize()
                .into(),
        )
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of two subtrees: `sha256(0x01 || left || right)`.
    fn node(left: Self, right: Self) -> Self {
        let hash = Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0);
        Self(hash.finalize().into())
    }
}

impl Tree {
    /// Appends an entry, by the hash of its leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each low bit set is a complete subtree as large as the one just completed.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.edge.pop() else { break };
            hash = Hash::node(left, hash);
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The entries so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash of the entries so far; of none, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut subtrees = self.edge.iter().rev().copied();
        match subtrees.next() {
            Some(smallest) => subtrees.fold(smallest, |right, left| Hash::node(left, right)),
            None => Hash(Sha256::digest([]).into()),
        }
    }

    /// Size and root together.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            size: self.size,
            root: self.root(),
        }
    }

    /// The right edge as text, for the store.
    pub(crate) fn edge(&self) -> String {
        self.edge.iter().map(Hash::to_string).collect()
    }

    /// The tree from its right edge, or `None` where the text is not the edge of that size.
    pub(crate) fn from_edge(size: u64, edge: &str) -> Option<Self> {
        let (hashes, rest) = edge.as_bytes().as_chunks::<HEX>();
        let hash = |digits: &[u8; HEX]| std::str::from_utf8(digits).ok()?.parse().ok();
        let edge: Vec<Hash> = hashes.iter().map(hash).collect::<Option<_>>()?;
        let fits = rest.is_empty() && u32::try_from(edge.len()) == Ok(size.count_ones());
        fits.then_some(Self { size, edge })
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = lazaret_model::Malformed;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let parse = || {
            let (pairs, rest) = text.as_bytes().as_chunks::<2>();
            let mut bytes = [0; 32];
            if pairs.len() != bytes.len() || !rest.is_empty() {
                return None;
            }
            for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
                *byte = digit(*high)? << 4 | digit(*low)?;
            }
            Some(Self(bytes))
        };
        parse().ok_or_else(|| Self::Err {
            kind: "a SHA-256 hash",
            value: text.chars().take(HEX).collect(),
            expected: "64 digits of 0-9 and a-f",
        })
    }
}
