//! The shapes of Microsoft Graph: paths, pages, batches, the bulk action, errors, `Retry-After`, and what a status
//! means.
//!
//! No I/O, no clock, no randomness: the program and the components build this crate alike.

pub mod approval;
mod batch;
mod error;
mod execute_action;
mod extent;
mod list_query;
mod page;
mod property;
pub mod retry_after;
pub mod roles;
mod root;
mod sync_device;
mod tolerant;
mod verdict;

pub use batch::{BATCH_MAX, BATCH_PATH, BatchResponse, ItemResponse, batch_body, read_batch};
pub use error::{GraphError, Source};
pub use execute_action::{BULK_MAX, BULK_PATH, BulkOutcome, BulkResponse, bulk_body, read_bulk};
pub use extent::{ListExtent, Shortfall};
pub use list_query::{
    Clause, FILTER_TEXT_MAX, FilterText, FilterTime, ListQuery, ListQueryError, TOP_MAX,
};
pub use page::{DeviceRow, NextLink, PAGES_MAX, Page, ROWS_MAX};
pub use property::{Properties, Property};
pub use root::{GraphRoot, LINK_MAX, LIST_PATH, LinkError};
pub use sync_device::sync_path;
pub use tolerant::{Text, read_json};
pub use verdict::{
    Missing, OUTAGE_FAILURES, Requested, TOKEN_REFUSALS_MAX, Verdict, judge, judge_response,
    may_be_the_query,
};

/// The first `most` characters of a text.
#[must_use]
pub fn shortened(text: &str, most: usize) -> &str {
    // No text has more characters than bytes.
    if text.len() <= most {
        return text;
    }
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| &text[..end])
}
