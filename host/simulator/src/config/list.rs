//! How the list of devices is paged.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::share::Share;

/// How the list is paged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListConfig {
    /// Devices on a page; a larger `$top` gives no more.
    pub page_size: NonZeroU32,
    /// Share of devices that are listed again on the next page.
    pub duplicates: Share,
    /// Share of devices that are missing from their page and appear on the next one.
    pub late: Share,
    /// Share of pages that are empty although more follow.
    pub empty_pages: Share,
    /// Where `@odata.nextLink` leads.
    pub next_link: NextLink,
    /// This page, counted from 1, always fails with 504.
    pub broken_page: Option<u32>,
    /// Whether every `$filter` is silently ignored, as Graph does with those it does not support.
    pub ignore_filters: bool,
    /// The status with which a `$filter` fails.
    pub filter_status: Option<u16>,
    /// The status with which a `$select` fails.
    pub select_status: Option<u16>,
    /// The status with which the first link to the second page fails, as if it had expired.
    pub expired_status: Option<u16>,
    /// `@odata.count`; the number of devices on the page if `None`.
    pub count: Option<u64>,
}

impl Default for ListConfig {
    fn default() -> Self {
        Self {
            page_size: NonZeroU32::new(1_000).expect("1,000 is not 0"),
            duplicates: Share::NONE,
            late: Share::NONE,
            empty_pages: Share::NONE,
            next_link: NextLink::Next,
            broken_page: None,
            ignore_filters: false,
            filter_status: None,
            select_status: None,
            expired_status: None,
            count: None,
        }
    }
}

/// Where `@odata.nextLink` leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextLink {
    /// To the next page; absent on the last one.
    Next,
    /// To the next page on another origin (`https://graph.example.com`), which must never get a token.
    OtherOrigin,
    /// To the page it is on, from the second page on, or from the last one if there is only one.
    Loop,
    /// Never ends: after the last page the first one follows again, under a new link.
    Endless,
    /// Never ends: after the last page come empty ones, each under a new link.
    EndlessEmpty,
    /// To the next page, with characters that a URL should not have.
    Raw,
    /// To the next page, by more than 16 KiB.
    Long,
    /// To the next page, by more than any server takes.
    TooLong,
    /// Nowhere, though there are more pages.
    Absent,
    /// To the next page, but as `odata.nextLink`.
    Renamed,
    /// To the next page, but as an object.
    Object,
}
