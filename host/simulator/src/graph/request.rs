//! A request to Graph: read as it arrives, and handed to its resource to be executed.

use http::{
    Method, Uri,
    header::{AUTHORIZATION, HOST},
    request::Parts,
};

use crate::{
    fleet::Fleet,
    graph::{
        access, batch, directory,
        error::GraphError,
        exchange::Exchange,
        execute_action, groups, list,
        resource::{Resource, decode_quotes},
        sync_device,
        target::Target,
    },
    response::Response,
    statistics::Requests,
};

/// A request to Graph.
pub(crate) enum Request {
    List,
    Sync(Target),
    Batch(Result<Vec<batch::Item>, GraphError>),
    ExecuteAction(Result<Vec<execute_action::Member>, GraphError>),
    Directory(directory::Request),
    Groups(groups::Request),
    /// A write other than a sync.
    Forbidden(String),
    Unknown,
}

impl Request {
    /// Reads a request; `None` if it is not for Graph.
    pub(crate) fn read(fleet: &Fleet, method: &Method, uri: &Uri, body: &[u8]) -> Option<Self> {
        let path = decode_quotes(uri.path());
        let relative = path
            .strip_prefix("/v1.0")
            .or_else(|| path.strip_prefix("/beta"))?;
        let beta = path.starts_with("/beta");
        let query = uri.query().unwrap_or_default();
        if let Some(request) = directory::Request::read(method, relative, query, body) {
            return Some(Self::Directory(request));
        }
        if let Some(request) = groups::Request::read(method, relative, query) {
            return Some(Self::Groups(request));
        }
        let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
        Some(match (Resource::of(relative), method) {
            (Resource::Devices, &Method::GET) => Self::List,
            (Resource::Sync(id), &Method::POST) => Self::Sync(Target::named(fleet, id)),
            (Resource::Batch, &Method::POST) => Self::Batch(batch::read(fleet, body)),
            (Resource::ExecuteAction, &Method::POST) if beta => {
                match execute_action::read(fleet, body) {
                    execute_action::Action::Sync(members) => Self::ExecuteAction(members),
                    execute_action::Action::Other(name) => {
                        Self::Forbidden(format!("executeAction {name}"))
                    }
                }
            }
            _ if is_read => Self::Unknown,
            _ => Self::Forbidden(format!("{method} {path}")),
        })
    }

    /// Counts the request by its kind.
    pub(crate) fn count(&self, requests: &mut Requests) {
        match self {
            Self::List => requests.list += 1,
            Self::Sync(_) => requests.sync += 1,
            Self::Batch(_) => requests.batch += 1,
            Self::ExecuteAction(_) => requests.execute_action += 1,
            Self::Directory(_) => requests.directory += 1,
            Self::Groups(_) => requests.groups += 1,
            Self::Forbidden(_) | Self::Unknown => requests.other += 1,
        }
    }

    /// The devices to sync.
    pub(crate) fn targets(&mut self) -> Box<dyn Iterator<Item = &mut Target> + '_> {
        match self {
            Self::Sync(target) => Box::new(std::iter::once(target)),
            Self::Batch(Ok(items)) => Box::new(items.iter_mut().filter_map(batch::Item::target)),
            Self::ExecuteAction(Ok(members)) => {
                Box::new(members.iter_mut().map(|member| &mut member.target))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The writes in it other than syncs.
    pub(crate) fn forbidden(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Forbidden(write) => Box::new(std::iter::once(write.as_str())),
            Self::Batch(Ok(items)) => Box::new(items.iter().filter_map(batch::Item::forbidden)),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Executes the request, if its token is accepted.
    pub(crate) fn respond(self, exchange: &mut Exchange<'_>, parts: &Parts) -> Response {
        let authorization = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let response = match access::authenticate(exchange, authorization) {
            Ok(()) => self.execute(exchange, parts),
            Err(error) => Err(error),
        };
        response.unwrap_or_else(|error| exchange.fail(&error))
    }

    fn execute(self, exchange: &mut Exchange<'_>, parts: &Parts) -> Result<Response, GraphError> {
        match self {
            Self::List => {
                let origin = origin(exchange, parts);
                let query = parts.uri.query().unwrap_or_default();
                list::respond(exchange, &origin, parts.uri.path(), query)
            }
            Self::Sync(target) => sync_device::respond(exchange, &target),
            Self::Directory(request) => Ok(directory::respond(exchange, &request)),
            Self::Groups(request) => {
                let origin = origin(exchange, parts);
                Ok(groups::respond(exchange, &origin, &request, parts))
            }
            Self::Batch(Ok(items)) => batch::respond(exchange, &items),
            Self::ExecuteAction(Ok(members)) => execute_action::respond(exchange, &members),
            Self::Batch(Err(error)) | Self::ExecuteAction(Err(error)) => Err(error),
            Self::Forbidden(_) => Ok(Response::empty(204)),
            Self::Unknown => Err(GraphError::not_found("Resource not found for the segment.")),
        }
    }
}

/// The request's `client-request-id`; empty if it has none.
pub(crate) fn client_request_id(parts: &Parts) -> &str {
    parts
        .headers
        .get("client-request-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The origin of links: the configured one, or where the request was sent.
fn origin(exchange: &Exchange<'_>, parts: &Parts) -> String {
    if let Some(origin) = &exchange.config.origin {
        return origin.clone();
    }
    if let (Some(scheme), Some(authority)) = (parts.uri.scheme(), parts.uri.authority()) {
        return format!("{scheme}://{authority}");
    }
    let host = parts
        .headers
        .get(HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("localhost");
    format!("http://{host}")
}
