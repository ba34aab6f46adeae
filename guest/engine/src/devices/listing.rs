//! How far the list has been read: from page to page, without loops and without end.

use core::{
    hash::{Hash, Hasher},
    time::Duration,
};
use std::{collections::BTreeSet, hash::DefaultHasher};

use intune_sync_graph::{
    GraphRoot, LinkError, ListExtent, NextLink, PAGES_MAX, Page, ROWS_MAX, Shortfall,
};
use intune_sync_selection::QueryForm;

/// The position in the list while it is read: page after page, until one has no link to a next.
#[derive(Debug, Clone)]
pub(crate) struct ListCursor {
    /// Path and query of the next page.
    pub(crate) path_and_query: String,
    /// The end of the wait after a failed attempt.
    pub(crate) not_before: Duration,
    /// Failed attempts to read this page.
    pub(crate) failures: u32,
    /// Each of them may be due to the query.
    pub(crate) may_be_the_query: bool,
    /// Pages read.
    pub(crate) pages: u32,
    /// The form of the first page's query.
    pub(crate) form: QueryForm,
    /// Digests of the links followed so far.
    followed: BTreeSet<u64>,
    /// Pages in a row without a new device.
    barren: u32,
    /// The limit of its rows bounds an endless list, and the fleet with it.
    extent: ListExtent,
}

/// Whether the list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextPage {
    Follows,
    /// This was the last one, with what is missing if the list says that it has more.
    None(Option<Shortfall>),
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

    pub(crate) fn new(first_page: String, form: QueryForm) -> Self {
        let followed = BTreeSet::from([digest(&first_page)]);
        Self {
            path_and_query: first_page,
            not_before: Duration::ZERO,
            failures: 0,
            may_be_the_query: true,
            pages: 0,
            form,
            followed,
            barren: 0,
            extent: ListExtent::default(),
        }
    }

    /// Records a page, of which `new` rows were not seen before.
    pub(crate) fn record(
        &mut self,
        root: &GraphRoot,
        page: &Page<'_>,
        new: usize,
    ) -> Result<NextPage, ListingError> {
        self.pages += 1;
        self.failures = 0;
        self.not_before = Duration::ZERO;
        let shortfall = self.extent.add(page);
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        let next = match &page.next {
            NextLink::Url(link) => root.next_page(link)?,
            NextLink::Unusable | NextLink::None => return Ok(NextPage::None(shortfall)),
        };
        if !self.followed.insert(digest(&next)) {
            return Err(ListingError::Loop(self.pages));
        }
        if self.barren >= Self::BARREN_MAX {
            return Err(ListingError::Barren(self.barren));
        }
        let rows = self.extent.rows();
        if self.pages >= PAGES_MAX || rows > u64::from(ROWS_MAX) {
            return Err(ListingError::Endless(self.pages, rows));
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
    use intune_sync_graph::DeviceRow;

    use super::*;

    const LIST: &str = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";

    fn listing() -> (ListCursor, GraphRoot) {
        let root = GraphRoot::parse("https://graph.microsoft.com").expect("a root");
        (
            ListCursor::new(
                "/v1.0/deviceManagement/managedDevices?$select=id".to_owned(),
                QueryForm::Selected,
            ),
            root,
        )
    }

    fn link(n: u32) -> String {
        format!("{LIST}?$skiptoken={n}")
    }

    /// Records a page with this many rows and this link.
    fn record(
        cursor: &mut ListCursor,
        root: &GraphRoot,
        (rows, new): (usize, usize),
        link: &str,
    ) -> Result<NextPage, ListingError> {
        let next = match link {
            "" => NextLink::None,
            link => NextLink::Url(link.to_owned()),
        };
        cursor.record(root, &page(rows, next, None), new)
    }

    fn page(rows: usize, next: NextLink, count: Option<u64>) -> Page<'static> {
        let value = (0..rows).map(|_| DeviceRow::default()).collect();
        Page::of(value, next, count)
    }

    #[test]
    fn follows_links_to_the_last_page() {
        let (mut cursor, root) = listing();
        assert_eq!(
            record(&mut cursor, &root, (1000, 1000), &link(1)),
            Ok(NextPage::Follows)
        );
        assert_eq!(
            cursor.path_and_query,
            "/v1.0/deviceManagement/managedDevices?$skiptoken=1"
        );
        assert_eq!(
            record(&mut cursor, &root, (3, 3), ""),
            Ok(NextPage::None(None))
        );
        assert_eq!(cursor.pages, 2);
    }

    #[test]
    fn detects_loops_whether_to_itself_or_to_the_start() {
        let (mut cursor, root) = listing();
        assert_eq!(
            record(&mut cursor, &root, (10, 10), &link(1)),
            Ok(NextPage::Follows)
        );
        assert_eq!(
            record(&mut cursor, &root, (10, 10), &link(2)),
            Ok(NextPage::Follows)
        );
        assert_eq!(
            record(&mut cursor, &root, (10, 10), &link(1)),
            Err(ListingError::Loop(3))
        );
        let (mut cursor, root) = listing();
        let start = format!("{LIST}?$select=id");
        assert_eq!(
            record(&mut cursor, &root, (10, 10), &start),
            Err(ListingError::Loop(1))
        );
    }

    #[test]
    fn detects_endless_lists() {
        let (mut cursor, root) = listing();
        let barren = (1..)
            .map(|n| record(&mut cursor, &root, (1000, 0), &link(n)))
            .find(Result::is_err);
        assert_eq!(barren, Some(Err(ListingError::Barren(20))));
        let (mut cursor, root) = listing();
        let endless = (1..)
            .map(|n| record(&mut cursor, &root, (1000, 1000), &link(n)))
            .find(Result::is_err);
        assert_eq!(endless, Some(Err(ListingError::Endless(2001, 2_001_000))));
        let (mut cursor, root) = listing();
        let endless = (1..)
            .map(|n| record(&mut cursor, &root, (1, 1), &link(n)))
            .find(Result::is_err);
        assert_eq!(endless, Some(Err(ListingError::Endless(10_000, 10_000))));
    }

    #[test]
    fn a_list_that_is_shorter_than_it_says_is_noticed() {
        let (mut cursor, root) = listing();
        let first = page(40, NextLink::Url(link(1)), Some(949));
        assert_eq!(cursor.record(&root, &first, 40), Ok(NextPage::Follows));
        let shortfall = Shortfall {
            listed: 948,
            counted: Some(949),
        };
        let last = page(908, NextLink::None, None);
        let recorded = cursor.record(&root, &last, 908);
        assert_eq!(recorded, Ok(NextPage::None(Some(shortfall))));
    }
}
