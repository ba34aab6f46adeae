//! Where the agent of Azure Arc puts its keys: files that only some users of the machine can read.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use intune_sync_identity::{Secret, TokenError};

/// The largest key that is taken, as in Azure's own SDKs.
const MOST: u64 = 4096;

/// The only folder that a key is read from. Without that, anything that listens where the agent does could have any
/// file of this machine sent to it.
#[derive(Debug, Clone)]
pub(super) struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The agent's folder on this system.
    pub(super) fn of_agent() -> Self {
        #[cfg(windows)]
        let folder = variable("ProgramData").join("AzureConnectedMachineAgent\\Tokens");
        #[cfg(not(windows))]
        let folder = PathBuf::from("/var/opt/azcmagent/tokens");
        Self(folder)
    }

    #[cfg(test)]
    pub(super) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Reads the key in a file that the agent has named.
    ///
    /// # Errors
    ///
    /// When the file is not one of the agent's keys, or cannot be read.
    pub(super) fn read(&self, named: &str) -> Result<Secret, TokenError> {
        let path = Path::new(named);
        if path.parent() != Some(&self.0)
            || path.extension().is_none_or(|extension| extension != "key")
        {
            return Err(self.refused(named, "it is not a `.key` file in the agent's folder"));
        }
        let unreadable = |error: std::io::Error| {
            TokenError::denied(
                format!(
                    "the key of Azure Arc in `{}` cannot be read: {error}",
                    shown(named)
                ),
                "add the user of this program to the group `himds` (on Windows: `Hybrid agent extension applications`), \
                 and start it anew",
            )
        };
        let metadata = std::fs::symlink_metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(self.refused(named, "it is a link, or not a file"));
        }
        if metadata.len() > MOST {
            return Err(self.refused(named, "it is larger than 4096 bytes"));
        }
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MOST).read_to_string(&mut text))
            .map_err(unreadable)?;
        Secret::parse(text.trim())
            .map_err(|problem| self.refused(named, &format!("its content {problem}")))
    }

    fn refused(&self, named: &str, why: &str) -> TokenError {
        TokenError::denied(
            format!(
                "the endpoint of Azure Arc asks for the content of `{}`, which is not sent: {why}",
                shown(named)
            ),
            format!(
                "check what listens at `IDENTITY_ENDPOINT`: the agent keeps its keys in `{}`",
                self.0.display()
            ),
        )
    }
}

/// Whether the agent is installed. Azure's own SDKs look for the same file.
pub(super) fn agent_is_installed() -> bool {
    #[cfg(windows)]
    let agent = variable("ProgramFiles").join("AzureConnectedMachineAgent\\himds.exe");
    #[cfg(not(windows))]
    let agent = Path::new("/opt/azcmagent/bin/himds");
    agent.exists()
}

#[cfg(windows)]
fn variable(name: &str) -> PathBuf {
    std::env::var_os(name).unwrap_or_default().into()
}

/// A path that something else has named, as a message shows it.
fn shown(named: &str) -> String {
    named.escape_default().take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_key_in_the_folder_is_read() {
        let outer = tempfile::tempdir().expect("a folder");
        let tokens = outer.path().join("tokens");
        fs::create_dir_all(tokens.join("deeper.key")).expect("created");
        let folder = KeyFolder::at(&tokens);
        let write = |name: &str, content: &[u8]| {
            let path = outer.path().join(name);
            fs::write(&path, content).expect("written");
            path.display().to_string()
        };
        let good = write("tokens/a.key", b"s3cret-key\r\n");
        let key = folder.read(&good).expect("a key");
        assert_eq!(key.expose(), "s3cret-key");
        let largest = write("tokens/large.key", &[b'a'; 4096]);
        assert!(folder.read(&largest).is_ok());

        let tokens = tokens.display();
        let outside = write("outside.key", b"s3cret-file");
        for (named, why) in [
            (outside, "not a `.key` file in"),
            (format!("{tokens}/../outside.key"), "not a `.key` file in"),
            (format!("{tokens}/deeper.key/x.key"), "not a `.key` file in"),
            (format!("{tokens}/deeper.key"), "a link, or not a file"),
            (
                write("tokens/a.txt", b"s3cret-file"),
                "not a `.key` file in",
            ),
            (write("tokens/key", b"s3cret-file"), "not a `.key` file in"),
            ("a.key".to_owned(), "not a `.key` file in"),
            (String::new(), "not a `.key` file in"),
            (
                write("tokens/big.key", &[b'a'; 4097]),
                "larger than 4096 bytes",
            ),
            (write("tokens/empty.key", b"\n"), "its content is empty"),
            (
                write("tokens/two.key", b"s3cret a"),
                "its content contains a space",
            ),
        ] {
            let error = folder.read(&named).expect_err("refused");
            assert!(error.message.contains(why), "{named}: {error}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        let missing = folder
            .read(&format!("{tokens}/missing.key"))
            .expect_err("missing");
        assert!(missing.message.contains("cannot be read"), "{missing}");
        assert!(missing.hint.contains("`himds`"), "{}", missing.hint);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let outer = tempfile::tempdir().expect("a folder");
        let tokens = outer.path().join("tokens");
        fs::create_dir(&tokens).expect("created");
        let outside = outer.path().join("outside.key");
        fs::write(&outside, "s3cret").expect("written");
        let link = tokens.join("link.key");
        std::os::unix::fs::symlink(&outside, &link).expect("linked");
        let error = KeyFolder::at(&tokens).read(&link.display().to_string());
        let error = error.expect_err("refused");
        assert!(
            error.message.ends_with("it is a link, or not a file"),
            "{error}"
        );
    }
}
