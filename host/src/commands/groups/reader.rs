//! The way to Graph: each request about a group passes the gate of groups, and is tried again where that may help.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use intune_sync_egress::{
    Bearer, ClientError, Credential, Gated, HttpClient, Proposal, SendError, Timeouts, TokenCache,
    Unavailable,
    groups::{Call, Further, Key, Kind, Rules},
};
use intune_sync_graph::{
    Missing, Requested, Verdict, judge,
    retry_after::named_wait,
    roles::{ENTRA_DEVICES, GROUP_MEMBERS},
};
use intune_sync_ids::{Guid, Origin};
use intune_sync_settings::Advice;

use super::{
    Group, GroupError,
    page::{Found, Page},
};
use crate::{commands::patience::Patience, graph::GraphResponse, printer::Printer};

/// The most pages of one group that are read: two million members.
const PAGES: usize = 2_000;

/// A longer wait than this is not waited for.
const LONGEST: Duration = Duration::from_secs(600);

/// Reads groups, by what the gate of groups permits.
pub(in crate::commands) struct Reader<'a, C> {
    graph: Gated<Further, C>,
    /// Where another token comes from when Graph refuses one.
    tokens: Option<&'a TokenCache>,
    /// That something is tried again has been said.
    noted: bool,
}

impl<'a> Reader<'a, &'a TokenCache> {
    /// Reads with the tokens of a run.
    pub(in crate::commands) fn new(
        client: HttpClient,
        origin: Origin,
        tokens: &'a TokenCache,
    ) -> Self {
        Self {
            graph: Gated::new(rules(origin), tokens, client),
            tokens: Some(tokens),
            noted: false,
        }
    }
}

impl Reader<'_, Bearer> {
    /// Reads with one token.
    pub(in crate::commands) fn with_token(
        client: HttpClient,
        origin: Origin,
        token: Bearer,
    ) -> Self {
        Self {
            graph: Gated::new(rules(origin), token, client),
            tokens: None,
            noted: false,
        }
    }
}

fn rules(origin: Origin) -> Rules {
    Rules {
        origin,
        writes: Further::default(),
    }
}

