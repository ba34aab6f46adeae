//! What goes wrong, and how often: faults that have been seen of Graph (docs/graph-facts.md).

use serde::{Deserialize, Serialize};

use super::share::Share;

/// What goes wrong, and with which probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultsConfig {
    /// Statuses of failed responses.
    pub statuses: Vec<u16>,
    /// A single sync fails.
    pub single: Share,
    /// A `$batch` fails as a whole, before anything is executed.
    pub envelope: Share,
    /// An item of a `$batch` fails.
    pub item: Share,
    /// A page of the list fails.
    pub page: Share,
    /// An `executeAction` fails as a whole, before anything is executed.
    pub bulk: Share,
    /// A device of an `executeAction` is reported in `failedDeviceIds`.
    pub bulk_device: Share,
    /// A 503 carries a Retry-After.
    pub unavailable_retry_after: Share,
    /// The connection is closed without a response, before anything is executed.
    pub drop_before: Share,
    /// The connection is closed without a response, after everything was executed.
    pub drop_after: Share,
    /// A page of HTML with status 200 comes instead of the JSON of a list, a `$batch` or an `executeAction`, after
    /// everything was executed.
    pub html: Share,
    /// HTML is spliced into the JSON of the response to a `$batch`.
    pub html_spliced: Share,
    /// An error comes with status 200, before anything is executed.
    pub error_200: Share,
    /// JSON comes as no parser takes it: behind a byte order mark, with half a character, a raw control character and a
    /// byte that is not UTF-8 in its texts, with a key that comes twice, and where it has rows, with one that is null.
    pub mangled: Share,
    /// A page of HTML with status 403 comes from a proxy, before anything is executed.
    pub proxy_403: Share,
    /// An item is missing from the response to a `$batch`.
    pub item_lost: Share,
    /// The items of the response to a `$batch` are in another order.
    pub items_shuffled: Share,
    /// An item is executed although its status is 429.
    pub item_false_429: Share,
    /// A `$batch` fails with 424, before anything is executed.
    pub envelope_424: Share,
    /// How many attempts for a device can meet one of the faults above; later ones cannot. `None`: all can.
    pub first_attempts: Option<u16>,
}

impl Default for FaultsConfig {
    fn default() -> Self {
        Self {
            statuses: vec![500, 502, 503, 504],
            single: Share::NONE,
            envelope: Share::NONE,
            item: Share::NONE,
            page: Share::NONE,
            bulk: Share::NONE,
            bulk_device: Share::NONE,
            unavailable_retry_after: Share::percent(50),
            drop_before: Share::NONE,
            drop_after: Share::NONE,
            html: Share::NONE,
            html_spliced: Share::NONE,
            error_200: Share::NONE,
            mangled: Share::NONE,
            proxy_403: Share::NONE,
            item_lost: Share::NONE,
            items_shuffled: Share::NONE,
            item_false_429: Share::NONE,
            envelope_424: Share::NONE,
            first_attempts: None,
        }
    }
}

/// A fault of [`FaultsConfig`], as the statistics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A single sync failed.
    Single,
    /// A `$batch` failed as a whole.
    Envelope,
    /// An item of a `$batch` failed.
    Item,
    /// A page of the list failed.
    Page,
    /// An `executeAction` failed as a whole.
    Bulk,
    /// A device of an `executeAction` failed.
    BulkDevice,
    /// The connection was closed before anything was executed.
    DropBefore,
    /// The connection was closed after everything was executed.
    DropAfter,
    /// HTML came instead of JSON.
    Html,
    /// HTML was spliced into JSON.
    HtmlSpliced,
    /// An item was left out.
    ItemLost,
    /// Items were in another order.
    ItemsShuffled,
    /// An item was executed, with status 429.
    #[serde(rename = "item_false_429")]
    ItemFalse429,
    /// A `$batch` failed with 424.
    #[serde(rename = "envelope_424")]
    Envelope424,
    /// An error came with status 200.
    #[serde(rename = "error_200")]
    Error200,
    /// JSON came as no parser takes it.
    Mangled,
    /// A proxy refused a request.
    #[serde(rename = "proxy_403")]
    Proxy403,
}
