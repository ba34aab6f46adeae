//! The file of `--log-file`.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use intune_sync_settings::Advice;

/// A file that lines are appended to.
pub(super) struct LogFile {
    file: File,
    path: PathBuf,
}

impl LogFile {
    /// Opens a file, or creates one that only its owner can read: the names of devices are in it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, Advice> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(file) => Ok(Self {
                file,
                path: path.to_owned(),
            }),
            Err(error) => Err(Advice::new(
                format!(
                    "the log file `{}` cannot be written: {error}",
                    path.display()
                ),
                "nothing was sent; give `--log-file` a file that you can write to",
            )),
        }
    }

    /// Appends a line; returns what went wrong.
    pub(super) fn append(&mut self, line: &str) -> Option<Advice> {
        let written = self.write(line);
        let error = written.err()?;
        Some(Advice::new(
            format!(
                "the log file `{}` can no longer be written: {error}",
                self.path.display()
            ),
            "the run goes on without it",
        ))
    }

    /// One write for each line, so that the lines of two runs do not mix.
    fn write(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}
