//! The check of the groups that the job names: whether each is there, and who is in it can be read.

use intune_sync_egress::{Bearer, HttpClient, groups::Kind};

use super::step::{Cause, Finding, Outcome};
use crate::{
    cli::DoctorOptions,
    commands::groups::{GroupError, Reader},
};

/// Reads a page of the members of each group.
pub(super) async fn read(
    options: &DoctorOptions,
    client: HttpClient,
    token: Bearer,
    remedy: &str,
) -> Outcome {
    let mut reader = Reader::with_token(client, options.graph.clone(), token);
    let mut found = Vec::new();
    for key in options.groups.all() {
        let group = match reader.find(key, None).await {
            Ok(group) => group,
            Err(error) => return failed(&error, remedy),
        };
        let mut counts = Vec::new();
        for kind in Kind::ALL {
            match reader.first_page(&group, kind).await {
                Ok(count) => counts.push(count),
                Err(error) => return failed(&error, remedy),
            }
        }
        if let [devices, users] = counts[..] {
            found.push(format!("{group} has {devices} devices and {users} users"));
        }
    }
    Outcome::Passed(found.join("; "))
}

fn failed(error: &GroupError, remedy: &str) -> Outcome {
    let cause = match error {
        GroupError::Unknown(_) | GroupError::Ambiguous { .. } => Cause::UnknownGroup,
        GroupError::RoleMissing { .. } => Cause::RoleMissing,
        GroupError::TokenRefused { .. } | GroupError::Token(_) => Cause::TokenRefused,
        GroupError::Throttled(_) => Cause::GraphUnavailable,
        GroupError::Refused(response) if response.status.is_server_error() => {
            Cause::GraphUnavailable
        }
        GroupError::Refused(_) | GroupError::Gate(_) => Cause::RequestRefused,
        GroupError::Lost(_) => Cause::GraphUnreachable,
        GroupError::Unreadable { .. } => Cause::NotGraph,
    };
    let advice = error.advice(remedy);
    Outcome::Failed(Finding::new(cause, advice.message, advice.hint))
}
