//! The directory through Microsoft Graph: each request passes the gate of `grant`.

use std::fmt::Display;

use http::{HeaderMap, StatusCode, Uri};
use intune_sync_egress::{
    Bearer, ClientError, Gated, HttpClient, Proposal, SendError, Timeouts,
    grant::{AssignmentId, Call, Name, Role, Rules, Writes},
};
use intune_sync_ids::{Guid, Origin, Quoted};
use serde::Deserialize;

use super::{
    Outcome,
    principal::{Principal, Written},
};
use crate::{
    commands::{Failure, patience::Patience},
    graph::{ErrorResponse, GraphResponse},
    printer::Printer,
};

/// The most pages of one principal's app roles that are read: a page has a hundred.
const PAGES: usize = 50;

/// It can do what the gate of `grant` permits.
pub(super) struct Directory {
    graph: Gated<Writes, Bearer>,
}

/// An app role that a principal has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) role: Role,
    pub(super) id: AssignmentId,
}

impl Directory {
    /// Permits no writes before [`permit`](Self::permit).
    pub(super) fn new(client: HttpClient, origin: Origin, token: Bearer) -> Self {
        let rules = Rules {
            origin,
            writes: Writes::None,
        };
        Self {
            graph: Gated::new(rules, token, client),
        }
    }

    /// From now on, these writes may leave.
    pub(super) fn permit(&mut self, writes: Writes) {
        self.graph.permit(writes);
    }

    /// The object id of Microsoft Graph's service principal in this tenant, which has these roles.
    pub(super) async fn graph(
        &self,
        roles: &[Role],
        printer: &mut Printer,
    ) -> Result<Guid, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Graph {
            id: String,
            app_roles: Vec<AppRole>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct AppRole {
            id: String,
            value: Option<String>,
            #[serde(default)]
            allowed_member_types: Vec<String>,
        }

        let response = self.read(&Call::Graph, printer).await?;
        let graph: Graph = response.json().ok_or_else(|| unreadable(&response))?;
        for role in roles {
            let found = graph.app_roles.iter().find(|app_role| {
                app_role.value.as_deref() == Some(role.value())
                    && app_role
                        .allowed_member_types
                        .iter()
                        .any(|kind| kind == "Application")
            });
            let id = found.map(|found| found.id.as_str());
            if id.and_then(|id| id.parse().ok()) != Some(role.id()) {
                let id = id.map_or_else(|| "no id".to_owned(), |id| format!("the id `{id}`"));
                return Err(Failure::failed(
                    format!(
                        "Microsoft Graph has {id} for the application permission `{role}`, not `{}`",
                        role.id()
                    ),
                    "check `--cloud` and `--graph-url`; grant the permission by hand if it has another id there",
                ));
            }
        }
        graph.id.parse().map_err(|_| unreadable(&response))
    }

    /// The service principal with an object id. A new one is waited for.
    pub(super) async fn principal(
        &self,
        id: Guid,
        printer: &mut Printer,
    ) -> Result<Principal, Failure> {
        let mut patience = Patience::default();
        loop {
            let response = self.send(&Call::Principal(id)).await?;
            if response.status.is_success() {
                let written: Written = response.json().ok_or_else(|| unreadable(&response))?;
                let found: Principal = written.try_into().map_err(|_| unreadable(&response))?;
                return match found.id == id {
                    true => Ok(found),
                    false => Err(another("service principal", &id, &found.id)),
                };
            }
            if response.status != StatusCode::NOT_FOUND {
                return Err(refused(Refused::LookUp, &response.error()));
            }
            if !wait(&mut patience, printer).await {
                return Err(Failure::failed(
                    format!("there is no service principal with the object id `{id}`"),
                    "`--principal-id` takes the object (principal) id of the identity, not its client id and not that \
                     of the machine; `--name` looks it up",
                ));
            }
        }
    }

