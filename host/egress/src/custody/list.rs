//! How far the list has been read: which page may be requested, and how often.

use intune_sync_graph::{
    Clause, DeviceRow, GraphRoot, LIST_PATH, ListExtent, ListQuery, NextLink, PAGES_MAX, Page,
    Properties, ROWS_MAX, Shortfall, Verdict,
};
use intune_sync_ids::Quoted;
use intune_sync_selection::{Criteria, QueryForm, Selection, list_query, properties};

use super::Refusal;
use crate::gate::sync::ListRead;

/// The most reads of the list in a run, whatever explains them: a list and one that begins again, each of as many pages
/// as are followed, and as many throttled responses.
pub const READS_MAX: u32 = 4 * PAGES_MAX;
/// How many forms of the first page's query there are: a refused one is followed by a simpler one.
const FORMS: u32 = QueryForm::ALL.len() as u32;

/// What may be read of the list, and what has been.
#[derive(Debug)]
pub(super) struct List {
    root: GraphRoot,
    /// The properties that the run selects by and shows.
    properties: Properties,
    /// The comparisons that follow from the selection.
    clauses: Vec<Clause>,
    /// Requests for one page that may fail.
    attempts: u32,
    /// How often the list was begun.
    round: u32,
    /// Pages of this round that have come.
    pages: u32,
    /// Of this round.
    extent: ListExtent,
    /// What the list of this round is short of what it says, once it has been read to its end.
    shortfall: Option<Shortfall>,
    next: Next,
    /// Graph has refused the link to a next page: the list may be begun again, once.
    may_restart: bool,
    restarted: bool,
    /// Requests for the present page that are on their way, or have failed.
    spent: u32,
    reads: u32,
}

/// Which page comes next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    First,
    /// By this query.
    Link(String),
    /// There is none: the list is complete.
    None,
}

/// A page that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    round: u32,
    page: u32,
}

/// What a page means for the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageOf {
    /// The list has begun: what was known of it before does not count.
    NewList,
    /// The list goes on.
    SameList,
    /// It was read before, by a request that came between: its rows are known.
    Known,
}

impl List {
    pub(super) fn new(
        root: GraphRoot,
        selection: &Selection,
        criteria: &Criteria,
        max_retries: u32,
    ) -> Self {
        let query = list_query(selection, criteria, QueryForm::Filtered);
        Self {
            root,
            properties: properties(selection),
            clauses: query.filter,
            attempts: max_retries.saturating_add(1),
            round: 0,
            pages: 0,
            extent: ListExtent::default(),
            shortfall: None,
            next: Next::First,
            may_restart: false,
            restarted: false,
            spent: 0,
            reads: 0,
        }
    }

    /// The properties that the run selects by and shows.
    pub(super) fn properties(&self) -> Properties {
        self.properties
    }

