//! The flags that take one of a few words.

use clap::ValueEnum;

pub(super) use intune_sync_settings::{DispatchKind, OrderKind, PaceKind};

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

/// A flag's value as it is written.
pub(super) fn word(kind: &impl ValueEnum) -> String {
    kind.to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}
