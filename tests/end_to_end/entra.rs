//! A tenant with its Entra ID on loopback, over TLS, and what an app proves itself with in a file.

use std::path::PathBuf;

use intune_sync_simulator::Config;
use tempfile::TempDir;

use crate::{
    program::{Finished, Program, write_secret},
    tenant::{Tenant, hurry},
    tls::{Front, TestAuthority},
};

pub(crate) struct Entra {
    pub(crate) tenant: Tenant,
    pub(crate) front: Front,
    authority: TestAuthority,
    folder: TempDir,
}

impl Entra {
    pub(crate) fn new(config: Config, secret: &str) -> Self {
        let tenant = Tenant::new(config);
        let authority = TestAuthority::new();
        let entra = Self {
            front: Front::of(&tenant, &authority, &["127.0.0.1"]),
            tenant,
            authority,
            folder: tempfile::tempdir().expect("a folder"),
        };
        write_secret(&entra.file(), secret);
        entra
    }

    /// The file with the secret.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("secret")
    }

    /// `sync` with this `--auth`; nothing says yet who the app is.
    pub(crate) fn sync(&self, auth: &str) -> Program {
        self.surround(hurry(
            Program::new().args(["sync", "--yes", "--auth", auth]),
        ))
    }

    /// `doctor` with this `--auth`.
    pub(crate) fn doctor(&self, auth: &str) -> Program {
        self.surround(Program::new().args(["doctor", "--auth", auth]))
    }

    fn surround(&self, program: Program) -> Program {
        program
            .env("INTUNE_SYNC_GRAPH_URL", &self.tenant.root())
            .env(
                "INTUNE_SYNC_CA_FILE",
                &self.authority.file().display().to_string(),
            )
            .env("AZURE_AUTHORITY_HOST", &format!("{}/", self.front.root()))
    }

    /// It ended without a token: exit code 4, an error with these words, a hint with those, nothing of Graph.
    pub(crate) fn denied(&self, finished: &Finished, words: &str, hint: &str) {
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (4, ""),
            "{finished:?}"
        );
        let (error, told) = finished.error();
        assert!(error.contains(words), "{words}: {finished:?}");
        assert!(told.contains(hint), "{hint}: {finished:?}");
        let requests = self.tenant.statistics().requests;
        assert_eq!(requests.total(), requests.identity, "nothing of Graph");
    }
}
