//! `--devices-from`: reads the file, or standard input.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use intune_sync_ids::Guid;
use intune_sync_settings::Advice;

/// The ids in the file, in its order; `-` is standard input.
///
/// # Errors
///
/// A file that cannot be read, that holds no device, or a line that is not a device id: the message names it.
pub(in crate::cli) fn read(path: &Path) -> Result<Vec<Guid>, Advice> {
    let (name, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        ("standard input".to_owned(), read.map(|_| bytes))
    } else {
        (format!("`{}`", path.display()), fs::read(path))
    };
    let bytes = bytes.map_err(|error| {
        Advice::new(
            format!("{name} cannot be read: {error}"),
            "`--devices-from` takes a file with one device id a line, or `-` for standard input",
        )
    })?;
    intune_sync_files::devices::parse(bytes, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(Path::new("/nowhere/ids.txt")).expect_err("there is no such file");
        assert!(
            error
                .message
                .starts_with("`/nowhere/ids.txt` cannot be read: "),
            "{error}"
        );
        assert!(read(Path::new("/")).is_err());
    }
}
