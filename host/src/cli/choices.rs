//! The flags that take one of a few words.

use clap::ValueEnum;

use crate::sandbox::bindings::sync;

/// What stdout gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// A summary for people
    #[default]
    Text,
    /// One JSON object at the end
    Json,
    /// A JSON object for each event, one a line, and the summary last
    Jsonl,
}

/// What stdout gets of an audit or a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A report for people
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// How the simulated tenant counts writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Limiter {
    /// From 0 in every window of 20 seconds
    Fixed,
    /// Those of the last 20 seconds
    #[default]
    Sliding,
    /// A bucket that is refilled evenly
    Bucket,
}

/// What a call of the bulk action costs in the simulated tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum BulkCost {
    /// One write a call
    Call,
    /// One write for each device in it
    #[default]
    Device,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Verbosity {
    /// Warnings and errors.
    Quiet,
    /// The log and the progress.
    #[default]
    Normal,
    /// Each page, device and retry as well.
    Verbose,
}

/// How syncs are put into requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum DispatchKind {
    /// JSON batches of 20 syncs, Graph v1.0
    #[default]
    Batch,
    /// One request for each device
    Single,
    /// The bulk action of Graph's beta, 100 devices a request; falls back to `batch` where it is refused
    Bulk,
}

/// What decides when the next device's turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum PaceKind {
    /// Batch, pause, batch
    #[default]
    Fixed,
    /// No pause: the ceiling on the rate alone
    Quota,
}

/// The order of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum OrderKind {
    /// The longest without a check-in first
    #[default]
    Stalest,
    /// As Graph lists them
    Listed,
}

/// Where tokens come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum AuthKind {
    /// The managed identity of this machine, container or app
    #[default]
    ManagedIdentity,
    /// An identity that trusts this place's issuer of tokens, as in AKS
    WorkloadIdentity,
    /// Whoever is signed in to the Azure CLI
    AzureCli,
    /// An app registration with the secret in `--client-secret-file`
    ClientSecret,
    /// The access token in the file named by `--token-file`
    TokenFile,
}

impl From<DispatchKind> for sync::Dispatch {
    fn from(kind: DispatchKind) -> Self {
        match kind {
            DispatchKind::Batch => Self::Batch,
            DispatchKind::Single => Self::Single,
            DispatchKind::Bulk => Self::Bulk,
        }
    }
}

impl From<PaceKind> for sync::Pace {
    fn from(kind: PaceKind) -> Self {
        match kind {
            PaceKind::Fixed => Self::Fixed,
            PaceKind::Quota => Self::Quota,
        }
    }
}

impl From<OrderKind> for sync::Order {
    fn from(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Stalest => Self::Stalest,
            OrderKind::Listed => Self::Listed,
        }
    }
}

/// A flag's value as it is written.
pub(super) fn word(kind: &impl ValueEnum) -> String {
    kind.to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}
