//! The body of a `$batch`.

use std::borrow::Cow;

use intune_sync_ids::{Guid, Quoted};
use serde::{Deserialize, Serialize};

use super::{
    Refusal,
    json::{self, Object},
    target::{SYNC_PREFIX, SYNC_SUFFIX, sync_target},
};

/// The most items in a `$batch`, Graph's own limit.
pub const BATCH_ITEMS: usize = 20;

/// The most characters in an item's id: a GUID fits.
pub const ITEM_ID_LENGTH: usize = 36;

/// A sync in a `$batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchItem {
    /// The id by which the response of the proposal's item is known: 1 to [`ITEM_ID_LENGTH`] ASCII letters, digits and
    /// dashes. It does not leave: items are numbered.
    pub id: String,
    /// The device to be synced.
    pub device: Guid,
}

/// The body of a `$batch` as it is written on the wire.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Body<I> {
    requests: Vec<I>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Item<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
}

/// Reads a `$batch` in which every item is a sync.
pub(super) fn read(body: &[u8]) -> Result<Vec<BatchItem>, Refusal> {
    let Body { requests } = json::read::<Body<Object<Item<'_>>>>(body)?;
    if !(1..=BATCH_ITEMS).contains(&requests.len()) {
        return Err(Refusal::BatchItems {
            items: requests.len(),
        });
    }
    let mut items: Vec<BatchItem> = Vec::with_capacity(requests.len());
    for Object(item) in requests {
        let item = read_item(item)?;
        // Graph compares ids without regard to letter case.
        if items
            .iter()
            .any(|earlier| earlier.id.eq_ignore_ascii_case(&item.id))
        {
            return Err(Refusal::ItemIdTwice {
                id: Quoted::new(item.id),
            });
        }
        items.push(item);
    }
    Ok(items)
}

fn read_item(item: Item<'_>) -> Result<BatchItem, Refusal> {
    if item.method != "POST" {
        return Err(Refusal::ItemMethod {
            method: Quoted::new(item.method),
        });
    }
    let Some(device) = sync_target(&item.url) else {
        return Err(Refusal::ItemUrl {
            url: Quoted::new(item.url),
        });
    };
    let plain = item
        .id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plain || !(1..=ITEM_ID_LENGTH).contains(&item.id.len()) {
        return Err(Refusal::ItemId {
            id: Quoted::new(item.id),
        });
    }
    Ok(BatchItem {
        id: item.id.into_owned(),
        device,
    })
}

/// Writes a `$batch` of these syncs, whose ids are `1`, `2`, …
pub(super) fn write(items: &[BatchItem]) -> Vec<u8> {
    let requests = items
        .iter()
        .zip(1..)
        .map(|(item, number): (_, usize)| Item {
            id: number.to_string().into(),
            method: "POST".into(),
            url: format!("{SYNC_PREFIX}{}{SYNC_SUFFIX}", item.device).into(),
        })
        .collect();
    json::write(&Body { requests })
}
