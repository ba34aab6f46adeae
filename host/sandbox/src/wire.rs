//! Between the types that wasmtime generates for the border of the sandbox and those that the rest of the program has
//! in common with the components: the same WIT, and the same fields.

use intune_sync_wit as sync;

use crate::bindings::wire;

/// Writes the conversion of a record, field by field.
macro_rules! record {
    ($from:ident :: $name:ident => $to:ident { $($field:ident),* $(,)? }) => {
        impl From<$from::$name> for $to::$name {
            fn from($from::$name { $($field),* }: $from::$name) -> Self {
                Self { $($field: $field.into()),* }
            }
        }
    };
}

/// Writes the conversion of an enum without contents.
macro_rules! words {
    ($from:ident :: $name:ident => $to:ident { $($word:ident),* $(,)? }) => {
        impl From<$from::$name> for $to::$name {
            fn from(word: $from::$name) -> Self {
                match word { $($from::$name::$word => Self::$word),* }
            }
        }
    };
}

words!(sync::Purpose => wire { Sync, Plan });
words!(sync::Dispatch => wire { Single, Batch, Bulk });
words!(sync::Pace => wire { Fixed, Quota });
words!(sync::Order => wire { Listed, Stalest });
record!(sync::Guid => wire { hi, lo });
record!(wire::Guid => sync { hi, lo });
record!(sync::Settings => wire {
    graph_root,
    scope,
    purpose,
    batch_size,
    batch_delay,
    max_retries,
    initial_backoff,
    dispatch,
    pace,
    ceiling,
    selection,
    started_at,
    seed,
});

impl From<sync::Selection> for wire::Selection {
    fn from(selection: sync::Selection) -> Self {
        let sync::Selection {
            os,
            compliance,
            owner,
            agent,
            category,
            name,
            stale_for,
            devices,
            limit,
            order,
            include_unsupported,
        } = selection;
        Self {
            os,
            compliance,
            owner,
            agent,
            category,
            name,
            stale_for,
            devices: devices.into_iter().map(Into::into).collect(),
            limit,
            order: order.into(),
            include_unsupported,
        }
    }
}

record!(wire::Event => sync { at, kind });
record!(wire::Listed => sync { pages, devices });
record!(wire::Incomplete => sync { listed, counted });
record!(wire::GroupCount => sync { label, devices });
record!(wire::Batch => sync { number, of, first, last, total });
record!(wire::DeviceDone => sync { id, name, attempts, outcome });
record!(wire::Failure => sync { status, code, message, request_id, client_request_id });
record!(wire::Throttled => sync { wait, named, status });
record!(wire::Problem => sync { message, hint });
record!(wire::Summary => sync {
    total,
    success,
    error,
    skipped,
    gone,
    pending,
    batches,
    retries,
    throttled,
    requests,
    duration,
    status,
});

impl From<wire::Plan> for sync::Plan {
    fn from(plan: wire::Plan) -> Self {
        let wire::Plan {
            listed,
            total,
            to_sync,
            skipped,
            platforms,
            batches,
            requests,
            expected,
        } = plan;
        Self {
            listed,
            total,
            to_sync,
            skipped: skipped.into_iter().map(Into::into).collect(),
            platforms: platforms.into_iter().map(Into::into).collect(),
            batches,
            requests,
            expected,
        }
    }
}

impl From<wire::EventKind> for sync::EventKind {
    fn from(kind: wire::EventKind) -> Self {
        match kind {
            wire::EventKind::Listed(listed) => Self::Listed(listed.into()),
            wire::EventKind::Incomplete(incomplete) => Self::Incomplete(incomplete.into()),
            wire::EventKind::Planned(plan) => Self::Planned(plan.into()),
            wire::EventKind::BatchStarted(batch) => Self::BatchStarted(batch.into()),
            wire::EventKind::BatchFinished(batch) => Self::BatchFinished(batch.into()),
            wire::EventKind::DeviceDone(device) => Self::DeviceDone(device.into()),
            wire::EventKind::Throttled(throttled) => Self::Throttled(throttled.into()),
            wire::EventKind::Retrying(retrying) => Self::Retrying(retrying.into()),
            wire::EventKind::TokenRenewed => Self::TokenRenewed,
            wire::EventKind::Notice(text) => Self::Notice(text),
        }
    }
}

impl From<wire::Retrying> for sync::Retrying {
    fn from(retrying: wire::Retrying) -> Self {
        let what = match retrying.what {
            wire::Retried::List => sync::Retried::List,
            wire::Retried::Sync => sync::Retried::Sync,
            wire::Retried::Batch => sync::Retried::Batch,
        };
        Self {
            what,
            devices: retrying.devices,
            status: retrying.status,
            code: retrying.code,
            wait: retrying.wait,
        }
    }
}

impl From<wire::Outcome> for sync::Outcome {
    fn from(outcome: wire::Outcome) -> Self {
        match outcome {
            wire::Outcome::Accepted => Self::Accepted,
            wire::Outcome::Gone => Self::Gone,
            wire::Outcome::Skipped(reason) => Self::Skipped(reason),
            wire::Outcome::Failed(failure) => Self::Failed(failure.into()),
        }
    }
}

impl From<wire::RunStatus> for sync::RunStatus {
    fn from(status: wire::RunStatus) -> Self {
        match status {
            wire::RunStatus::Running => Self::Running,
            wire::RunStatus::Completed => Self::Completed,
            wire::RunStatus::Stopped => Self::Stopped,
            wire::RunStatus::Interrupted(problem) => Self::Interrupted(problem.into()),
            wire::RunStatus::NotAuthorized(problem) => Self::NotAuthorized(problem.into()),
            wire::RunStatus::Failed(problem) => Self::Failed(problem.into()),
        }
    }
}
