use core::{
    hash::{Hash, Hasher},
    time::Duration,
};
use std::{collections::BTreeSet, hash::DefaultHasher};

use intune_sync_graph::{GraphRoot, LinkError};

use crate::fleet::DEVICES_MAX;

/// Where the reading of the list stands: page after page, until one has no link to a next.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// Path and query of the page that is read next.
    pub(crate) path_and_query: String,
    /// Not before this time: the wait after a failed attempt.
    pub(crate) not_before: Duration,
    /// Failed attempts at this page.
    pub(crate) failures: u32,
    /// Pages read.
    pub(crate) pages: u32,
    /// The first page was asked for with a filter.
    pub(crate) filtered: bool,
    /// Digests of the links that were followed.
    followed: BTreeSet<u64>,
    /// Pages in a row that brought nothing new.
    barren: u32,
    /// Rows read: they bound a list without end, and the fleet with it.
    rows: u64,
}

/// Why the list cannot be read to its end.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ListingError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the list of devices loops: page {0} links to a page that was read before")]
    Loop(u32),
    #[error("the list of devices does not end: {0} pages in a row brought no new device")]
    Barren(u32),
    #[error("the list of devices does not end: {0} pages and {1} rows were read")]
    Endless(u32, u64),
}

impl Listing {
    /// An empty page can come in the middle of a list; so many in a row are no list.
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

    /// A page with so many rows was read, of which so many are not known to repeat an earlier one. Answers whether
    /// there is a next page.
    pub(crate) fn page(
        &mut self,
        root: &GraphRoot,
        rows: usize,
        new: u32,
        next_link: &str,
    ) -> Result<bool, ListingError> {
        self.pages += 1;
        self.failures = 0;
        self.not_before = Duration::ZERO;
        self.rows += rows as u64;
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        if next_link.is_empty() {
            return Ok(false);
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
        Ok(true)
    }
}

/// With fixed keys: the same link has the same digest in every run.
fn digest(link: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";

    fn listing() -> (Listing, GraphRoot) {
        let root = GraphRoot::parse("https://graph.microsoft.com").expect("a root");
        (
            Listing::new(
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
        let (mut listing, root) = listing();
        assert_eq!(listing.page(&root, 1000, 1000, &link(1)), Ok(true));
        assert_eq!(
            listing.path_and_query,
            "/v1.0/deviceManagement/managedDevices?$skiptoken=1"
        );
        assert_eq!(listing.page(&root, 3, 3, ""), Ok(false));
        assert_eq!(listing.pages, 2);
    }

    #[test]
    fn detects_loops_whether_to_itself_or_to_the_start() {
        let (mut listing, root) = listing();
        assert_eq!(listing.page(&root, 10, 10, &link(1)), Ok(true));
        assert_eq!(listing.page(&root, 10, 10, &link(2)), Ok(true));
        assert_eq!(
            listing.page(&root, 10, 10, &link(1)),
            Err(ListingError::Loop(3))
        );
        let (mut listing, root) = self::listing();
        let start = format!("{LIST}?$select=id");
        assert_eq!(
            listing.page(&root, 10, 10, &start),
            Err(ListingError::Loop(1))
        );
    }

    #[test]
    fn detects_lists_without_end() {
        let (mut listing, root) = listing();
        let barren = (1..)
            .map(|n| listing.page(&root, 1000, 0, &link(n)))
            .find(Result::is_err);
        assert_eq!(barren, Some(Err(ListingError::Barren(20))));
        let (mut listing, root) = self::listing();
        let endless = (1..)
            .map(|n| listing.page(&root, 1000, 1000, &link(n)))
            .find(Result::is_err);
        assert_eq!(endless, Some(Err(ListingError::Endless(2001, 2_001_000))));
        let (mut listing, root) = self::listing();
        let endless = (1..)
            .map(|n| listing.page(&root, 1, 1, &link(n)))
            .find(Result::is_err);
        assert_eq!(endless, Some(Err(ListingError::Endless(10_000, 10_000))));
    }
}
