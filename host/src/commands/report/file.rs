//! A file that is replaced as a whole: a reader sees the old one, or the new one.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

/// Where something is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    path: PathBuf,
    /// A pipe or a device cannot be replaced: it is written to.
    is_special: bool,
}

impl Target {
    /// A file at this path, which can be written as far as can be known now.
    ///
    /// # Errors
    ///
    /// When it cannot.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let special = |path: &Path| Self {
            path: path.to_owned(),
            is_special: true,
        };
        let target = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "this is a directory",
                ));
            }
            Ok(found) if !found.is_file() => return Ok(special(path)),
            // Of a link, what it leads to is replaced.
            Ok(_) => Self {
                path: fs::canonicalize(path)?,
                is_special: false,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self {
                path: path.to_owned(),
                is_special: false,
            },
            Err(error) => return Err(error),
        };
        target.temporary().map(|_| target)
    }

    /// Whether what is written stays, as in a pipe.
    pub(super) const fn is_special(&self) -> bool {
        self.is_special
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or `fill` fails. What was there stays.
    pub(super) fn write<E: From<io::Error>>(
        &self,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_special {
            let mut output = BufWriter::new(fs::OpenOptions::new().write(true).open(&self.path)?);
            fill(&mut output)?;
            return Ok(output.flush()?);
        }
        let mut output = BufWriter::new(self.temporary()?);
        fill(&mut output)?;
        let file = output
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// A file next to it, which takes its name once it is complete.
    fn temporary(&self) -> io::Result<NamedTempFile> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let missing = format!("there is no directory `{}`", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, missing));
        }
        let mut builder = Builder::new();
        builder.prefix(".intune-sync-").suffix(".part");
        // As of any file that a command is told to write: who may read it is up to the umask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it is there");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("it is there")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_or_stays() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("page.html");
        let target = Target::at(&path).expect("it can be written");
        assert_eq!(names(folder.path()), [""; 0]);
        target
            .write(|output| output.write_all(b"old"))
            .expect("it is written");
        let broken = target.write(|output| {
            output.write_all(b"new")?;
            output.flush()?;
            Err(io::Error::other("the source breaks off"))
        });
        broken.expect_err("it breaks off");
        assert_eq!(fs::read(&path).expect("it is there"), b"old");
        target
            .write(|output| output.write_all(b"new"))
            .expect("it is written");
        assert_eq!(fs::read(&path).expect("it is there"), b"new");
        assert_eq!(names(folder.path()), ["page.html"]);
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let folder = tempfile::tempdir().expect("a directory");
        let error = |path: &Path| {
            Target::at(path)
                .expect_err("it cannot be written")
                .to_string()
        };
        assert_eq!(error(folder.path()), "this is a directory");
        let missing = folder.path().join("none");
        assert_eq!(
            error(&missing.join("page.html")),
            format!("there is no directory `{}`", missing.display())
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_to_and_a_link_stays_one() {
        let null = Target::at(Path::new("/dev/null")).expect("it can be written");
        null.write(|output| output.write_all(b"x"))
            .expect("it is written");
        assert!(!fs::metadata("/dev/null").expect("it is there").is_file());

        let folder = tempfile::tempdir().expect("a directory");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").expect("it is ours");
        std::os::unix::fs::symlink(&file, &link).expect("it is ours");
        let target = Target::at(&link).expect("it can be written");
        target
            .write(|output| output.write_all(b"new"))
            .expect("it is written");
        assert!(
            fs::symlink_metadata(&link)
                .expect("it is there")
                .is_symlink()
        );
        assert_eq!(fs::read(&file).expect("it is there"), b"new");
    }
}
