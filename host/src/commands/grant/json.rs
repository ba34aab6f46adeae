//! The JSON object of `grant`.

use serde::Serialize;

use super::{Outcome, Report};
use crate::cli::GrantPurpose;

/// The report as one JSON object. Its keys are spelled like those of a run's.
pub(super) fn json(report: &Report<'_>) -> String {
    let roles = report.roles.iter();
    let object = Object {
        principal_id: report.principal.id.to_string(),
        principal_name: &report.principal.name,
        revoke: report.options.purpose == GrantPurpose::Revoke,
        dry_run: report.options.dry_run,
        roles: roles
            .map(|(role, outcome)| Role {
                role: role.value(),
                role_id: role.id().to_string(),
                outcome: *outcome,
            })
            .collect(),
    };
    let json = serde_json::to_string(&object).expect("it is plain data with text keys");
    json + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Object<'a> {
    principal_id: String,
    principal_name: &'a str,
    revoke: bool,
    dry_run: bool,
    roles: Vec<Role>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Role {
    role: &'static str,
    role_id: String,
    outcome: Outcome,
}
