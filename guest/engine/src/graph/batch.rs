use serde_json::Value;

use super::text_of;
use crate::Guid;

/// Where JSON batches go.
pub(crate) const BATCH_PATH: &str = "/v1.0/$batch";
/// The most items of a batch.
pub(crate) const BATCH_MAX: usize = 20;

/// The body of a batch of syncs. Item ids are `1`, `2`, … in the order given.
pub(crate) fn batch_body(devices: &[Guid]) -> String {
    let items: Vec<String> = devices
        .iter()
        .zip(1..)
        .map(|(device, id)| {
            format!(
                r#"{{"id":"{id}","method":"POST","url":"/deviceManagement/managedDevices/{device}/syncDevice"}}"#
            )
        })
        .collect();
    format!(r#"{{"requests":[{}]}}"#, items.join(","))
}

/// One item's answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ItemAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

/// The answer to a batch.
#[derive(Debug, PartialEq)]
pub(crate) struct BatchAnswer {
    /// In the order in which the items were given; none for an item that the answer leaves out or says nothing readable
    /// of.
    pub(crate) items: Vec<Option<ItemAnswer>>,
    /// Answers that cannot be told whose they are: the id is spoilt, or not one that was asked for. Of a device they
    /// say nothing, but the wait that one names is meant for the app.
    pub(crate) strays: Vec<ItemAnswer>,
}

/// Reads the answer to a batch of `count` items; none when this is no such answer. Graph answers in any order.
pub(crate) fn read_batch(body: &[u8], count: usize) -> Option<BatchAnswer> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let responses = answer.get("responses")?.as_array()?;
    let (mut items, mut strays) = (vec![None; count], Vec::new());
    for response in responses {
        let id = match response.get("id") {
            Some(Value::String(id)) => id.parse().ok(),
            Some(Value::Number(id)) => id.as_u64().and_then(|id| usize::try_from(id).ok()),
            _ => None,
        };
        let place = id.and_then(|id: usize| items.get_mut(id.checked_sub(1)?));
        match place {
            Some(place @ None) => *place = read_item(response),
            _ => strays.extend(read_item(response)),
        }
    }
    Some(BatchAnswer { items, strays })
}

fn read_item(response: &Value) -> Option<ItemAnswer> {
    let status = match response.get("status")? {
        Value::Number(status) => u16::try_from(status.as_u64()?).ok()?,
        Value::String(status) => status.parse().ok()?,
        _ => return None,
    };
    let headers = response
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let headers = headers.map(|(name, value)| {
        let text = if value.is_string() {
            text_of(Some(value)).to_owned()
        } else {
            value.to_string()
        };
        (name.clone(), text)
    });
    Some(ItemAnswer {
        status,
        headers: headers.collect(),
        body: response.get("body").cloned().unwrap_or_default(),
    })
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
            {"id":"3","status":429,"headers":{"RETRY-AFTER":"2.5","x":7}},
            {"id":"1","status":204},
            {"id":"1","status":500},
            {"id":"9","status":204},
            {"status":204},
            {"id":"2","status":"what"}
        ]}"#;
        let BatchAnswer { items, strays } = read_batch(body, 3).expect("a batch");
        let strays: Vec<u16> = strays.iter().map(|stray| stray.status).collect();
        assert_eq!(strays, [500, 204, 204]);
        assert_eq!(items[0].as_ref().map(|item| item.status), Some(204));
        assert_eq!(items[1], None);
        let third = items[2].as_ref().expect("answered");
        assert_eq!(
            third.headers,
            [
                ("RETRY-AFTER".into(), "2.5".into()),
                ("x".into(), "7".into())
            ]
        );
    }

    #[test]
    fn what_is_no_batch_answer_is_none() {
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
