//! `grant`: assigns to a service principal the app roles of Microsoft Graph that a sync needs, or revokes them.

mod directory;
mod json;
mod principal;
mod text;

use intune_sync_egress::{
    Bearer,
    grant::{AssignmentId, Role, Writes},
};
use intune_sync_ids::Guid;
use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;
use serde::Serialize;

use self::{
    directory::{Assigned, Directory},
    principal::Principal,
};
use super::{Failure, http_client, identity, interruption::Interruption};
use crate::{
    cli::{GrantOptions, GrantPurpose, PrincipalType, ReportFormat, Whom},
    identity::{Environment, obtain},
    printer::Printer,
};

/// The principal, and the outcome of each role.
struct Report<'a> {
    options: &'a GrantOptions,
    principal: Principal,
    roles: Vec<(Role, Outcome)>,
}

/// The outcome of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// It was assigned already.
    AlreadyAssigned,
    /// It was not assigned.
    NotAssigned,
    /// It was assigned now.
    Assigned,
    /// It was revoked now.
    Revoked,
    /// It would be assigned, but for `--dry-run`.
    WouldAssign,
    /// It would be revoked, but for `--dry-run`.
    WouldRevoke,
}

/// Grants or revokes.
///
/// # Errors
///
/// When the roles are not as intended afterwards.
pub(crate) async fn run(
    options: &GrantOptions,
    environment: &Environment,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let client = http_client(options.ca_file.as_deref())?;
    let source = identity::source(&options.auth, options.cloud, environment, &client, printer)?;
    if printer.is_verbose() {
        printer.note(&format!("tokens come from: {}", source.describe()));
    }
    let interruption = Interruption::listen();
    let scope = options.cloud.scope();
    let work = async {
        let token = obtain(&*source, &scope).await;
        let token = token.map_err(identity::not_authorized)?.secret.bearer();
        let directory = Directory::new(client, options.graph.clone(), Bearer::new(token));
        grant(options, directory, printer).await
    };
    tokio::select! {
        ended = work => ended,
        () = interruption.requested() => Ok(ExitStatus::Interrupted),
    }
}

async fn grant(
    options: &GrantOptions,
    mut directory: Directory,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let graph = directory.graph(&options.roles, printer).await?;
    let principal = match &options.whom {
        Whom::Id(id) => directory.principal(*id, printer).await?,
        Whom::Name(name) => directory.named(name, printer).await?,
    };
    expect_type(&principal, options.kind)?;
    let assigned = directory.assigned(principal.id, graph, printer).await?;
    let changes: Vec<(Role, Change)> = options
        .roles
        .into_iter()
        .map(|role| (role, change(options.purpose, role, &assigned)))
        .collect();
    let open = changes
        .iter()
        .filter(|(_, change)| !matches!(change, Change::None(_)))
        .count();
    if open > 0 && !options.dry_run {
        if declines(options, &principal, open, printer).await? {
            printer.note("nothing was changed");
            return Ok(ExitStatus::Stopped);
        }
        directory.permit(writes(&changes, graph, principal.id));
    }

    let mut roles = Vec::new();
    for (role, change) in changes {
        let outcome = match (change, options.dry_run) {
            (Change::None(outcome), _) => outcome,
            (Change::Assign, true) => Outcome::WouldAssign,
            (Change::Revoke(_), true) => Outcome::WouldRevoke,
            (Change::Assign, false) => directory.assign(graph, principal.id, role, printer).await?,
            (Change::Revoke(assignment), false) => directory.revoke(graph, assignment).await?,
        };
        roles.push((role, outcome));
    }
    let report = Report {
        options,
        principal,
        roles,
    };
    printer.keep(|| json::json(&report));
    printer.data(&match options.report.format {
        ReportFormat::Text => text::text(&report),
        ReportFormat::Json => json::json(&report),
    })?;
    if options.purpose == GrantPurpose::Revoke {
        warn_of_kept_role(options, &assigned, printer);
    }
    next_step(&report, printer);
    Ok(ExitStatus::Success)
}

