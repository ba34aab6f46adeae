//! The state directory: where the history and the locks of runs are.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::{Error, Problem};

/// The directory of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
    /// The user has named it.
    named: bool,
}

impl StateDir {
    /// A directory that the user has named.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            named: true,
        }
    }

    /// The directory that this system has for state: `$XDG_STATE_HOME/intune-sync`, which is
    /// `~/.local/state/intune-sync` by default, or `%LOCALAPPDATA%\intune-sync`.
    ///
    /// # Errors
    ///
    /// When the variables that say where are not set.
    pub fn of_system(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let absolute = |name: &str| {
            set(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let state = if cfg!(windows) {
            absolute("LOCALAPPDATA")
        } else {
            absolute("XDG_STATE_HOME")
                .or_else(|| absolute("HOME").map(|home| home.join(".local").join("state")))
        };
        state
            .map(|state| Self {
                path: state.join("intune-sync"),
                named: false,
            })
            .ok_or_else(|| Error::new(Path::new(""), Problem::Homeless))
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory, if the user has named it. A command that is to find the same history must name it too.
    #[must_use]
    pub fn named(&self) -> Option<&Path> {
        self.named.then_some(&*self.path)
    }

    /// The file of the history.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.path.join("history.db")
    }

    /// Creates the directory, which only its owner can enter. One that exists is left as it is.
    pub(crate) fn create(&self) -> Result<(), Error> {
        if self.path.is_dir() {
            return Ok(());
        }
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.path)
            .map_err(|error| Error::io(&self.path, &error))
    }

    /// Whether it is on a network share, where SQLite cannot share memory between programs.
    pub(crate) fn is_shared(&self) -> bool {
        is_network_share(&self.path)
    }
}

/// Opens a file for reading and writing that only its owner can read; creates it if there is none.
pub(crate) fn create_private(path: &Path) -> Result<fs::File, Error> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(path)
        .map_err(|error| Error::io(path, &error))?;
    #[cfg(unix)]
    keep_private(&file);
    Ok(file)
}

/// Takes the permissions of all others away. Only the owner can; for anyone else they stay as the owner has set them.
#[cfg(unix)]
fn keep_private(file: &fs::File) {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(metadata) = file.metadata()
        && metadata.permissions().mode() & 0o077 != 0
    {
        let _ = file.set_permissions(fs::Permissions::from_mode(0o600));
    }
}

/// The file systems of network shares, by what `statfs` returns.
#[cfg(target_os = "linux")]
fn is_network_share(path: &Path) -> bool {
    const NFS: u64 = 0x6969;
    const SMB: u64 = 0x517b;
    const SMB2: u64 = 0xfe53_4d42;
    const CIFS: u64 = 0xff53_4d42;
    const FUSE: u64 = 0x6573_5546;
    const CEPH: u64 = 0x00c3_6400;
    const AFS: u64 = 0x5346_414f;
    const PLAN_9: u64 = 0x0102_1997;
    let kind = rustix::fs::statfs(path).map(|status| status.f_type as u64 & 0xffff_ffff);
    kind.is_ok_and(|kind| [NFS, SMB, SMB2, CIFS, FUSE, CEPH, AFS, PLAN_9].contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn is_network_share(path: &Path) -> bool {
    let path = path.to_string_lossy();
    path.starts_with(r"\\") && !path.starts_with(r"\\?\") || path.starts_with(r"\\?\UNC\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn the_system_has_a_place_for_state() {
        let place = |variables: &[(&str, &str)]| {
            let of = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            };
            StateDir::of_system(of).map(|place| place.file()).ok()
        };
        let file = |path: &str| Some(PathBuf::from(path));
        assert_eq!(
            place(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]),
            file("/s/intune-sync/history.db")
        );
        let home = file("/h/.local/state/intune-sync/history.db");
        assert_eq!(place(&[("HOME", "/h")]), home);
        // The specification: a relative path is ignored.
        assert_eq!(place(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]), home);
        assert_eq!(place(&[("XDG_STATE_HOME", ""), ("HOME", "/h")]), home);
        assert_eq!(place(&[("HOME", "")]), None);
    }
}
