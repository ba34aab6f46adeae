//! The rules as a table for people to read.

use intune_sync_graph::{FILTER_TEXT_MAX, Property, TOP_MAX};
use serde::Serialize;

use super::{
    BODY_LIMIT, LIST_RESPONSE_LIMIT, RESPONSE_LIMIT,
    batch::{BATCH_ITEMS, ITEM_ID_LENGTH},
    bulk::{ACTION, BULK_DEVICES},
    headers::DROPPED_HEADERS,
    target::{BATCH, BULK, LIST, QUERY_LENGTH, SYNC_PREFIX, SYNC_SUFFIX, SYNC_VERSION},
};
use crate::{
    custody,
    gate::CLIENT_REQUEST_ID,
    response::{KEPT_RESPONSE_HEADERS, RESPONSE_HEADER_LIMIT, RESPONSE_HEADERS_LIMIT},
};

/// A row of the table of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    /// What may pass: a request, a header, a response.
    pub what: String,
    /// Under which condition.
    pub condition: String,
}

/// All that may pass, made of the constants that [`Gate::check`](super::Gate) and [`Custody`](crate::Custody) work
/// with.
pub fn rules_table() -> Vec<Rule> {
    let mut table = gate_rules();
    table.extend(custody::rules());
    table
}

fn gate_rules() -> Vec<Rule> {
    let properties = Property::ALL.map(Property::name).join(", ");
    let sync = format!("{SYNC_PREFIX}{{guid}}{SYNC_SUFFIX}");
    let dropped = names(&DROPPED_HEADERS);
    let kept = names(&KEPT_RESPONSE_HEADERS);
    [
        ("any request".to_owned(), "to the configured Graph root only; https, or http on loopback".to_owned()),
        (
            format!("GET {LIST}"),
            format!(
                "the first page with `$select` of {properties}; `$filter` of `eq`, `le`, `ge` and `startswith` on these, with \
                 texts of at most {FILTER_TEXT_MAX} characters, joined by `and`; `$top` up to {TOP_MAX}; `$count=true`; \
                 written anew. A further page by the link that Graph gave, at most {QUERY_LENGTH} bytes. No body"
            ),
        ),
        (format!("POST {SYNC_VERSION}{sync}"), "no query, no body".to_owned()),
        (
            format!("POST {BATCH}"),
            format!(
                "no query; 1 to {BATCH_ITEMS} items, each exactly `id` (1 to {ITEM_ID_LENGTH} letters, digits or \
                 dashes, no two alike), `method` POST and `url` {sync}; they leave numbered"
            ),
        ),
        (
            format!("POST {BULK}"),
            format!(
                "under bulk dispatch only; no query; exactly `actionName` {ACTION} and `deviceIds`, 1 to \
                 {BULK_DEVICES} GUIDs"
            ),
        ),
        ("any POST".to_owned(), "never in a run that only plans".to_owned()),
        ("any other request".to_owned(), "never".to_owned()),
        (
            "a request's body".to_owned(),
            format!("read strictly, at most {BODY_LIMIT} bytes; what leaves is written anew"),
        ),
        ("header authorization".to_owned(), "required, once; the token is exchanged as the request leaves".to_owned()),
        (format!("header {CLIENT_REQUEST_ID}"), "at most once, a GUID; the host's own leaves instead".to_owned()),
        (format!("headers {dropped}"), "dropped; the host sets its own".to_owned()),
        ("any other header".to_owned(), "the request is refused".to_owned()),
        (
            "a response's headers".to_owned(),
            format!(
                "{kept} only; at most {RESPONSE_HEADER_LIMIT} bytes each and {RESPONSE_HEADERS_LIMIT} together; the \
                 others are dropped"
            ),
        ),
        (
            "a response's body".to_owned(),
            format!("at most {LIST_RESPONSE_LIMIT} bytes for a page of the list, {RESPONSE_LIMIT} for the others"),
        ),
    ]
    .map(|(what, condition)| Rule { what, condition })
    .into()
}

fn names(headers: &[http::HeaderName]) -> String {
    headers
        .iter()
        .map(http::HeaderName::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
