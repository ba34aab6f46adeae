//! Why a run ends early, in words for the administrator: the problem, and the next step.

use core::time::Duration;

use intune_sync_graph::{GraphError, Missing, approval, roles};

use crate::{contract::Problem, devices::ListingError, pacing::GaveUp};

/// What a refused request was to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Needed {
    Read,
    Sync,
}

pub(super) fn no_token(reason: &str) -> Problem {
    problem(
        format!("there is no token for Microsoft Graph: {reason}"),
        "check the identity that the run signs in with (`--auth`)",
    )
}

pub(super) fn token_refused(error: &GraphError) -> Problem {
    problem(
        format!(
            "Microsoft Graph refused a token again right after it was renewed (401{})",
            details(error)
        ),
        "the identity may be disabled or of another cloud: check the sign-in log of the tenant and `--cloud`",
    )
}

/// Nothing of the kind will succeed with this identity.
pub(super) fn not_authorized(missing: Missing, needed: Needed, error: &GraphError) -> Problem {
    match missing {
        Missing::Role => role_missing(needed, error),
        Missing::Approval => approval_needed(error),
    }
}

fn role_missing(needed: Needed, error: &GraphError) -> Problem {
    let details = details(error);
    let role = match needed {
        Needed::Read => roles::READ,
        Needed::Sync => roles::PRIVILEGED_OPERATIONS,
    };
    problem(
        match needed {
            Needed::Read => {
                format!("the identity may not read the list of devices (403{details})")
            }
            Needed::Sync => format!("the identity may not sync devices (403{details})"),
        },
        &format!(
            "grant it the application permission `{role}`; \
             Azure keeps tokens for up to 24 hours, so a new grant can take as long to show"
        ),
    )
}

fn approval_needed(error: &GraphError) -> Problem {
    problem(approval::blocked(&error.to_string()), approval::HINT)
}

/// `attempts` of a failure that may pass; `None` of one that will not.
pub(super) fn list_failed(
    status: Option<u16>,
    error: &GraphError,
    attempts: Option<u32>,
) -> Problem {
    let hint = match status {
        Some(_) if attempts.is_some() => {
            "nothing was sent to any device: run it again later, or with a larger `--max-retries`"
        }
        Some(_) => {
            "nothing was sent to any device, and the next run will get the same response: check `--graph-url` and the \
             proxy, and report the response with its request id"
        }
        None => {
            "nothing was sent to any device: check the network, the proxy and, behind one that inspects TLS, that its \
             certificate is trusted"
        }
    };
    let status = status.map_or_else(|| "no response".to_owned(), |status| status.to_string());
    let times = match attempts {
        Some(attempts) if attempts > 1 => format!(" after {attempts} attempts"),
        Some(_) | None => String::new(),
    };
    problem(
        format!(
            "the list of devices could not be read{times} ({status}{})",
            details(error)
        ),
        hint,
    )
}

pub(super) fn list_is_broken(error: &ListingError) -> Problem {
    problem(
        error.to_string(),
        "nothing was sent to any device: run it again; if that does not help, check `--graph-url` and the proxy",
    )
}

pub(super) fn denied(reason: &str) -> Problem {
    problem(
        format!("the host did not let a request leave: {reason}"),
        "add Microsoft Graph's origin to the runtime's list of allowed hosts",
    )
}

pub(super) fn gave_up(reason: &GaveUp) -> Problem {
    match reason {
        GaveUp::TooLong(wait) => problem(
            format!(
                "Microsoft Graph asks to wait {} before the next request",
                in_words(*wait)
            ),
            "run it again after that time for the pending devices",
        ),
        GaveUp::OnlyThrottled(time) => problem(
            format!(
                "Microsoft Graph has returned nothing but 429 (too many requests) for {}",
                in_words(*time)
            ),
            "other applications use up the tenant's quota: run it again later for the pending devices, \
             or with a lower `--max-rate`",
        ),
        GaveUp::NothingSucceeds(time) => problem(
            format!(
                "Microsoft Graph fails: nothing has succeeded for {}",
                in_words(*time)
            ),
            "check Microsoft's service health, then run it again for the pending devices",
        ),
    }
}

fn problem(message: String, hint: &str) -> Problem {
    Problem {
        message,
        hint: hint.to_owned(),
    }
}

/// `, code: message, request-id …`, without those that are empty.
fn details(error: &GraphError) -> String {
    match error.to_string() {
        known if known.is_empty() => known,
        known => format!(", {known}"),
    }
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use intune_sync_settings::{Advice, Setting};

    use super::*;

    /// Components have variables instead of flags, and the runtime's proxy and certificates.
    #[test]
    fn a_component_can_say_each_of_them_by_its_variables() {
        let error = GraphError::default();
        let minute = Duration::from_secs(60);
        let mut named = 0;
        for problem in [
            no_token("x"),
            token_refused(&error),
            not_authorized(Missing::Role, Needed::Read, &error),
            not_authorized(Missing::Role, Needed::Sync, &error),
            not_authorized(Missing::Approval, Needed::Sync, &error),
            list_failed(Some(500), &error, Some(2)),
            list_failed(Some(404), &error, None),
            list_failed(None, &error, Some(1)),
            list_is_broken(&ListingError::Loop(1)),
            denied("x"),
            gave_up(&GaveUp::TooLong(minute)),
            gave_up(&GaveUp::OnlyThrottled(minute)),
            gave_up(&GaveUp::NothingSucceeds(minute)),
        ] {
            let advice = Advice::new(problem.message, problem.hint).by_variables();
            let text = format!("{}; {}", advice.message, advice.hint);
            assert!(!text.contains("`--"), "{text}");
            assert!(!text.contains("HTTPS_PROXY"), "{text}");
            for name in text
                .split('`')
                .filter(|name| name.starts_with("INTUNE_SYNC_"))
            {
                let name = name.split('=').next().unwrap_or_default();
                assert!(
                    Setting::all().any(|setting| setting.variable() == name),
                    "{text}"
                );
                named += 1;
            }
        }
        assert!(named > 3, "{named}");
    }
}
