//! A ZIP archive of one file, as the admin center hands one out.

use std::io;

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use rawzip::{CompressionMethod, Error, ZipArchive};

/// The most that is unpacked, in bytes.
const MAX: usize = 512 << 20;

const NOT_ONE: &str = "it does not hold exactly one file";

/// Whether these bytes begin as an archive does.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The one file in an archive; what a Mac notes of it does not count.
///
/// # Errors
///
/// Saying what is wrong with the archive.
pub(super) fn only_file(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let reason = |error: Error| error.to_string();
    let archive = ZipArchive::from_slice(bytes).map_err(reason)?;
    let mut entries = archive.entries();
    let mut only = None;
    while let Some(entry) = entries.next_entry().map_err(reason)? {
        if entry.is_dir() || entry.file_path().as_ref().starts_with(b"__MACOSX/") {
            continue;
        }
        let found = (entry.wayfinder(), entry.compression_method());
        if only.replace(found).is_some() {
            return Err(NOT_ONE.to_owned());
        }
    }
    let (wayfinder, method) = only.ok_or(NOT_ONE)?;
    let file = archive.get_entry(wayfinder).map_err(reason)?;
    let content = match method {
        CompressionMethod::STORE => file.data().to_vec(),
        CompressionMethod::DEFLATE => decompress_to_vec_with_limit(file.data(), MAX)
            .map_err(|error| format!("the file in it cannot be unpacked: {error}"))?,
        _ => return Err("the file in it is not compressed as usual".to_owned()),
    };
    // Its length and checksum are those of the archive's directory.
    io::copy(
        &mut file.verifying_reader(content.as_slice()),
        &mut io::sink(),
    )
    .map_err(|error| error.to_string())?;
    Ok(content)
}
