//! Files of text, however the program that wrote them encodes it.

use std::{fs, io, path::Path};

use intune_sync_files::decode;

/// The text in a file.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path)?;
    Ok(decode(&bytes).into_owned())
}
