//! Between the types that wasmtime generates for the border of the sandbox and those that the rest of the program has
//! in common with the components: the same WIT, and the same fields.

use super::bindings::{sync, wire};

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

record!(wire::Event => sync { at, happening });
record!(wire::Listed => sync { pages, devices });
record!(wire::Tally => sync { label, devices });
record!(wire::Batch => sync { number, of, first, last, total });
record!(wire::DeviceDone => sync { id, name, attempts, outcome });
record!(wire::Failure => sync { status, code, message, request_id, client_request_id });
record!(wire::Throttled => sync { wait, named, status });
record!(wire::Retrying => sync { what, devices, status, code, wait });
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
    standing,
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

impl From<wire::Happening> for sync::Happening {
    fn from(happening: wire::Happening) -> Self {
        match happening {
            wire::Happening::Listed(listed) => Self::Listed(listed.into()),
            wire::Happening::Planned(plan) => Self::Planned(plan.into()),
            wire::Happening::BatchStarted(batch) => Self::BatchStarted(batch.into()),
            wire::Happening::BatchFinished(batch) => Self::BatchFinished(batch.into()),
            wire::Happening::DeviceDone(device) => Self::DeviceDone(device.into()),
            wire::Happening::Throttled(throttled) => Self::Throttled(throttled.into()),
            wire::Happening::Retrying(retrying) => Self::Retrying(retrying.into()),
            wire::Happening::TokenRenewed => Self::TokenRenewed,
            wire::Happening::Notice(text) => Self::Notice(text),
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

impl From<wire::Standing> for sync::Standing {
    fn from(standing: wire::Standing) -> Self {
        match standing {
            wire::Standing::Running => Self::Running,
            wire::Standing::Completed => Self::Completed,
            wire::Standing::Stopped => Self::Stopped,
            wire::Standing::Interrupted(problem) => Self::Interrupted(problem.into()),
            wire::Standing::NotAuthorized(problem) => Self::NotAuthorized(problem.into()),
            wire::Standing::Failed(problem) => Self::Failed(problem.into()),
        }
    }
}
