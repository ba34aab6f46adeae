//! `$batch`: the body of a batch of syncs, and the response to it, item by item.
//!
//! What is known of it: docs/graph-facts.md#batches.

use std::borrow::Cow;

use intune_sync_ids::Guid;
use serde::de::{IgnoredAny, MapAccess, SeqAccess};
use serde_json::Value;

use crate::tolerant::{Read, Text, Tolerant, read_json};

/// The path of JSON batches.
pub const BATCH_PATH: &str = "/v1.0/$batch";
/// The most items that a batch may have.
pub const BATCH_MAX: usize = 20;

/// The body of a batch of syncs. Item ids are `1`, `2`, … in the order given.
#[must_use]
pub fn batch_body(devices: &[Guid]) -> String {
    let mut body = String::from(r#"{"requests":["#);
    for (device, id) in devices.iter().zip(1_usize..) {
        body.push_str(if id == 1 { r#"{"id":""# } else { r#",{"id":""# });
        body.push_str(&id.to_string());
        body.push_str(r#"","method":"POST","url":"/deviceManagement/managedDevices/"#);
        body.push_str(device.text().as_str());
        body.push_str(r#"/syncDevice"}"#);
    }
    body.push_str("]}");
    body
}

/// The response to one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemResponse {
    /// Its status.
    pub status: u16,
    /// Its headers, as they come.
    pub headers: Vec<(String, String)>,
    /// Its body; null if it has none.
    pub body: Value,
}

/// The response to a batch.
#[derive(Debug, PartialEq)]
pub struct BatchResponse {
    /// In the order in which the items were given; `None` for an item that the response leaves out, or whose part of it
    /// cannot be read.
    pub items: Vec<Option<ItemResponse>>,
    /// Responses that belong to no item: the id is missing, unknown or repeated. They say nothing about a device, but a
    /// wait that one of them names applies to the app.
    pub strays: Vec<ItemResponse>,
}

/// Reads the response to a batch of `count` items; `None` when it is not one. Graph responds in any order.
#[must_use]
pub fn read_batch(body: &[u8], count: usize) -> Option<BatchResponse> {
    let Read(Envelope(responses)) = read_json(body).ok()?;
    let (mut items, mut strays) = (vec![None; count], Vec::new());
    for Response { id, item } in responses? {
        let id = id.and_then(|id| usize::try_from(id).ok()?.checked_sub(1));
        match id.and_then(|id| items.get_mut(id)) {
            Some(place @ None) => *place = item,
            _ => strays.extend(item),
        }
    }
    Some(BatchResponse { items, strays })
}

/// The responses of an envelope, if it has them.
#[derive(Default)]
struct Envelope(Option<Vec<Response>>);

impl<'de> Tolerant<'de> for Envelope {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut responses = Responses::default();
        while let Some(Text(key)) = object.next_key()? {
            match &*key {
                "responses" => Read(responses) = object.next_value()?,
                _ => IgnoredAny = object.next_value()?,
            }
        }
        Ok(Self(responses.0))
    }
}

/// `None` if there is no array.
#[derive(Default)]
struct Responses(Option<Vec<Response>>);

impl<'de> Tolerant<'de> for Responses {
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut responses = Vec::new();
        while let Some(Read(response)) = array.next_element()? {
            responses.push(response);
        }
        Ok(Self(Some(responses)))
    }
}

/// A response and the id of its item, as far as they can be read.
#[derive(Default)]
struct Response {
    id: Option<u64>,
    /// `None` without a status.
    item: Option<ItemResponse>,
}

impl<'de> Tolerant<'de> for Response {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut id, mut status) = (Number::default(), Number::default());
        let (mut headers, mut body) = (Headers::default(), Value::Null);
        while let Some(Text(key)) = object.next_key()? {
            match &*key {
                "id" => Read(id) = object.next_value()?,
                "status" => Read(status) = object.next_value()?,
                "headers" => Read(headers) = object.next_value()?,
                "body" => body = object.next_value()?,
                _ => IgnoredAny = object.next_value()?,
            }
        }
        let status = status.0.and_then(|status| status.try_into().ok());
        let item = status.map(|status| ItemResponse {
            status,
            headers: headers.0,
            body,
        });
        Ok(Self { id: id.0, item })
    }
}

/// A number, or a text that is one.
#[derive(Default)]
struct Number(Option<u64>);

impl<'de> Tolerant<'de> for Number {
    fn number(number: u64) -> Self {
        Self(Some(number))
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self(text.parse().ok())
    }
}

#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl<'de> Tolerant<'de> for Headers {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut headers = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            // `Retry-After` comes as a number, too.
            let value = match object.next_value()? {
                Value::String(text) => text,
                other => other.to_string(),
            };
            headers.push((name, value));
        }
        Ok(Self(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_the_items() {
        let ids: Vec<Guid> = (1..=2).map(Guid::random).collect();
        let body: Value = serde_json::from_str(&batch_body(&ids)).expect("JSON");
        let items = body["requests"].as_array().expect("items");
        assert_eq!(items.len(), 2);
        assert_eq!(items[1]["id"], "2");
        assert_eq!(items[1]["method"], "POST");
        assert_eq!(
            items[1]["url"],
            "/deviceManagement/managedDevices/00000000-0000-4000-8000-000000000002/syncDevice"
        );
    }

    #[test]
    fn matches_by_id_in_any_order() {
        let body = br#"{"responses":[
            {"id":"3","status":429,"headers":{"RETRY-AFTER":"2.5","x":7},"body":{"error":1}},
            {"id":"1","status":204},
            {"id":"1","status":500},
            {"id":"9","status":204},
            {"status":204},
            {"id":"2","status":"what"}
        ]}"#;
        let BatchResponse { items, strays } = read_batch(body, 3).expect("a batch");
        let strays: Vec<u16> = strays.iter().map(|stray| stray.status).collect();
        assert_eq!(strays, [500, 204, 204]);
        assert_eq!(items[0].as_ref().map(|item| item.status), Some(204));
        assert_eq!(items[1], None);
        let third = items[2].as_ref().expect("a response");
        assert_eq!(third.body, serde_json::json!({ "error": 1 }));
        assert_eq!(
            third.headers,
            [
                ("RETRY-AFTER".into(), "2.5".into()),
                ("x".into(), "7".into())
            ]
        );
    }

    #[test]
    fn anything_else_is_not_a_batch() {
        for body in [
            "",
            "<html></html>",
            "{}",
            r#"{"responses":{}}"#,
            r#"{"responses":[{"id":"1"<html>}]}"#,
        ] {
            assert_eq!(read_batch(body.as_bytes(), 1), None, "{body}");
        }
    }
}
