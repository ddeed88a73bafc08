//! Files that only their owner may read: written once, refused when others can look in.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, bail};

/// Longest secret file, in bytes.
const BYTES_MAX: u64 = 64 * 1024;

/// Writes a new file of mode 0600; an existing one is never overwritten.
pub(crate) fn save_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options
        .open(path)
        .with_context(|| path.display().to_string())?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())?;
    Ok(())
}

/// Reads a secret file, and refuses one that others than its owner may read.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&file.metadata()?) & 0o077 != 0 {
        bail!("{} can be read by others: chmod 600 it", path.display());
    }
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// A key of 32 bytes, written as 64 hexadecimal digits.
pub(crate) fn key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = read(path)?;
    let wrong = || format!("{} is no key of 64 hexadecimal digits", path.display());
    let text = text.trim();
    let mut bytes = [0u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        bail!(wrong());
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(2 * index..2 * index + 2).with_context(wrong)?;
        *byte = u8::from_str_radix(digits, 16).with_context(wrong)?;
    }
    Ok(bytes)
}
