//! Which page of the list a request reads.

use intune_sync_graph::{ListQuery, Properties};
use intune_sync_ids::Quoted;

use super::{Refusal, target::QUERY_LENGTH};

/// A read of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListRead {
    /// The first page, by a query of the grammar (`intune_sync_graph::ListQuery`), which is written anew.
    First(ListQuery),
    /// A page by another query: one that Graph has given as the link to a further page, to the letter, or none that may
    /// leave. [`Custody`](crate::Custody) knows, without which no request of a run is sent.
    Further(String),
}

impl ListRead {
    /// Reads the query of a request for a page.
    pub(super) fn of(query: &str) -> Result<Self, Refusal> {
        if query.len() > QUERY_LENGTH {
            return Err(Refusal::QueryLength {
                length: query.len(),
            });
        }
        if !query.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::QueryCharacter {
                query: Quoted::new(query),
            });
        }
        Ok(match ListQuery::read(query) {
            Ok(query) => Self::First(query),
            Err(_) => Self::Further(query.to_owned()),
        })
    }

    /// Names these properties too, where it names properties. Returns whether it does.
    pub(crate) fn also_select(&mut self, properties: Properties) -> bool {
        match self {
            Self::First(query) if query.select != Properties::default() => {
                query.select = query.select.and(properties);
                true
            }
            Self::First(_) | Self::Further(_) => false,
        }
    }

    /// The query as it leaves; empty if there is none.
    pub fn query(&self) -> String {
        match self {
            Self::First(query) => query.to_string(),
            Self::Further(query) => query.clone(),
        }
    }
}
