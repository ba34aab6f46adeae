//! The files under test.

use std::path::{Path, PathBuf};

pub(crate) use intune_sync_composed::{JOB, SERVICE};

/// The folder of the repository.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
