//! How far the list has been read: from page to page, without loops and without end.

use core::{
    hash::{Hash, Hasher},
    time::Duration,
};
use std::{collections::BTreeSet, hash::DefaultHasher};

use intune_sync_graph::{GraphRoot, LinkError};

use super::DEVICES_MAX;

/// The position in the list while it is read: page after page, until one has no link to a next.
#[derive(Debug, Clone)]
pub(crate) struct ListCursor {
    /// Path and query of the next page.
    pub(crate) path_and_query: String,
    /// The end of the wait after a failed attempt.
    pub(crate) not_before: Duration,
    /// Failed attempts to read this page.
    pub(crate) failures: u32,
    /// Pages read.
    pub(crate) pages: u32,
    /// The first page was requested with a filter.
    pub(crate) filtered: bool,
    /// Digests of the links followed so far.
    followed: BTreeSet<u64>,
    /// Pages in a row without a new device.
    barren: u32,
    /// Rows read: their limit bounds an endless list, and the fleet with it.
    rows: u64,
}

/// Whether the list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextPage {
    Follows,
    None,
}

/// Why the list cannot be read to its end.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ListingError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the list of devices loops: page {0} links back to an earlier page")]
    Loop(u32),
    #[error("the list of devices does not end: {0} pages in a row have no new device")]
    Barren(u32),
    #[error("the list of devices does not end: {0} pages and {1} rows were read")]
    Endless(u32, u64),
}

impl ListCursor {
    /// A list may contain an empty page, but not this many in a row.
    const BARREN_MAX: u32 = 20;
    const PAGES_MAX: u32 = 10_000;
    const ROWS_MAX: u64 = DEVICES_MAX as u64;

    pub(crate) fn new(first_page: String, filtered: bool) -> Self {
        let followed = BTreeSet::from([digest(&first_page)]);
        Self {
            path_and_query: first_page,
            not_before: Duration::ZERO,
            failures: 0,
            pages: 0,
            filtered,
            followed,
            barren: 0,
            rows: 0,
        }
    }

    /// Records a page: `rows` in total, `new` of them not seen before.
    pub(crate) fn record(
        &mut self,
        root: &GraphRoot,
        rows: usize,
        new: u32,
        next_link: &str,
    ) -> Result<NextPage, ListingError> {
        self.pages += 1;
        self.failures = 0;
        self.not_before = Duration::ZERO;
        self.rows += rows as u64;
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        if next_link.is_empty() {
            return Ok(NextPage::None);
        }
        let next = root.next_page(next_link)?;
        if !self.followed.insert(digest(&next)) {
            return Err(ListingError::Loop(self.pages));
        }
        if self.barren >= Self::BARREN_MAX {
            return Err(ListingError::Barren(self.barren));
        }
        if self.pages >= Self::PAGES_MAX || self.rows > Self::ROWS_MAX {
            return Err(ListingError::Endless(self.pages, self.rows));
        }
        self.path_and_query = next;
        Ok(NextPage::Follows)
    }
}

/// The keys are fixed: the same link has the same digest in every run.
fn digest(link: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";

    fn listing() -> (ListCursor, GraphRoot) {
        let root = GraphRoot::parse("https://graph.microsoft.com").expect("a root");
        (
            ListCursor::new(
                "/v1.0/deviceManagement/managedDevices?$select=id".to_owned(),
                false,
            ),
            root,
        )
    }

    fn link(n: u32) -> String {
        format!("{LIST}?$skiptoken={n}")
    }

    #[test]
    fn follows_links_to_the_last_page() {
        let (mut cursor, root) = listing();
        assert_eq!(
            cursor.record(&root, 1000, 1000, &link(1)),
            Ok(NextPage::Follows)
        );
        assert_eq!(
            cursor.path_and_query,
            "/v1.0/deviceManagement/managedDevices?$skiptoken=1"
        );
        assert_eq!(cursor.record(&root, 3, 3, ""), Ok(NextPage::None));
        assert_eq!(cursor.pages, 2);
    }

    #[test]
    fn detects_loops_whether_to_itself_or_to_the_start() {
        let (mut cursor, root) = listing();
        assert_eq!(
            cursor.record(&root, 10, 10, &link(1)),
            Ok(NextPage::Follows)
        );
        assert_eq!(
            cursor.record(&root, 10, 10, &link(2)),
            Ok(NextPage::Follows)
        );
        assert_eq!(
            cursor.record(&root, 10, 10, &link(1)),
            Err(ListingError::Loop(3))
        );
        let (mut cursor, root) = listing();
        let start = format!("{LIST}?$select=id");
        assert_eq!(
            cursor.record(&root, 10, 10, &start),
            Err(ListingError::Loop(1))
        );
    }

    #[test]
    fn detects_endless_lists() {
        let (mut cursor, root) = listing();
        let barren = (1..)
            .map(|n| cursor.record(&root, 1000, 0, &link(n)))
            .find(Result::is_err);
        assert_eq!(barren, Some(Err(ListingError::Barren(20))));
        let (mut cursor, root) = listing();
        let endless = (1..)
            .map(|n| cursor.record(&root, 1000, 1000, &link(n)))
            .find(Result::is_err);
        assert_eq!(endless, Some(Err(ListingError::Endless(2001, 2_001_000))));
        let (mut cursor, root) = listing();
        let endless = (1..)
            .map(|n| cursor.record(&root, 1, 1, &link(n)))
            .find(Result::is_err);
        assert_eq!(endless, Some(Err(ListingError::Endless(10_000, 10_000))));
    }
}
