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

#[cfg(test)]
mod tests {
    use intune_sync_graph::Property;

    use super::*;

    #[test]
    fn only_a_first_page_that_names_properties_is_asked_for_more() {
        let more = Properties::default().with(Property::ComplianceState);
        let asked = |query| {
            let mut read = ListRead::of(query).expect("it may be read");
            (read.also_select(more), read.query())
        };
        assert_eq!(
            asked("$select=id,deviceName"),
            (true, "$select=id,deviceName,complianceState".to_owned())
        );
        // Without a `$select`, the response has all properties; a further page is as its link says.
        for query in ["", "$top=100", "$select=id&$skiptoken=a"] {
            assert_eq!(asked(query), (false, query.to_owned()));
        }
    }
}
