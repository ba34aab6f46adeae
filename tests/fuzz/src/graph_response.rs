//! The body of a response of Graph, to each of its readers: a page, a batch, a bulk action, an error.

use std::fmt::Debug;

use intune_sync_graph::{BATCH_MAX, GraphError, NextLink, Page, read_batch, read_bulk};
use intune_sync_ids::Guid;

pub(crate) fn run(body: &[u8]) -> bool {
    let page = both(body, |body| {
        Page::read(body).map(|page| {
            // A row takes two bytes at least.
            assert!(page.value.len() <= body.len() / 2);
            if let NextLink::Url(link) = &page.next {
                assert!(!link.is_empty());
            }
            format!("{page:?}")
        })
    });
    let batch = both(body, |body| {
        read_batch(body, BATCH_MAX).inspect(|batch| {
            assert_eq!(batch.items.len(), BATCH_MAX);
            assert!(batch.strays.len() <= body.len() / 2);
        })
    });
    let bulk = both(body, |body| {
        read_bulk(body).inspect(|bulk| assert!(bulk.of(Guid::random(7)).is_none()))
    });
    let error = both(body, |body| {
        let error = GraphError::read(body, &[]);
        let shown = error.to_string();
        assert!(!shown.contains(char::is_control), "{shown:?}");
        // The longest code, the longest message that is shown, and the longest request id.
        assert!(shown.chars().count() <= 1_000 + 300 + 100 + 20, "{shown:?}");
        error
    });
    page.is_some() || batch.is_some() || bulk.is_some() || error != GraphError::default()
}

/// What is read is the same behind a byte order mark.
fn both<T: Debug + PartialEq>(body: &[u8], read: impl Fn(&[u8]) -> T) -> T {
    const MARK: &[u8] = b"\xef\xbb\xbf";

    let plain = read(body);
    if !body.starts_with(MARK) {
        assert_eq!(read(&[MARK, body].concat()), plain);
    }
    plain
}
