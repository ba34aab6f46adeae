//! The program's exit codes and what they mean.

use std::process::ExitCode;

use intune_sync_settings::Given;
use intune_sync_wit::{RunStatus, Summary};

use crate::Stop;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All was done.
    Success = 0,
    /// The run, or another command, failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// The run finished, but some devices failed, or were not listed and that counts as a failure.
    DevicesFailed = 3,
    /// A token or a permission is missing.
    NotAuthorized = 4,
    /// The run stopped early.
    Stopped = 5,
    /// The run finished, but the selection has matched no device, and that counts as a failure.
    NothingMatched = 6,
    /// Another run of this tenant and identity goes on.
    Busy = 75,
    /// Interrupted by the user or the system.
    Interrupted = 130,
}

impl ExitStatus {
    /// All of them, by their code.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::Failed,
        Self::Usage,
        Self::DevicesFailed,
        Self::NotAuthorized,
        Self::Stopped,
        Self::NothingMatched,
        Self::Busy,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it means after `sync`, without a full stop.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "a sync was requested for every device that can sync",
            Self::Failed => "the run failed",
            Self::Usage => "wrong usage",
            Self::DevicesFailed => {
                "finished, but some devices failed, are gone, or were not listed"
            }
            Self::NotAuthorized => "not authorized: a token or a permission is missing",
            Self::Stopped => "stopped early: some devices were not reached",
            Self::NothingMatched => "no device matched the selection (with `--fail-if-none`)",
            Self::Busy => "another run of this tenant and identity goes on",
            Self::Interrupted => "interrupted by Ctrl-C, SIGTERM or SIGHUP",
        }
    }

    /// All of them with their meanings, a line each, as `--help` shows them.
    #[must_use]
    pub fn table() -> String {
        let rows = Self::ALL.map(|status| format!("  {:<3}  {}", status.code(), status.meaning()));
        rows.join("\n")
    }

    /// How a run ended: `stopped` is why its caller stopped it, if it did.
    #[must_use]
    pub fn of(summary: &Summary, stopped: Option<Stop>) -> Self {
        match &summary.status {
            RunStatus::Completed if summary.error == 0 => Self::Success,
            RunStatus::Completed => Self::DevicesFailed,
            RunStatus::Stopped if stopped == Some(Stop::Interrupted) => Self::Interrupted,
            RunStatus::Stopped | RunStatus::Interrupted(_) => Self::Stopped,
            RunStatus::NotAuthorized(_) => Self::NotAuthorized,
            // A run whose last word is that it goes on has broken.
            RunStatus::Failed(_) | RunStatus::Running => Self::Failed,
        }
    }

    /// How a run with these settings ends; `is_incomplete` says that its list of devices was.
    #[must_use]
    pub fn of_run(
        summary: &Summary,
        stopped: Option<Stop>,
        given: &Given,
        is_incomplete: bool,
    ) -> Self {
        Self::of(summary, stopped)
            .with_shortfall(given.fails_if_incomplete() && is_incomplete)
            .with_nothing(summary, given.fails_if_none())
    }
}

impl ExitStatus {
    /// The same of a run whose devices may be incomplete, where that counts as a failure.
    #[must_use]
    pub const fn with_shortfall(self, fails: bool) -> Self {
        match self {
            Self::Success if fails => Self::DevicesFailed,
            other => other,
        }
    }
}

impl ExitStatus {
    /// The same of a run that did not find this many devices which the user has named.
    #[must_use]
    pub const fn with_named_gone(self, gone: u32) -> Self {
        self.with_shortfall(gone > 0)
    }

    /// The same of a run with this summary, where a selection that matches no device counts as a failure.
    #[must_use]
    pub const fn with_nothing(self, summary: &Summary, fails: bool) -> Self {
        match self {
            Self::Success if fails && summary.total == summary.gone => Self::NothingMatched,
            other => other,
        }
    }

    /// This one, or if all was done, what came after it.
    #[must_use]
    pub const fn or(self, after: Self) -> Self {
        match self {
            Self::Success => after,
            other => other,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_code_and_a_meaning_of_its_own() {
        let codes = ExitStatus::ALL.map(ExitStatus::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 75, 130]);
        for status in ExitStatus::ALL {
            let same = |other: &&ExitStatus| other.meaning() == status.meaning();
            assert_eq!(ExitStatus::ALL.iter().filter(same).count(), 1, "{status:?}");
        }
    }
}
