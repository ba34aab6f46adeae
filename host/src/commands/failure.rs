//! Why a command did not get to its work.

use std::io;

use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

use intune_sync_sandbox::SandboxError;

/// Why a command did not get to its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is wrong, and what to do about it.
    pub(crate) advice: Advice,
    /// How the program ends.
    pub(crate) status: ExitStatus,
}

impl Failure {
    /// The run failed.
    pub(crate) fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ExitStatus::Failed, Advice::new(message, hint))
    }

    /// Wrong usage: nothing was sent.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ExitStatus::Usage, Advice::new(message, hint))
    }

    /// Wrong usage, as it is already put into words.
    pub(crate) fn from_usage(advice: Advice) -> Self {
        Self::new(ExitStatus::Usage, advice)
    }

    /// The identity, or the administrator, may not do this.
    pub(crate) fn not_authorized(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ExitStatus::NotAuthorized, Advice::new(message, hint))
    }

    /// A failure that ends the program with this status.
    pub(crate) fn new(status: ExitStatus, advice: impl Into<Advice>) -> Self {
        Self {
            advice: advice.into(),
            status,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(
            format!("cannot write the output: {error}"),
            "check the disk that stdout is redirected to",
        )
    }
}

impl From<SandboxError> for Failure {
    /// The component cannot be run.
    fn from(error: SandboxError) -> Self {
        let message = error.to_string();
        match error {
            SandboxError::Read { .. } => Self::usage(
                message,
                "give `--component` a readable WebAssembly component",
            ),
            SandboxError::Bound(_) => Self::usage(
                message,
                "`intune-sync audit` lists the bounds; leave out `--component` to use the built-in component",
            ),
            // The built-in one fits.
            SandboxError::Unfit(_) => Self::usage(
                message,
                "`--component` takes a WebAssembly component that imports `intune:sync/token`, `wasi:http`, `wasi:io` \
                 and `wasi:clocks/monotonic-clock` only, and exports `intune:sync/sync`",
            ),
            SandboxError::Machine(lack) => Self::failed(message, lack.hint()),
            _ => Self::failed(
                message,
                "leave out `--component` to use the built-in component",
            ),
        }
    }
}