    /// Whether the list has been read to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.next == Next::None
    }

    /// What the list is short of what it says, where it has been read to its end.
    pub(super) fn shortfall(&self) -> Option<Shortfall> {
        self.shortfall
    }

    /// Whether a page may be requested.
    ///
    /// # Errors
    ///
    /// When its query is not this run's, it is not the next one, or it was requested too often.
    pub(super) fn check(&self, read: &ListRead) -> Result<(), Refusal> {
        let is_first = match read {
            ListRead::First(query) => {
                self.check_query(query)?;
                true
            }
            ListRead::Further(query) => {
                self.check_link(query)?;
                false
            }
        };
        if is_first && self.next != Next::First && !self.may_restart {
            return Err(Refusal::ListAgain);
        }
        let most = match is_first {
            true => self.attempts.saturating_mul(FORMS),
            false => self.attempts,
        };
        // One more: a request that its sender has cancelled may not have ended yet.
        let is_endless = self.pages >= PAGES_MAX || self.extent.rows() > u64::from(ROWS_MAX);
        if self.spent > most || self.reads >= READS_MAX || is_endless && !is_first {
            return Err(Refusal::Reads);
        }
        Ok(())
    }

    fn check_query(&self, query: &ListQuery) -> Result<(), Refusal> {
        let unread = |property| !self.properties.contains(property);
        if let Some(property) = query.select.iter().find(|property| unread(*property)) {
            return Err(Refusal::Property(property.name()));
        }
        match query
            .filter
            .iter()
            .find(|clause| !self.clauses.contains(clause))
        {
            Some(clause) => Err(Refusal::Clause(Quoted::new(clause.to_string()))),
            None => Ok(()),
        }
    }

    fn check_link(&self, query: &str) -> Result<(), Refusal> {
        match &self.next {
            Next::Link(link) if link == query => Ok(()),
            _ if query.contains("$skiptoken") => Err(Refusal::Link(Quoted::new(query))),
            // It says why it is not a query of a first page, unless it is one, which is not this.
            _ => {
                ListQuery::read(query)?;
                Err(Refusal::ListAgain)
            }
        }
    }

    /// A page that [`check`](Self::check) has passed is requested.
    pub(super) fn begin(&mut self, read: &ListRead) -> Reading {
        let is_first = matches!(read, ListRead::First(_));
        if is_first && self.next != Next::First {
            self.may_restart = false;
            self.restarted = true;
            self.round += 1;
            self.pages = 0;
            self.extent = ListExtent::default();
            self.shortfall = None;
            self.next = Next::First;
            self.spent = 0;
        }
        self.reads += 1;
        self.spent += 1;
        Reading {
            round: self.round,
            page: self.pages,
        }
    }

    /// The request never left.
    pub(super) fn withdraw(&mut self, reading: Reading) {
        self.reads -= 1;
        self.free(reading);
    }

    /// The response is not a page.
    pub(super) fn failed(&mut self, reading: Reading, verdict: Verdict) {
        match verdict {
            Verdict::Throttled | Verdict::TokenRefused => self.free(reading),
            // Without effect on a first page, which may be requested anyway.
            Verdict::QueryRefused if self.is_present(reading) => {
                self.may_restart = !self.restarted;
            }
            _ => {}
        }
    }

    /// The response is a page.
    pub(super) fn page(&mut self, reading: Reading, page: &Page<'_>) -> PageOf {
        if !self.is_present(reading) {
            return PageOf::Known;
        }
        self.pages += 1;
        self.shortfall = self.extent.add(page);
        self.spent = 0;
        // The link was good after all.
        self.may_restart = false;
        self.next = match &page.next {
            NextLink::Url(link) => match self.root.next_page(link) {
                Ok(target) => Next::Link(query_of(&target).to_owned()),
                // The list cannot be read any further, nor is it complete.
                Err(_) => Next::Link(String::new()),
            },
            NextLink::Unusable | NextLink::None => Next::None,
        };
        match reading.page {
            0 => PageOf::NewList,
            _ => PageOf::SameList,
        }
    }

    /// Another request for the page is not one too many.
    fn free(&mut self, reading: Reading) {
        if self.is_present(reading) {
            self.spent = self.spent.saturating_sub(1);
        }
    }

    fn is_present(&self, reading: Reading) -> bool {
        reading.round == self.round && reading.page == self.pages
    }
}

/// The query in a path and query of the list.
fn query_of(target: &str) -> &str {
    let query = target.strip_prefix(LIST_PATH).unwrap_or_default();
    query.strip_prefix('?').unwrap_or_default()
}

