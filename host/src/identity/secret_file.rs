//! A file with one secret in it: a token, a client secret, an assertion.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use intune_sync_identity::{MAX_TOKEN_BYTES, Secret};
use intune_sync_settings::Advice;

/// A file that holds one secret, read again whenever it is needed.
pub(super) struct SecretFile {
    path: PathBuf,
    /// What standard input or a pipe held: it can be read only once.
    piped: Option<Secret>,
}

impl SecretFile {
    /// Checks that the file can be read and holds what can be a secret. `-` is standard input.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words that begin with its name.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let secret = read(path)?;
        let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        Ok(Self {
            path: path.to_owned(),
            piped: (is_standard_input(path) || !is_file).then_some(secret),
        })
    }

    /// The secret that it holds now.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(super) fn read(&self) -> Result<Secret, String> {
        match &self.piped {
            Some(secret) => Ok(secret.clone()),
            None => read(&self.path),
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
        name(&self.path)
    }
}

fn name(path: &Path) -> String {
    match is_standard_input(path) {
        true => "standard input".to_owned(),
        false => format!("`{}`", path.display()),
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

fn read(path: &Path) -> Result<Secret, String> {
    let mut bytes = Vec::new();
    let most = MAX_TOKEN_BYTES as u64 + 1;
    let read = match is_standard_input(path) {
        true => io::stdin().lock().take(most).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)),
    };
    let secret = match (read, str::from_utf8(&bytes)) {
        (Err(error), _) => Err(format!("cannot be read: {error}")),
        _ if bytes.len() > MAX_TOKEN_BYTES => Err("is larger than 16 KiB".to_owned()),
        (_, Err(_)) => Err("is not ASCII text".to_owned()),
        // Some editors and shells begin a text file with a byte order mark, and `az` puts a text into quotes unless it is
        // asked for `tsv`. Neither is part of a secret of Entra ID's.
        (_, Ok(text)) => {
            let text = text.trim_start_matches('\u{feff}').trim();
            let bare = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            Secret::parse(bare.unwrap_or(text)).map_err(str::to_owned)
        }
    };
    secret.map_err(|problem| format!("{} {problem}", name(path)))
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
