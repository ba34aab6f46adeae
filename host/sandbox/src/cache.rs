//! Where compiled code is kept: the program runs what it finds there.

use wasmtime::{Cache, CacheConfig};

/// The cache of compiled code in the user's cache folder; `None` where there is none that is the user's alone, and each
/// start compiles.
pub(crate) fn open() -> Option<Cache> {
    let mut config = CacheConfig::new();
    #[cfg(unix)]
    config.with_directory(unix::folder()?);
    Cache::new(config).ok()
}

#[cfg(unix)]
mod unix {
    use std::{
        env, fs, io,
        os::unix::fs::{DirBuilderExt, MetadataExt},
        path::{Path, PathBuf},
    };

    /// `intune-sync` in `$XDG_CACHE_HOME` or `~/.cache`. A home folder that is not there is not made.
    pub(super) fn folder() -> Option<PathBuf> {
        let set = |name: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let caches = match set("XDG_CACHE_HOME") {
            Some(caches) => caches,
            None => set("HOME").filter(|home| home.is_dir())?.join(".cache"),
        };
        let folder = caches.join("intune-sync");
        made(&caches).ok()?;
        made(&folder).ok()?;
        is_ours_alone(&folder).then_some(folder)
    }

    /// Makes a folder that no one else can enter, unless it is there.
    fn made(folder: &Path) -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    /// Whether it belongs to this user, and no one else can write to it.
    fn is_ours_alone(folder: &Path) -> bool {
        fs::symlink_metadata(folder).is_ok_and(|found| {
            let ours = found.uid() == rustix::process::geteuid().as_raw();
            found.is_dir() && ours && found.mode() & 0o022 == 0
        })
    }

    #[cfg(test)]
    mod tests {
        use std::os::unix::fs::PermissionsExt;

        use super::*;

        #[test]
        fn a_folder_that_others_can_write_to_is_not_used() {
            let base = env::temp_dir().join(format!("intune-sync-cache-{}", std::process::id()));
            made(&base).expect("it can be made");
            let folder = base.join("cache");
            made(&folder).expect("it can be made");
            made(&folder).expect("it is there");
            let mode = fs::metadata(&folder).expect("it is there").mode();
            assert_eq!(mode & 0o777, 0o700);
            assert!(is_ours_alone(&folder));
            for (mode, used) in [(0o755, true), (0o770, false), (0o702, false)] {
                let permissions = fs::Permissions::from_mode(mode);
                fs::set_permissions(&folder, permissions).expect("ours");
                assert_eq!(is_ours_alone(&folder), used, "{mode:o}");
            }
            assert!(!is_ours_alone(&base.join("nowhere")));
            fs::remove_dir_all(&base).expect("ours");
        }
    }
}