/// Checks that the service principal is what the user takes it for: an application of the same name may be anyone's.
fn expect_type(principal: &Principal, expected: PrincipalType) -> Result<(), Failure> {
    if principal.is(expected) {
        return Ok(());
    }
    let kind = match principal.kind.as_str() {
        "" => "no type",
        kind => kind,
    };
    Err(Failure::failed(
        format!(
            "{principal} is of the type `{kind}`, not `{}`",
            expected.name()
        ),
        match expected {
            PrincipalType::ManagedIdentity => {
                "check that it is the one that is meant; `--type application` grants to an application"
            }
            PrincipalType::Application => "leave `--type` out for a managed identity",
        },
    ))
}

/// The change that a role needs.
enum Change {
    None(Outcome),
    Assign,
    Revoke(AssignmentId),
}

fn change(purpose: GrantPurpose, role: Role, assigned: &[Assigned]) -> Change {
    let held = assigned.iter().find(|assigned| assigned.role == role);
    match (purpose, held) {
        (GrantPurpose::Assign, Some(_)) => Change::None(Outcome::AlreadyAssigned),
        (GrantPurpose::Assign, None) => Change::Assign,
        (GrantPurpose::Revoke, Some(held)) => Change::Revoke(held.id.clone()),
        (GrantPurpose::Revoke, None) => Change::None(Outcome::NotAssigned),
    }
}

/// Exactly these changes.
fn writes(changes: &[(Role, Change)], resource: Guid, principal: Guid) -> Writes {
    let assignments: Vec<AssignmentId> = changes
        .iter()
        .filter_map(|(_, change)| match change {
            Change::Revoke(assignment) => Some(assignment.clone()),
            Change::Assign | Change::None(_) => None,
        })
        .collect();
    match assignments.is_empty() {
        true => Writes::Assign {
            resource,
            principal,
        },
        false => Writes::Revoke {
            resource,
            assignments,
        },
    }
}

/// Asks a person at a terminal whether this is the intended identity. Returns true for a no.
async fn declines(
    options: &GrantOptions,
    principal: &Principal,
    changes: usize,
    printer: &mut Printer,
) -> Result<bool, Failure> {
    if options.yes || !printer.is_attended() {
        return Ok(false);
    }
    let permissions = match changes {
        1 => "1 application permission".to_owned(),
        many => format!("{many} application permissions"),
    };
    let question = match options.purpose {
        GrantPurpose::Assign => format!("give {principal} {permissions} of Microsoft Graph?"),
        GrantPurpose::Revoke => format!("take {permissions} of Microsoft Graph from {principal}?"),
    };
    let question = format!("{question} (`--yes` skips this question)");
    let replies = std::io::BufReader::new(std::io::stdin());
    // A stop ends the whole command.
    let reply = printer.ask(&question, replies, std::future::pending());
    Ok(reply.await? != Some(true))
}

/// Warns if the identity keeps one of the roles that this command did not concern.
fn warn_of_kept_role(options: &GrantOptions, assigned: &[Assigned], printer: &mut Printer) {
    let stays = assigned
        .iter()
        .find(|assigned| !options.roles.contains(&assigned.role));
    let Some(Assigned { role, .. }) = stays else {
        return;
    };
    if options.roles == Role::GROUPS {
        // Who no longer selects by groups goes on syncing.
        return;
    }
    let hint = match role {
        Role::ReadWrite => "to revoke it too, run `grant --revoke --read-write`",
        Role::Read | Role::PrivilegedOperations => {
            "to revoke it too, run `grant --revoke` without `--read-write`"
        }
        Role::GroupMembers | Role::EntraDevices => {
            "to revoke it too, run `grant --revoke --groups`"
        }
    };
    printer.warning(&Advice::new(format!("the identity keeps `{role}`"), hint));
}

fn next_step(report: &Report<'_>, printer: &mut Printer) {
    let any = |wanted: Outcome| report.roles.iter().any(|(_, outcome)| *outcome == wanted);
    if any(Outcome::Assigned) {
        printer.note(
            "tokens issued before the grant lack the permissions, and Azure keeps a managed identity's token for up to 24 \
             hours",
        );
        printer.hint(
            "run `intune-sync doctor` where the job runs: it checks whether they have arrived",
        );
    } else if any(Outcome::Revoked) {
        printer.note(
            "tokens issued before keep the permissions until they expire, a managed identity's for up to 24 hours",
        );
    } else if any(Outcome::WouldAssign) || any(Outcome::WouldRevoke) {
        printer.hint("leave out `--dry-run` to do it");
    }
}
