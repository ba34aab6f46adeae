//! What Microsoft Graph is asked, and what its answers mean: paths, bodies, errors, statuses.

mod batch;
mod error;
mod execute_action;
mod page;
pub mod retry_after;
mod root;
mod sync_device;
mod tolerant;
mod verdict;

pub(crate) use batch::{BATCH_MAX, BATCH_PATH, BatchAnswer, ItemAnswer, batch_body, read_batch};
pub(crate) use error::GraphError;
pub(crate) use execute_action::{
    BULK_MAX, BULK_PATH, BulkAnswer, BulkOutcome, bulk_body, read_bulk,
};
pub(crate) use page::{DeviceRow, Page};
pub(crate) use root::{GraphRoot, LIST_PATH, LinkError, list_query};
pub(crate) use sync_device::sync_path;
pub(crate) use tolerant::read_json;
pub(crate) use verdict::{Verdict, judge};

/// The first `most` characters of a text.
pub(crate) fn shortened(text: &str, most: usize) -> &str {
    // No text has more characters than bytes.
    if text.len() <= most {
        return text;
    }
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| &text[..end])
}
