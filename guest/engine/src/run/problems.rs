//! Why a run ends before its work is done, in words for the administrator: what is wrong, and what to do.

use core::time::Duration;

use intune_sync_graph::GraphError;

use crate::{contract::Problem, listing::ListingError, pacing::GaveUp};

const READ_ROLE: &str = "DeviceManagementManagedDevices.Read.All";
const SYNC_ROLE: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

/// The role that a refused request needed.
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

pub(super) fn role_missing(needed: Needed, error: &GraphError) -> Problem {
    let (deed, role) = match needed {
        Needed::Read => ("read the list of devices", READ_ROLE),
        Needed::Sync => ("sync devices", SYNC_ROLE),
    };
    problem(
        format!("the identity may not {deed} (403{})", details(error)),
        &format!(
            "grant it the application permission `{role}`; \
             Azure keeps tokens for up to 24 hours, so a new grant can take as long to show"
        ),
    )
}

pub(super) fn approval_needed(error: &GraphError) -> Problem {
    problem(
        format!(
            "Multi Admin Approval stands in the way: Intune asks for another administrator's approval{}",
            {
                let details = details(error);
                if details.is_empty() {
                    details
                } else {
                    format!(" ({})", details.trim_start_matches(", "))
                }
            }
        ),
        "add the identity's application to the Exclusions of the access policy that protects device actions \
         (Intune admin center, Tenant administration, Multi Admin Approval)",
    )
}

pub(super) fn list_failed(status: Option<u16>, error: &GraphError, attempts: u32) -> Problem {
    let hint = match status {
        Some(_) => {
            "nothing was sent to any device: run it again later, or with a larger `--max-retries`"
        }
        None => {
            "nothing was sent to any device: check the network, the proxy (`HTTPS_PROXY`) and, behind one that \
             inspects TLS, `--ca-file`"
        }
    };
    let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let times = if attempts > 1 {
        format!(" after {attempts} attempts")
    } else {
        String::new()
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
        "nothing was sent to any device: run it again, and if it stays so check `--graph-url` and what stands between",
    )
}

pub(super) fn denied(reason: &str) -> Problem {
    problem(
        format!("the host did not let a request out: {reason}"),
        "the runtime's list of allowed hosts has to name Microsoft Graph's origin",
    )
}

pub(super) fn throttled_for_too_long(why: &GaveUp) -> Problem {
    match why {
        GaveUp::TooLong(wait) => problem(
            format!(
                "Microsoft Graph asks to wait {} before the next request",
                in_words(*wait)
            ),
            "run it again after that time for the devices that are pending",
        ),
        GaveUp::NoSuccess(time) => problem(
            format!(
                "Microsoft Graph has answered nothing but 429 (too many requests) for {}",
                in_words(*time)
            ),
            "other applications use up the tenant's quota: run it again later for the devices that are pending, \
             or with a lower `--max-rate`",
        ),
    }
}

pub(super) fn nothing_succeeds() -> Problem {
    problem(
        "Microsoft Graph fails: 100 requests failed, and nothing has succeeded for 30 seconds"
            .to_owned(),
        "see Microsoft's service health, then run it again for the devices that are pending",
    )
}

fn problem(message: String, hint: &str) -> Problem {
    Problem {
        message,
        hint: hint.to_owned(),
    }
}

/// `, code: message, request-id …`, as far as there is any.
fn details(error: &GraphError) -> String {
    let mut text = String::new();
    let message = intune_sync_graph::shortened(&error.message, 300);
    match (error.code.as_str(), message) {
        ("", "") => {}
        ("", words) | (words, "") => text = format!(", {words}"),
        (code, message) => text = format!(", {code}: {message}"),
    }
    if !error.request_id.is_empty() {
        text = format!("{text}, request-id {}", error.request_id);
    }
    text
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}