/// The page as the component gets it: its devices with these properties, and what it says of the pages after it.
pub(super) fn handed_on(page: &Page<'_>, properties: Properties) -> Vec<u8> {
    let mut body = Vec::with_capacity(page.value.len() * 256 + 256);
    body.push(b'{');
    if let Some(count) = page.count {
        body.extend_from_slice(format!(r#""@odata.count":{count},"#).as_bytes());
    }
    match &page.next {
        NextLink::None => {}
        NextLink::Url(link) => {
            body.extend_from_slice(br#""@odata.nextLink":"#);
            text(&mut body, link);
            body.push(b',');
        }
        NextLink::Unusable => body.extend_from_slice(br#""@odata.nextLink":{},"#),
    }
    body.extend_from_slice(br#""value":["#);
    for (at, device) in page.value.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        row(&mut body, device, properties);
    }
    body.extend_from_slice(b"]}");
    body
}

fn row(body: &mut Vec<u8>, device: &DeviceRow<'_>, properties: Properties) {
    let mut separator = b'{';
    for property in properties.iter() {
        let value = device.text(property);
        if value.is_empty() {
            continue;
        }
        body.push(separator);
        separator = b',';
        body.push(b'"');
        body.extend_from_slice(property.name().as_bytes());
        body.extend_from_slice(b"\":");
        text(body, value);
    }
    if separator == b'{' {
        body.push(b'{');
    }
    body.push(b'}');
}

/// Writes a JSON string.
fn text(body: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(body, text).expect("a vector takes everything, and a text is JSON");
}

#[cfg(test)]
mod tests {
    use std::{iter, time::Duration};

    use intune_sync_selection::Selector;

    use super::*;

    fn list() -> List {
        let selection = Selection::default();
        let root = GraphRoot::parse("https://graph.microsoft.com").expect("a root");
        let selector = Selector::new(&selection, Duration::ZERO);
        List::new(root, &selection, selector.criteria(), 0)
    }

    fn first() -> ListRead {
        ListRead::First(ListQuery::read("").expect("a query"))
    }

    fn further() -> ListRead {
        ListRead::Further("$skiptoken=x".to_owned())
    }

    /// A page of these rows with the link that [`further`] follows.
    fn linked(rows: &str) -> String {
        format!(
            r#"{{"@odata.nextLink":"https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?$skiptoken=x","value":[{rows}]}}"#
        )
    }

    /// Requests this page twice: the first request is throttled, and `last` is what the second one brings.
    fn read_twice(list: &mut List, read: &ListRead, last: Result<&Page<'_>, Verdict>) {
        for response in [Err(Verdict::Throttled), last] {
            list.check(read).expect("a throttled response explains it");
            let reading = list.begin(read);
            match response {
                Ok(page) => {
                    list.page(reading, page);
                }
                Err(verdict) => list.failed(reading, verdict),
            }
        }
    }

    #[test]
    fn the_longest_list_is_read_even_if_it_begins_again_and_each_page_is_throttled() {
        let mut list = list();
        let page = linked("");
        let page = Page::read(page.as_bytes()).expect("a page");
        let end = Page::read(br#"{"value":[]}"#).expect("a page");
        for last in [Err(Verdict::QueryRefused), Ok(&end)] {
            read_twice(&mut list, &first(), Ok(&page));
            for _ in 2..PAGES_MAX {
                read_twice(&mut list, &further(), Ok(&page));
            }
            read_twice(&mut list, &further(), last);
        }
        assert!(list.is_complete());
    }

    /// An empty page may end it: Graph sends one where a page was filled to the last row.
    #[test]
    fn behind_the_most_devices_there_may_be_one_more_page() {
        let rows = |count: u32| {
            let rows = vec!["7"; count as usize].join(",");
            linked(&rows)
        };
        let (many, one) = (rows(ROWS_MAX / 100), rows(1));
        let many = Page::read(many.as_bytes()).expect("a page");
        let one = Page::read(one.as_bytes()).expect("a page");
        let mut list = list();
        let mut read = first();
        for page in iter::repeat_n(&many, 100).chain([&one]) {
            list.check(&read).expect("no more than the most have come");
            let reading = list.begin(&read);
            list.page(reading, page);
            read = further();
        }
        assert!(matches!(list.check(&further()), Err(Refusal::Reads)));
    }

    /// A request that its sender has cancelled may still get its response.
    #[test]
    fn a_response_that_comes_late_changes_nothing() {
        let page = linked("");
        let page = Page::read(page.as_bytes()).expect("a page");
        let mut list = list();
        let [late_first, reading] = [(); 2].map(|()| list.begin(&first()));
        list.page(reading, &page);
        let [late_second, reading] = [(); 2].map(|()| list.begin(&further()));
        list.page(reading, &page);
        // The link to a page that is known already is refused.
        list.failed(late_second, Verdict::QueryRefused);
        assert_eq!(list.check(&first()), Err(Refusal::ListAgain));
        let reading = list.begin(&further());
        list.failed(reading, Verdict::QueryRefused);
        list.check(&first()).expect("this link was the next one");
        let again = list.begin(&first());
        // The first page of the list before this one.
        assert_eq!(list.page(late_first, &page), PageOf::Known);
        assert_eq!(list.page(again, &page), PageOf::NewList);
    }

    #[test]
    fn requests_that_never_leave_do_not_count() {
        let mut list = list();
        for _ in 0..READS_MAX {
            list.check(&first()).expect("nothing has left");
            let reading = list.begin(&first());
            list.withdraw(reading);
        }
        assert_eq!(list.check(&first()), Ok(()));
    }

    #[test]
    fn a_list_that_is_always_throttled_is_left_off() {
        let mut list = list();
        for _ in 0..READS_MAX {
            list.check(&first()).expect("throttled before");
            let reading = list.begin(&first());
            list.failed(reading, Verdict::Throttled);
        }
        assert!(matches!(list.check(&first()), Err(Refusal::Reads)));
    }
}
