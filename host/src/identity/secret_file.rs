//! Files with secrets in them: a token, a client secret, an assertion, a private key, the address of a webhook.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use intune_sync_identity::{MAX_TOKEN_BYTES, Secret};
use intune_sync_settings::Advice;

/// A file with something secret in it, read again whenever it is needed. `-` is standard input.
pub(super) struct PrivateFile {
    path: PathBuf,
    /// The largest that is taken, in bytes.
    most: usize,
    /// What standard input or a pipe held: it can be read only once.
    piped: Option<Vec<u8>>,
}

/// A file that holds one secret, read again whenever it is needed.
pub(crate) struct SecretFile(PrivateFile);

impl PrivateFile {
    /// Checks that the file can be read.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words that begin with its name.
    pub(super) fn open(path: &Path, most: usize) -> Result<Self, String> {
        let mut file = Self {
            path: path.to_owned(),
            most,
            piped: None,
        };
        let content = file.read()?;
        let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        file.piped = (is_standard_input(path) || !is_file).then_some(content);
        Ok(file)
    }

    /// What it holds now.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(super) fn read(&self) -> Result<Vec<u8>, String> {
        if let Some(content) = &self.piped {
            return Ok(content.clone());
        }
        let mut bytes = Vec::new();
        let most = self.most as u64 + 1;
        let read = match is_standard_input(&self.path) {
            true => io::stdin().lock().take(most).read_to_end(&mut bytes),
            false => {
                File::open(&self.path).and_then(|file| file.take(most).read_to_end(&mut bytes))
            }
        };
        match read {
            Err(error) => Err(self.problem(format_args!("cannot be read: {error}"))),
            Ok(_) if bytes.len() > self.most => {
                Err(self.problem(format_args!("is larger than {} KiB", self.most >> 10)))
            }
            Ok(_) => Ok(bytes),
        }
    }

    /// A warning where every user of this machine can read or replace it; `what` is what the file is to the user. A
    /// group may: that is how a service is given a secret.
    pub(super) fn warning(&self, what: &str) -> Option<Advice> {
        let mode = mode(&self.path).filter(|mode| mode & 0o006 != 0)?;
        let path = self.path.display();
        Some(Advice::new(
            format!(
                "the {what} `{path}` is open to every user of this machine: its mode is {mode:04o}"
            ),
            format!(
                "`chmod 600 {path}` leaves it to its owner; in a Kubernetes volume, set `defaultMode: 0400`"
            ),
        ))
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        match is_standard_input(&self.path) {
            true => "standard input".to_owned(),
            false => format!("`{}`", self.path.display()),
        }
    }

    /// A sentence that begins with its name.
    pub(super) fn problem(&self, problem: impl std::fmt::Display) -> String {
        format!("{} {problem}", self.name())
    }
}

impl SecretFile {
    /// Checks that the file can be read and holds what can be a secret.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words that begin with its name.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let file = Self(PrivateFile::open(path, MAX_TOKEN_BYTES)?);
        file.read()?;
        Ok(file)
    }

    /// The secret that it holds now.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) fn read(&self) -> Result<Secret, String> {
        let bytes = self.0.read()?;
        let text = str::from_utf8(&bytes).map_err(|_| self.0.problem("is not ASCII text"))?;
        // Some editors and shells begin a text file with a byte order mark, and `az` puts a text into quotes unless it
        // is asked for `tsv`. Neither is part of a secret of Entra ID's.
        let text = text.trim_start_matches('\u{feff}').trim();
        let bare = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        Secret::parse(bare.unwrap_or(text)).map_err(|error| self.0.problem(error))
    }

    /// A warning where every user of this machine can read or replace it; `what` is what the file is to the user.
    pub(crate) fn warning(&self, what: &str) -> Option<Advice> {
        self.0.warning(what)
    }

    /// What it is called in messages.
    pub(crate) fn name(&self) -> String {
        self.0.name()
    }
}

/// The permissions of a file; `None` for what is not one, and on systems that have others.
fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(path).ok()?;
        let is_file = metadata.is_file() && !is_standard_input(path);
        is_file.then(|| metadata.permissions().mode() & 0o777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn what_every_user_can_read_or_replace_is_warned_of() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "abc").expect("written");
        let warning = |mode| {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
            let file = SecretFile::open(&path).expect("a secret");
            file.warning("token file")
        };
        for mode in [0o600, 0o400, 0o640, 0o660, 0o601] {
            assert_eq!(warning(mode), None, "{mode:o}");
        }
        for mode in [0o644, 0o604, 0o602, 0o777] {
            let warning = warning(mode).unwrap_or_else(|| panic!("{mode:o}"));
            let shown = path.display();
            assert_eq!(
                warning.message,
                format!(
                    "the token file `{shown}` is open to every user of this machine: its mode is 0{mode:o}"
                )
            );
            assert!(warning.hint.starts_with(&format!("`chmod 600 {shown}` ")));
        }
    }
}
