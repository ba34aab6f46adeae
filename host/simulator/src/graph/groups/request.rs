//! A request about groups.

use http::{HeaderMap, Method};
use intune_sync_ids::Guid;
use url::form_urlencoded;

use crate::{
    entra::groups::Kind,
    graph::{directory::name_in, error::GraphError},
};

/// A request about groups.
pub(crate) enum Request {
    /// One group.
    Group(Guid),
    /// The groups with a `displayName`.
    Named(Result<String, GraphError>),
    /// A page of the members of a group, and of the groups in it.
    Members {
        group: Guid,
        kind: Kind,
        query: Query,
    },
}

/// The query of a page of members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) top: Option<u32>,
    pub(crate) properties: Vec<String>,
    pub(crate) counts: bool,
    /// The first member of the page.
    pub(crate) skip: usize,
    /// The query as it was sent, without its `$skiptoken`.
    pub(crate) rest: String,
}

impl Request {
    /// Reads a request whose path begins after the version; `None` if it is not one of these.
    pub(crate) fn read(method: &Method, path: &str, query: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
        if *method != Method::GET || !is(segments.first()?, "groups") {
            return None;
        }
        match segments[1..] {
            [] => Some(Self::Named(name_in(query))),
            [id] => id.parse().ok().map(Self::Group),
            [id, members, cast] if is(members, "transitiveMembers") => Some(Self::Members {
                group: id.parse().ok()?,
                kind: match cast {
                    _ if is(cast, "microsoft.graph.device") => Kind::Devices,
                    _ if is(cast, "microsoft.graph.user") => Kind::Users,
                    _ => return None,
                },
                query: Query::read(query),
            }),
            _ => None,
        }
    }
}

impl Query {
    fn read(query: &str) -> Self {
        let mut read = Self::default();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let Some((name, value)) = form_urlencoded::parse(part.as_bytes()).next() else {
                continue;
            };
            match &*name {
                "$skiptoken" => {
                    let skip = value.strip_prefix("RFNwdA");
                    read.skip = skip.and_then(|skip| skip.parse().ok()).unwrap_or_default();
                    continue;
                }
                "$top" => read.top = value.parse().ok(),
                "$select" => read.properties = value.split(',').map(str::to_owned).collect(),
                "$count" => read.counts = &*value == "true",
                _ => {}
            }
            if !read.rest.is_empty() {
                read.rest.push('&');
            }
            read.rest.push_str(part);
        }
        read
    }

    /// The same query from another member on.
    pub(crate) fn from(&self, skip: usize) -> String {
        format!("{}&$skiptoken=RFNwdA{skip}", self.rest)
    }
}

/// Whether a request agrees to be served from an index.
pub(crate) fn is_eventual(headers: &HeaderMap) -> bool {
    headers
        .get("consistencylevel")
        .is_some_and(|level| level.as_bytes().eq_ignore_ascii_case(b"eventual"))
}