    /// The one service principal of a name, to the letter: Graph compares without regard to letter case, and anyone may
    /// register an application of any name.
    pub(super) async fn named(
        &self,
        name: &Name,
        printer: &mut Printer,
    ) -> Result<Principal, Failure> {
        let response = self.read(&Call::Named(name.clone()), printer).await?;
        let principals = self
            .values::<Written>(&response)?
            .into_iter()
            .map(Principal::try_from)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| unreadable(&response))?;
        let is_named = |principal: &&Principal| principal.name == name.to_string();
        let named: Vec<&Principal> = principals.iter().filter(is_named).collect();
        let ends = next_link(&response).is_none();
        match named.as_slice() {
            [] if ends && principals.is_empty() => Err(Failure::failed(
                format!("no service principal is called `{name}`"),
                "a system-assigned identity has the name of its machine or app; a new one is found after a minute or \
                 two; `--principal-id` takes its object id",
            )),
            [one] if ends => Ok((*one).clone()),
            [] => Err(Failure::failed(
                format!(
                    "no service principal is called exactly `{name}`; similar: {}",
                    list(principals.iter(), ends)
                ),
                "give the name in the same letter case, or the object id by `--principal-id`",
            )),
            several => Err(Failure::failed(
                format!(
                    "{}{} service principals are called `{name}`: {}",
                    if ends { "" } else { "more than " },
                    several.len(),
                    list(several.iter().copied(), ends)
                ),
                "name the one that is meant by `--principal-id`",
            )),
        }
    }

    /// Those of the three roles that a principal has on `resource`.
    pub(super) async fn assigned(
        &self,
        principal: Guid,
        resource: Guid,
        printer: &mut Printer,
    ) -> Result<Vec<Assigned>, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Assignment {
            id: String,
            principal_id: String,
            app_role_id: String,
            resource_id: String,
        }

        let mut call = Call::Assignments {
            principal,
            skip_token: None,
        };
        let mut assigned = Vec::new();
        for _ in 0..PAGES {
            let response = self.read(&call, printer).await?;
            for assignment in self.values::<Assignment>(&response)? {
                if assignment.principal_id.parse() != Ok(principal) {
                    let whose = Quoted::new(assignment.principal_id);
                    return Err(another("assignment of", &principal, &whose));
                }
                let role = assignment.app_role_id.parse().ok().and_then(Role::with_id);
                let here = assignment.resource_id.parse() == Ok(resource);
                if let (Some(role), true) = (role, here) {
                    let id = assignment.id.parse().map_err(|_| unreadable(&response))?;
                    assigned.push(Assigned { role, id });
                }
            }
            match next_link(&response) {
                None => return Ok(assigned),
                Some(link) => {
                    call =
                        Call::next_page(principal, &link).ok_or_else(|| unreadable(&response))?;
                }
            }
        }
        Err(Failure::failed(
            format!("the list of the identity's permissions does not end after {PAGES} pages"),
            "check `--graph-url` and proxies on the way",
        ))
    }

    /// Assigns a role. One that is there already, by now, counts as done; a principal that is not known everywhere yet
    /// is waited for.
    pub(super) async fn assign(
        &self,
        resource: Guid,
        principal: Guid,
        role: Role,
        printer: &mut Printer,
    ) -> Result<Outcome, Failure> {
        let call = Call::Assign {
            resource,
            principal,
            role,
        };
        let mut patience = Patience::default();
        loop {
            let response = self.send(&call).await?;
            if response.status.is_success() {
                confirm(&response, principal, resource, role)?;
                return Ok(Outcome::Assigned);
            }
            let error = response.error();
            let not_yet = match response.status {
                StatusCode::BAD_REQUEST if error.error.message.contains("already exists") => {
                    return Ok(Outcome::AlreadyAssigned);
                }
                StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => true,
                _ => false,
            };
            if !not_yet || !wait(&mut patience, printer).await {
                return Err(refused(Refused::Assign(role), &error));
            }
        }
    }

    /// Takes an assignment away. One that is gone by now counts as done.
    pub(super) async fn revoke(
        &self,
        resource: Guid,
        assignment: AssignmentId,
    ) -> Result<Outcome, Failure> {
        let call = Call::Revoke {
            resource,
            assignment,
        };
        let response = self.send(&call).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(Outcome::NotAssigned),
            status if status.is_success() => Ok(Outcome::Revoked),
            _ => Err(refused(Refused::Revoke, &response.error())),
        }
    }

    fn values<T: serde::de::DeserializeOwned>(
        &self,
        response: &GraphResponse,
    ) -> Result<Vec<T>, Failure> {
        #[derive(Deserialize)]
        struct Page<T> {
            value: Vec<T>,
        }
        let page: Page<T> = response.json().ok_or_else(|| unreadable(response))?;
        Ok(page.value)
    }

    /// Sends a request that is to succeed. What was not replicated yet is requested again.
    async fn read(&self, call: &Call, printer: &mut Printer) -> Result<GraphResponse, Failure> {
        let mut patience = Patience::default();
        loop {
            let response = self.send(call).await?;
            if response.status.is_success() {
                return Ok(response);
            }
            let not_yet = response.status == StatusCode::NOT_FOUND;
            if !not_yet || !wait(&mut patience, printer).await {
                return Err(refused(Refused::LookUp, &response.error()));
            }
        }
    }

    /// Sends a request, again if Graph has transient trouble, and returns the response: a success, or a refusal
    /// of this very request.
    async fn send(&self, call: &Call) -> Result<GraphResponse, Failure> {
        let mut patience = Patience::default();
        loop {
            let sent = self.send_once(call).await?;
            let trouble = match &sent {
                Ok(response) if response.status == StatusCode::UNAUTHORIZED => {
                    return Err(Failure::not_authorized(
                        format!("Microsoft Graph refused the token ({})", response.error()),
                        "sign in again; check that the token is for Microsoft Graph and of the cloud of `--cloud`",
                    ));
                }
                Ok(response)
                    if response.status == StatusCode::TOO_MANY_REQUESTS
                        || response.status.is_server_error() =>
                {
                    Failure::failed(
                        format!("Microsoft Graph fails ({})", response.error()),
                        "run it again later: what is assigned already counts as done",
                    )
                }
                Ok(_) => {
                    return sent.map_err(|error| Failure::failed(error.to_string(), error.hint()));
                }
                Err(error) => Failure::failed(error.to_string(), error.hint()),
            };
            let lost = sent.is_err();
            match patience.next() {
                // An unreachable server will hardly be reachable in a minute: two further attempts will do.
                Some(wait) if !lost || wait.as_secs() < 2 => tokio::time::sleep(wait).await,
                _ => return Err(trouble),
            }
        }
    }

    async fn send_once(&self, call: &Call) -> Result<Result<GraphResponse, ClientError>, Failure> {
        let uri = self.graph.rules().origin.at(call.target());
        let admitted = self
            .graph
            .admit(&Proposal {
                method: &call.method(),
                uri: &uri,
                headers: &HeaderMap::new(),
                body: &call.body(),
            })
            .map_err(|refusal| a_bug(&refusal.to_string()))?;
        match admitted.send(Timeouts::default()).await {
            Ok(response) => Ok(GraphResponse::read(response).await),
            Err(SendError::Client(error)) => Ok(Err(error)),
            Err(error) => Err(a_bug(&error.to_string())),
        }
    }
}

