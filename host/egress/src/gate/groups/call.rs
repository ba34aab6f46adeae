//! The requests about groups.

use http::{Method, uri::PathAndQuery};
use intune_sync_graph::{GraphRoot, LINK_MAX, LinkError};
use intune_sync_ids::{Guid, Origin, Quoted};

use super::{Name, Refusal};
use crate::gate::{self, Proposal, expect_method, expect_no_body, guid, not_listed};

const ALL: &str = "/v1.0/groups";
const SELECT: &str = "$select=id,displayName";
const FILTER: &str = "$filter=displayName%20eq%20%27";
const FILTER_END: &str = "%27&";
const MEMBERS: &str = "transitiveMembers";

/// What a request does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Reads the group with this id.
    Group(Guid),
    /// Reads the groups of a name.
    Named(Name),
    /// Reads a page of the members of a group, and of the groups in it.
    Members {
        /// Whose.
        group: Guid,
        /// Which of them.
        kind: Kind,
        /// Which page; none for the first.
        page: Option<Page>,
    },
}

/// Which members of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Devices.
    Devices,
    /// Users.
    Users,
}

/// A further page: the query of the link that leads to it, which is Graph's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page(String);

impl Page {
    /// The query.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.0
    }
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Devices, Self::Users];

    /// The type to which the members are cast.
    pub(super) const fn cast(self) -> &'static str {
        match self {
            Self::Devices => "microsoft.graph.device",
            Self::Users => "microsoft.graph.user",
        }
    }

    /// The query of the first page. The name of a device tells one that may not be read from one that has no id.
    pub(super) const fn query(self) -> &'static str {
        match self {
            Self::Devices => "$select=id,deviceId,displayName&$count=true&$top=999",
            Self::Users => "$select=id&$count=true&$top=999",
        }
    }

    fn cast_to(cast: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.cast() == cast)
    }
}

impl Call {
    /// The method of each.
    pub const METHOD: Method = Method::GET;

    /// The first page of the members of a group.
    #[must_use]
    pub const fn members(group: Guid, kind: Kind) -> Self {
        Self::Members {
            group,
            kind,
            page: None,
        }
    }

    /// The call for the link on a page of members to the next one. It stays at the same origin and path.
    ///
    /// # Errors
    ///
    /// When the link does not, or this is not a page of members.
    pub fn next_page(&self, origin: &Origin, link: &str) -> Result<Self, LinkError> {
        let Self::Members { group, kind, .. } = *self else {
            return Err(LinkError::OtherPath(Quoted::new(link).to_string()));
        };
        let path = members_path(group, kind);
        let target = GraphRoot::at(origin.clone()).page_at(&path, link)?;
        let query = target.split_once('?').map_or("", |(_, query)| query);
        Ok(Self::Members {
            group,
            kind,
            page: Some(Page(query.to_owned())),
        })
    }

    /// The further page that it reads, if it reads one.
    #[must_use]
    pub const fn page(&self) -> Option<&Page> {
        match self {
            Self::Group(_) | Self::Named(_) => None,
            Self::Members { page, .. } => page.as_ref(),
        }
    }

    /// Its path and query.
    #[must_use]
    pub fn target(&self) -> PathAndQuery {
        let text = match self {
            Self::Group(id) => format!("{ALL}/{id}?{SELECT}"),
            Self::Named(name) => format!("{ALL}?{FILTER}{}{FILTER_END}{SELECT}", name.encoded()),
            Self::Members { group, kind, page } => {
                let query = page.as_ref().map_or(kind.query(), Page::query);
                format!("{}?{query}", members_path(*group, *kind))
            }
        };
        text.try_into().expect(
            "fixed texts, GUIDs, an encoded name and what was a query before make a path and query",
        )
    }

    /// Reads a request, whatever its origin.
    ///
    /// Paths and queries are compared byte for byte, so that there is nothing to decode, fold or resolve, except in the
    /// name that is searched for, of which only one spelling is accepted.
    pub(super) fn read(proposal: &Proposal<'_>) -> Result<Self, Refusal> {
        let (path, query) = (proposal.uri.path(), proposal.uri.query());
        let call = match Place::read(path) {
            None => return Err(not_listed(proposal.method, path).into()),
            Some(Place::All) => query.and_then(named),
            Some(Place::Group(id)) => (query == Some(SELECT)).then_some(Self::Group(id)),
            Some(Place::Members(group, kind)) => query.and_then(page).map(|query| Self::Members {
                group,
                kind,
                page: (query != kind.query()).then(|| Page(query.to_owned())),
            }),
        };
        let call = call.ok_or_else(|| gate::Refusal::Query {
            query: Quoted::new(query.unwrap_or_default()),
        })?;
        expect_method(proposal, Self::METHOD)?;
        expect_no_body(proposal.body)?;
        Ok(call)
    }
}

/// A path at or below the collection of groups.
enum Place {
    All,
    Group(Guid),
    Members(Guid, Kind),
}

impl Place {
    fn read(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix(ALL)?.split('/').collect();
        Some(match segments[..] {
            [""] => Self::All,
            ["", id] => Self::Group(guid(id)?),
            ["", id, MEMBERS, cast] => Self::Members(guid(id)?, Kind::cast_to(cast)?),
            _ => return None,
        })
    }
}

fn members_path(group: Guid, kind: Kind) -> String {
    format!("{ALL}/{group}/{MEMBERS}/{}", kind.cast())
}

fn named(query: &str) -> Option<Call> {
    let rest = query.strip_prefix(FILTER)?.strip_suffix(SELECT)?;
    Name::decode(rest.strip_suffix(FILTER_END)?).map(Call::Named)
}

/// The query of a page, as long as a link may be.
fn page(query: &str) -> Option<&str> {
    (1..=LINK_MAX).contains(&query.len()).then_some(query)
}
