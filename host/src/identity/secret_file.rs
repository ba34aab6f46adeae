//! A file with one secret in it: a token, a client secret, an assertion.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use intune_sync_identity::{MAX_TOKEN_BYTES, Secret};

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
