//! The checks that take a token to Graph: whether a page of devices can be read, and a device synced.

use http::StatusCode;
use intune_sync_egress::{Bearer, doctor::Call};
use intune_sync_graph::roles::{PRIVILEGED_OPERATIONS as SYNC, READ};
use intune_sync_ids::Guid;
use serde::Deserialize;

use super::{
    graph_client::{GraphClient, is_passing, unavailable},
    step::{Cause, Finding, Outcome},
    token::Permits,
};
use crate::graph::{ErrorResponse, GraphResponse};

/// Reads a page.
pub(super) async fn page(graph: &GraphClient<Bearer>, permits: Permits, remedy: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Page {
        value: Vec<serde_json::Value>,
    }

    let response = match graph.send(Call::Page).await {
        Ok(response) => response,
        Err(error) => return Outcome::Failed(graph.explain(&error)),
    };
    if response.status.is_success() {
        return match response.json::<Page>() {
            Some(page) if page.value.is_empty() => {
                Outcome::Passed("the list can be read; it is empty".into())
            }
            Some(_) => Outcome::Passed("the list can be read".into()),
            None => Outcome::Failed(unreadable(&response)),
        };
    }
    Outcome::Failed(refused(&response, "read devices", READ, permits, remedy))
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
    match response.status.as_u16() {
        200..=299 => Outcome::Passed(format!("Intune accepted a sync of `{device}`")),
        404 => Outcome::Failed(Finding::new(
            Cause::UnknownDevice,
            format!("Intune does not know the device `{device}` ({error})"),
            "`--probe` takes the Intune device id of a device that is enrolled, not its Entra device id and not its name",
        )),
        400 | 405 | 409 | 410 | 422 if !error.error.approval => Outcome::Failed(Finding::new(
            Cause::DeviceRefused,
            format!("Intune refuses a sync of the device `{device}` ({error})"),
            "name another device by `--probe`: one of Windows, macOS, iOS or Android that Intune manages",
        )),
        _ => Outcome::Failed(refused(&response, "sync devices", SYNC, permits, remedy)),
    }
}

/// The finding for a refusal that does not concern one device.
fn refused(
    response: &GraphResponse,
    action: &str,
    role: &str,
    permits: Permits,
    remedy: &str,
) -> Finding {
    let error = response.error();
    match response.status {
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN if error.error.approval => approval(&error),
        StatusCode::UNAUTHORIZED => Finding::new(
            Cause::TokenRefused,
            format!("Microsoft Graph refuses the token ({error})"),
            "the identity may be disabled, or the token revoked or of another cloud: check the tenant's sign-in log \
             and `--cloud`",
        ),
        StatusCode::FORBIDDEN => match permits {
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
        status if is_passing(status) => unavailable(response),
        _ => unreadable(response),
    }
}

fn approval(error: &ErrorResponse) -> Finding {
    Finding::new(
        Cause::ApprovalNeeded,
        format!(
            "Multi Admin Approval blocks the sync: Intune requires another administrator's approval ({error})"
        ),
        "add the identity's application to the Exclusions of the access policy that protects device actions (Intune \
         admin center, Tenant administration, Multi Admin Approval)",
    )
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
