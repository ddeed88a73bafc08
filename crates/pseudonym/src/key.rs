//! The two keys of the chain: read from owner-only files, never printed, wiped when dropped.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::PseudonymError;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// A key's file is its digits and perhaps a line's end; more is something else.
const FILE_BYTES_MAX: u64 = 256;
/// Salt of the subkeys' derivation (RFC 5869, extract).
const SALT: &[u8] = b"lazaret/subkeys/v1";

/// 32 secret bytes on the heap, so that a move leaves no copy behind; wiped when dropped.
pub(crate) struct Secret(Box<[u8; KEY_BYTES]>);

impl Secret {
    /// HMAC-SHA-256 under this key.
    pub(crate) fn keyed(&self) -> Keyed {
        Keyed::new(&self.0[..])
    }

    /// A subkey for one use: HKDF-SHA-256 (RFC 5869) of one output block.
    pub(crate) fn subkey(&self, info: &str) -> Self {
        let extracted = Keyed::new(SALT).mac(&[&self.0[..]]);
        let expanded = Keyed::new(&extracted[..]).mac(&[info.as_bytes(), &[1]]);
        Self(Box::new(*expanded))
    }

    fn parse(hex: &str) -> Result<Self, PseudonymError> {
        let digits = hex.trim().as_bytes();
        if digits.len() != 2 * KEY_BYTES {
            return Err(PseudonymError::MalformedKey);
        }
        let mut secret = Self(Box::new([0; KEY_BYTES]));
        for (byte, pair) in secret.0.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit)
                    .to_digit(16)
                    .ok_or(PseudonymError::MalformedKey)?;
                let value = u8::try_from(value).map_err(|_| PseudonymError::MalformedKey)?;
                *byte = (*byte << 4) | value;
            }
        }
        secret.checked()
    }

    fn from_bytes(bytes: &mut [u8; KEY_BYTES]) -> Result<Self, PseudonymError> {
        let secret = Self(Box::new(*bytes));
        bytes.zeroize();
        secret.checked()
    }

    /// A repeated byte is a placeholder, not a key.
    fn checked(self) -> Result<Self, PseudonymError> {
        let first = self.0.first();
        if self.0.iter().all(|byte| Some(byte) == first) {
            return Err(PseudonymError::MalformedKey);
        }
        Ok(self)
    }

    fn from_file(path: &Path) -> Result<Self, PseudonymError> {
        let failed = |source| PseudonymError::File {
            path: path.to_owned(),
            source,
        };
        // The opened file is looked at, not the path, so nothing can be swapped in between.
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() || !owner_only(&metadata) {
            return Err(PseudonymError::Exposed {
                path: path.to_owned(),
            });
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(PseudonymError::MalformedKey);
        }
        let mut text = Zeroizing::new(String::with_capacity(512));
        file.take(FILE_BYTES_MAX + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        Self::parse(&text)
    }

    fn save_new(&self, path: &Path) -> Result<(), PseudonymError> {
        let failed = |source| PseudonymError::File {
            path: path.to_owned(),
            source,
        };
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        text.push('\n');
        let mut file = new_file(path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"lazaret/key-id/v1")
            .chain_update(&self.0[..]);
        digest
            .finalize()
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// HMAC-SHA-256 (RFC 2104) that has taken its key already: half the work of a short message. The
/// state opens what the key opens, so it is kept like one: on the heap, and wiped when dropped. So
/// is each copy that takes a message; what moves of such a copy leave on the stack is not.
pub(crate) struct Keyed(Box<Hmac<Sha256>>);

impl Keyed {
    /// Under a key of at most 64 bytes, which is the block size: it is padded with zeros, as the
    /// standard does, so this cannot fail.
    fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0u8; 64]);
        for (slot, byte) in block.iter_mut().zip(key) {
            *slot = *byte;
        }
        Self(Box::new(Hmac::<Sha256>::new((&*block).into())))
    }

    /// The MAC of the parts, one after the other.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut mac = Hmac::clone(&self.0);
        for part in parts {
            mac.update(part);
        }
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// The MAC of two texts, each after its length in eight bytes.
    pub(crate) fn framed(&self, domain: &str, id: &str) -> Zeroizing<[u8; 32]> {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        self.mac(&[
            &length(domain),
            domain.as_bytes(),
            &length(id),
            id.as_bytes(),
        ])
    }
}

macro_rules! key {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        pub struct $type(pub(crate) Secret);

        impl $type {
            /// Reads the key from a file of 64 hexadecimal digits.
            ///
            /// # Errors
            /// `File`, when it cannot be read; `Exposed`, when it is no plain file or its mode lets
            /// the group or others in; `MalformedKey`, when it holds something else.
            ///
            /// # Privacy
            /// A key that others may read is refused, so a wrong permission cannot go unnoticed:
            /// who has a key and a dictionary of identifiers undoes that key's step.
            pub fn from_file(path: &Path) -> Result<Self, PseudonymError> {
                Secret::from_file(path).map(Self)
            }

            /// Parses 64 hexadecimal digits, for instance from an environment variable.
            ///
            /// # Errors
            /// `MalformedKey`, when the text is something else or one byte repeated.
            ///
            /// # Privacy
            /// The error does not repeat the text. Wiping the text is the caller's part.
            pub fn parse(hex: &str) -> Result<Self, PseudonymError> {
                Secret::parse(hex).map(Self)
            }

            /// A new key from 32 bytes of the system's random generator, which are wiped.
            ///
            /// # Errors
            /// `MalformedKey`, when all bytes are the same.
            ///
            /// # Privacy
            /// The key is as unpredictable as the bytes: take them from the operating system.
            pub fn generate(random: &mut [u8; KEY_BYTES]) -> Result<Self, PseudonymError> {
                Secret::from_bytes(random).map(Self)
            }

            /// Writes the key to a new file that only its owner can read.
            ///
            /// # Errors
            /// `File`, when it cannot be written or exists: a key is never overwritten.
            ///
            /// # Privacy
            /// The file has mode 0600 from its first moment.
            pub fn save_new(&self, path: &Path) -> Result<(), PseudonymError> {
                self.0.save_new(path)
            }

            /// Eight hexadecimal digits that tell this key from others in a log or a commit.
            ///
            /// # Privacy
            /// 32 bits of a hash of 256 random bits: they name the key and do not help to find it.
            #[must_use]
            pub fn id(&self) -> String {
                self.0.id()
            }
        }
    };
}

key!(
    /// The data holder's key, the first step of the chain. No `Debug`, `Clone` or `Serialize`;
    /// wiped when dropped.
    HolderKey
);
key!(
    /// The trust centre's key, the second step of the chain. No `Debug`, `Clone` or `Serialize`;
    /// wiped when dropped.
    CentreKey
);

/// Creates a file that only its owner can read; fails where it exists.
pub(crate) fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn owner_only(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 == 0
}

/// Where permissions cannot be checked, a key in a file is not accepted.
#[cfg(not(unix))]
fn owner_only(_: &std::fs::Metadata) -> bool {
    false
}
