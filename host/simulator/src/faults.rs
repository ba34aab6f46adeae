//! The faults that can be met, and whether one is.

use serde::{Deserialize, Serialize};

use crate::config::Share;
use crate::dice::Dice;
use crate::statistics::Ledger;

/// A fault of [`crate::FaultsConfig`] or [`crate::ListConfig`], as the statistics name it.
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
    /// The connection was closed before anything was carried out.
    DropBefore,
    /// The connection was closed after all was carried out.
    DropAfter,
    /// HTML came in place of JSON.
    Html,
    /// HTML was spliced into JSON.
    HtmlSpliced,
    /// An item was left out.
    ItemLost,
    /// Items came in another order.
    ItemsShuffled,
    /// An item was carried out and answered 429.
    #[serde(rename = "item_false_429")]
    ItemFalse429,
    /// A `$batch` was answered 424.
    #[serde(rename = "envelope_424")]
    Envelope424,
}

/// Whether `fault`, which has probability `share`, is met by `subject`; counted when it is.
pub(crate) fn met(
    ledger: &mut Ledger,
    dice: Dice,
    fault: Fault,
    share: Share,
    subject: u64,
) -> bool {
    let met = dice.chance(share, fault, subject);
    if met {
        ledger.fault(fault);
    }
    met
}