impl<C: Credential<()>> Reader<'_, C> {
    /// The one group that a user names. `printer` says when something is tried again.
    ///
    /// # Errors
    ///
    /// When there is none, or several; when it cannot be read.
    pub(in crate::commands) async fn find(
        &mut self,
        key: &Key,
        printer: Option<&mut Printer>,
    ) -> Result<Group, GroupError> {
        let what = format!("the group `{key}`");
        let unknown = || GroupError::Unknown(key.clone());
        match key {
            Key::Id(id) => {
                let read = |response: &GraphResponse| Group::read(&response.body, *id);
                let group = self.read(&Call::Group(*id), &what, read, printer).await?;
                group.ok_or_else(unknown)
            }
            Key::Name(name) => {
                let read = |response: &GraphResponse| Found::read(&response.body, key);
                let call = Call::Named(name.clone());
                let found = self.read(&call, &what, read, printer).await?;
                let Found { mut groups, more } = found.ok_or_else(unknown)?;
                match (groups.pop(), groups.is_empty(), more) {
                    (None, _, false) => Err(unknown()),
                    // Its first page does not have it.
                    (None, _, true) => Err(GroupError::Unreadable { what, status: 200 }),
                    (Some(group), true, false) => Ok(group),
                    (Some(last), _, more) => {
                        groups.push(last);
                        let key = key.clone();
                        Err(GroupError::Ambiguous { key, groups, more })
                    }
                }
            }
        }
    }

    /// Who is in a group and in the groups in it: each once, by the ids that Intune knows; and how many there should
    /// be, where Graph counts more.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or their ids are withheld.
    pub(super) async fn members(
        &mut self,
        group: &Group,
        kind: Kind,
        printer: &mut Printer,
    ) -> Result<(Vec<Guid>, Option<u64>), GroupError> {
        let mut call = Call::members(group.id, kind);
        let mut members = Vec::new();
        let mut count = None;
        for _ in 0..PAGES {
            let mut page = self.page(group, kind, &call, Some(printer)).await?;
            members.append(&mut page.members);
            count = count.or(page.count);
            let Some(link) = page.next else {
                // A group that changes between two pages has some members on both.
                members.sort_unstable();
                members.dedup();
                let count = count.filter(|count| *count > members.len() as u64);
                return Ok((members, count));
            };
            let origin = &self.graph.rules().origin;
            let next = call.next_page(origin, &link);
            let next = next.map_err(|error| {
                let hint = "check `--graph-url` and proxies on the way";
                GroupError::Lost(Advice::new(error.to_string(), hint))
            })?;
            if next == call {
                break;
            }
            self.graph.permit(Further(Some(next.clone())));
            call = next;
        }
        Err(GroupError::Unreadable {
            what: format!("the members of {group}, whose pages do not end,"),
            status: 200,
        })
    }

    /// How many members there are, by a page of them none of whose ids is withheld.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(in crate::commands) async fn first_page(
        &mut self,
        group: &Group,
        kind: Kind,
    ) -> Result<u64, GroupError> {
        let call = Call::members(group.id, kind);
        let page = self.page(group, kind, &call, None).await?;
        Ok(page.count.unwrap_or(page.members.len() as u64))
    }

    async fn page(
        &mut self,
        group: &Group,
        kind: Kind,
        call: &Call,
        printer: Option<&mut Printer>,
    ) -> Result<Page, GroupError> {
        let what = match kind {
            Kind::Devices => format!("the devices in the group {group}"),
            Kind::Users => format!("the users in the group {group}"),
        };
        let read = |response: &GraphResponse| Page::read(&response.body, kind);
        let page = self.read(call, &what, read, printer).await?;
        let page = page.ok_or(GroupError::Unknown(Key::Id(group.id)))?;
        if page.withheld == 0 {
            return Ok(page);
        }
        let (what, error) = (what, None);
        Err(GroupError::RoleMissing {
            what,
            role: role(call),
            error,
        })
    }

    /// Sends a request until there is a response that `read` can read; `None` if Graph says that there is no such
    /// group.
    async fn read<T>(
        &mut self,
        call: &Call,
        what: &str,
        read: impl Fn(&GraphResponse) -> Option<T>,
        mut printer: Option<&mut Printer>,
    ) -> Result<Option<T>, GroupError> {
        let mut patience = Patience::default();
        let mut renewed = false;
        loop {
            let surrogate = self.token().await?;
            let (trouble, requested_wait) = match self.send(call).await? {
                Err(lost) => {
                    let trouble = Advice::new(lost.to_string(), lost.hint());
                    (GroupError::Lost(trouble), None)
                }
                Ok(response) => {
                    let error = response.error();
                    let status = response.status.as_u16();
                    let wait = || {
                        let message = error.error.retry_after.as_deref();
                        named_wait(&response.headers, message, SystemTime::now())
                    };
                    match judge(Requested::Page, status, &error.error) {
                        Verdict::Success => match read(&response) {
                            Some(value) => return Ok(Some(value)),
                            None => {
                                let what = what.to_owned();
                                (GroupError::Unreadable { what, status }, None)
                            }
                        },
                        Verdict::NotFound => return Ok(None),
                        Verdict::TokenRefused => match (self.tokens, &surrogate) {
                            (Some(tokens), Some(surrogate)) if !renewed => {
                                renewed = true;
                                // What is said of the next token comes from `token`.
                                let _ = tokens.get(Some(surrogate));
                                continue;
                            }
                            _ => return Err(GroupError::TokenRefused { error: Some(error) }),
                        },
                        Verdict::NotAuthorized(Missing::Role) => {
                            return Err(GroupError::RoleMissing {
                                what: what.to_owned(),
                                role: role(call),
                                error: Some(error),
                            });
                        }
                        Verdict::Throttled => (GroupError::Throttled(error.clone()), wait()),
                        Verdict::Transient => (GroupError::Refused(error.clone()), wait()),
                        _ => return Err(GroupError::Refused(error)),
                    }
                }
            };
            let is_lost = matches!(trouble, GroupError::Lost(_));
            let wait = match patience.next() {
                // An unreachable server will hardly be reachable in a minute: two further attempts will do.
                Some(own) if !is_lost || own.as_secs() < 2 => {
                    own.max(requested_wait.unwrap_or_default())
                }
                _ => return Err(trouble),
            };
            if wait > LONGEST {
                return Err(trouble);
            }
            if let Some(printer) = printer.as_deref_mut()
                && !std::mem::replace(&mut self.noted, true)
            {
                printer.note(&format!("{trouble}: trying again"));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Waits until there is a token. Returns what it is called, if another one can be had.
    async fn token(&self) -> Result<Option<String>, GroupError> {
        let Some(tokens) = self.tokens else {
            return Ok(None);
        };
        loop {
            match tokens.get(None) {
                Ok(surrogate) => return Ok(Some(surrogate.value)),
                Err(Unavailable::TryAgain(wait)) => tokio::time::sleep(wait).await,
                Err(Unavailable::Denied(_)) => {
                    return Err(match tokens.denial() {
                        Some(denial) => GroupError::Token(denial.into()),
                        None => GroupError::TokenRefused { error: None },
                    });
                }
            }
        }
    }

    async fn send(&self, call: &Call) -> Result<Result<GraphResponse, ClientError>, GroupError> {
        let uri = self.graph.rules().origin.at(call.target());
        let admitted = self
            .graph
            .admit(&Proposal {
                method: &Call::METHOD,
                uri: &uri,
                headers: &HeaderMap::new(),
                body: b"",
            })
            .map_err(|refusal| GroupError::Gate(refusal.to_string()))?;
        match admitted.send(Timeouts::default()).await {
            Ok(response) => Ok(GraphResponse::read(response).await),
            Err(SendError::Client(error)) => Ok(Err(error)),
            Err(error) => Err(GroupError::Gate(error.to_string())),
        }
    }
}

/// The role that a request takes.
fn role(call: &Call) -> &'static str {
    match call {
        Call::Members {
            kind: Kind::Devices,
            ..
        } => ENTRA_DEVICES,
        Call::Group(_) | Call::Named(_) | Call::Members { .. } => GROUP_MEMBERS,
    }
}
