//! The checks that take a token to Graph: whether a page of devices can be read, and a device synced.

use intune_sync_egress::{Bearer, doctor::Call};
use intune_sync_graph::{
    Missing, Page, Requested, Verdict, approval, judge,
    roles::{PRIVILEGED_OPERATIONS as SYNC, READ},
};
use intune_sync_ids::Guid;

use super::{
    graph_client::{GraphClient, unavailable},
    step::{Cause, Finding, Outcome},
    token::Permits,
};
use crate::graph::GraphResponse;

/// Reads a page.
pub(super) async fn page(graph: &GraphClient<Bearer>, permits: Permits, remedy: &str) -> Outcome {
    let response = match graph.send(Call::Page).await {
        Ok(response) => response,
        Err(error) => return Outcome::Failed(graph.explain(&error)),
    };
    match judged(Requested::Page, &response) {
        Verdict::Success => match Page::read(&response.body) {
            Some(page) if page.value.is_empty() => {
                Outcome::Passed("the list can be read; it is empty".into())
            }
            Some(_) => Outcome::Passed("the list can be read".into()),
            None => Outcome::Failed(unreadable(&response)),
        },
        verdict => Outcome::Failed(refused(
            verdict,
            &response,
            ("read devices", READ),
            permits,
            remedy,
        )),
    }
}

/// Requests one sync.
pub(super) async fn sync(
    graph: &GraphClient<Bearer>,
    device: Guid,
    permits: Permits,
    remedy: &str,
) -> Outcome {
    let response = match graph.send(Call::Sync(device)).await {
        Ok(response) => response,
        Err(error) => return Outcome::Failed(graph.explain(&error)),
    };
    let error = response.error();
    match judged(Requested::Single, &response) {
        Verdict::Success => Outcome::Passed(format!("Intune accepted a sync of `{device}`")),
        Verdict::NotFound => Outcome::Failed(Finding::new(
            Cause::UnknownDevice,
            format!("Intune does not know the device `{device}` ({error})"),
            "`--probe` takes the Intune device id of a device that is enrolled, not its Entra device id and not its name",
        )),
        Verdict::Rejected if error.is_graphs() && response.status.is_client_error() => {
            Outcome::Failed(Finding::new(
                Cause::DeviceRefused,
                format!("Intune refuses a sync of the device `{device}` ({error})"),
                "name another device by `--probe`: one of Windows, macOS, iOS or Android that Intune manages",
            ))
        }
        verdict => Outcome::Failed(refused(
            verdict,
            &response,
            ("sync devices", SYNC),
            permits,
            remedy,
        )),
    }
}

fn judged(requested: Requested, response: &GraphResponse) -> Verdict {
    judge(requested, response.status.as_u16(), &response.error().error)
}

/// The finding for a refusal that does not concern one device. `action` is what was tried, and the role for it.
fn refused(
    verdict: Verdict,
    response: &GraphResponse,
    (action, role): (&str, &str),
    permits: Permits,
    remedy: &str,
) -> Finding {
    let error = response.error();
    match verdict {
        Verdict::NotAuthorized(Missing::Approval) => Finding::new(
            Cause::ApprovalNeeded,
            approval::blocked(&error.to_string()),
            approval::HINT,
        ),
        Verdict::TokenRefused => Finding::new(
            Cause::TokenRefused,
            format!("Microsoft Graph refuses the token ({error})"),
            "the identity may be disabled, or the token revoked or of another cloud: check the tenant's sign-in log \
             and `--cloud`",
        ),
        // A proxy or a firewall on the way has said so.
        Verdict::Transient if response.status.as_u16() == 403 => unreadable(response),
        Verdict::NotAuthorized(Missing::Role) if error.is_graphs() => match permits {
            Permits::Delegated => Finding::new(
                Cause::RoleMissing,
                format!("the signed-in user may not {action} ({error})"),
                "give the user an Intune role that may, or sign in as an application",
            ),
            Permits::Application => Finding::new(
                Cause::RoleMissing,
                format!(
                    "the identity may not {action}, though its token has the permission ({error})"
                ),
                "the grant may have been revoked since, or the tenant has no Intune licence: see the message, and \
                 the identity's permissions in the Entra admin center",
            ),
            Permits::Unknown => Finding::new(
                Cause::RoleMissing,
                format!("the identity may not {action}: `{role}` is missing ({error})"),
                remedy,
            ),
        },
        Verdict::Throttled | Verdict::Transient => unavailable(response),
        _ if response.status.is_server_error() => unavailable(response),
        _ if error.is_graphs() => Finding::new(
            Cause::RequestRefused,
            format!("Microsoft Graph refuses to {action} ({error})"),
            "see its message: the tenant may have no Intune licence; if it says nothing that helps, report this with \
             the request id",
        ),
        _ => unreadable(response),
    }
}

fn unreadable(response: &GraphResponse) -> Finding {
    Finding::new(
        Cause::NotGraph,
        format!(
            "the response does not look like Microsoft Graph's ({})",
            response.error()
        ),
        "check `--graph-url` and the proxy",
    )
}