/// Waits before the next attempt, and reports the first wait; false once it has waited long enough.
async fn wait(patience: &mut Patience, printer: &mut Printer) -> bool {
    let first = patience.is_fresh();
    let Some(wait) = patience.next() else {
        return false;
    };
    if first {
        printer.note("the identity is not known everywhere in the directory yet: trying again for up to two minutes");
    }
    tokio::time::sleep(wait).await;
    true
}

fn next_link(response: &GraphResponse) -> Option<Uri> {
    let body: serde_json::Value = response.json()?;
    body["@odata.nextLink"].as_str()?.parse().ok()
}

/// Checks that Graph has assigned what was requested.
fn confirm(
    response: &GraphResponse,
    principal: Guid,
    resource: Guid,
    role: Role,
) -> Result<(), Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Assigned {
        principal_id: String,
        resource_id: String,
        app_role_id: String,
    }
    let assigned: Assigned = response.json().ok_or_else(|| unreadable(response))?;
    for (what, requested, returned) in [
        ("assignment to", principal, assigned.principal_id),
        ("assignment on", resource, assigned.resource_id),
        ("assignment of the role", role.id(), assigned.app_role_id),
    ] {
        if returned.parse() != Ok(requested) {
            return Err(another(what, &requested, &Quoted::new(returned)));
        }
    }
    Ok(())
}

/// `id (ManagedIdentity), …`, the first ten.
fn list<'a>(principals: impl Iterator<Item = &'a Principal>, ends: bool) -> String {
    const SHOWN: usize = 10;
    let mut all: Vec<String> = principals
        .map(|principal| match principal.kind.as_str() {
            "" => principal.id.to_string(),
            kind => format!("{} ({kind})", principal.id),
        })
        .collect();
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    match (more, ends) {
        (0, true) => {}
        (more, true) => all.push(format!("and {more} more")),
        (_, false) => all.push("and more".to_owned()),
    }
    all.join(", ")
}

/// Graph has returned something else than was requested.
fn another(what: &str, requested: &Guid, returned: &impl Display) -> Failure {
    Failure::failed(
        format!(
            "Microsoft Graph returned the {what} `{returned}` where `{requested}` was requested"
        ),
        "nothing else was changed; check `--graph-url` and proxies on the way",
    )
}

/// What was refused.
#[derive(Debug, Clone, Copy)]
enum Refused {
    LookUp,
    Assign(Role),
    Revoke,
}

fn refused(what: Refused, error: &ErrorResponse) -> Failure {
    match error.status {
        StatusCode::FORBIDDEN => Failure::not_authorized(
            match what {
                Refused::LookUp => {
                    format!("this sign-in may not look up service principals ({error})")
                }
                Refused::Assign(role) => format!("this sign-in may not assign `{role}` ({error})"),
                Refused::Revoke => {
                    format!("this sign-in may not take the permission away ({error})")
                }
            },
            "sign in as a Privileged Role Administrator or Global Administrator; the sign-in needs \
             `AppRoleAssignment.ReadWrite.All` and `Application.Read.All` for Microsoft Graph",
        ),
        _ => Failure::failed(
            match what {
                Refused::LookUp => format!("cannot look up service principals ({error})"),
                Refused::Assign(role) => format!("cannot assign `{role}` ({error})"),
                Refused::Revoke => format!("cannot take the permission away ({error})"),
            },
            "check the id and `--graph-url`, and run it again in a few minutes",
        ),
    }
}

fn unreadable(response: &GraphResponse) -> Failure {
    Failure::failed(
        format!(
            "cannot parse the response from Microsoft Graph ({})",
            response.status.as_u16()
        ),
        "check `--graph-url` and the proxy",
    )
}

fn a_bug(what: &str) -> Failure {
    Failure::failed(
        format!("the gate refused a request: {what}"),
        "report this as a bug",
    )
}
