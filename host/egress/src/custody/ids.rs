//! The ids by which requests and items are known: what leaves has the host's, what the component gets has its own.

use bytes::Bytes;
use http::HeaderMap;
use intune_sync_graph::read_json;
use intune_sync_ids::Guid;
use serde_json::Value;

use crate::gate::{CLIENT_REQUEST_ID, header_of, sync::BatchItem};

/// Gives the response to a request that had this `client-request-id` the same one, if it has any.
pub(super) fn map_back(headers: &mut HeaderMap, proposed: Option<Guid>) {
    if headers.remove(CLIENT_REQUEST_ID).is_some()
        && let Some(proposed) = proposed
    {
        headers.insert(CLIENT_REQUEST_ID, header_of(proposed));
    }
}

/// The response to a batch with the ids that its items had. They left as `1`, `2`, … in their order.
pub(super) fn map_items_back(body: Bytes, items: &[BatchItem]) -> Bytes {
    let left_alike = |(item, number): (&BatchItem, usize)| item.id == number.to_string();
    if items.iter().zip(1..).all(left_alike) {
        return body;
    }
    let Ok(mut envelope) = read_json::<Value>(&body) else {
        return body;
    };
    let responses = envelope.get_mut("responses").and_then(Value::as_array_mut);
    for response in responses.into_iter().flatten() {
        if let Some(id) = response.get_mut("id")
            && let Some(item) = numbered(id).and_then(|number| items.get(number - 1))
        {
            *id = item.id.as_str().into();
        }
    }
    envelope.to_string().into()
}

/// A number from 1 on, or a text that is one.
fn numbered(id: &Value) -> Option<usize> {
    let number = id.as_u64().or_else(|| id.as_str()?.parse().ok())?;
    usize::try_from(number).ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(ids: &[&str]) -> Vec<BatchItem> {
        let item = |id: &&str| BatchItem {
            id: (*id).to_owned(),
            device: Guid::random(1),
        };
        ids.iter().map(item).collect()
    }

    #[test]
    fn items_get_the_ids_back_that_they_had() {
        let body = r#"{"responses":[{"id":"2","status":204},{"id":1,"status":429},{"id":"3"},{"id":"0"},{}]}"#;
        let mapped = map_items_back(body.into(), &items(&["x", "y"]));
        let mapped: Value = serde_json::from_slice(&mapped).expect("JSON");
        let ids: Vec<&Value> = mapped["responses"]
            .as_array()
            .expect("responses")
            .iter()
            .map(|response| &response["id"])
            .collect();
        assert_eq!(
            ids,
            ["y", "x", "3", "0"]
                .map(Value::from)
                .iter()
                .chain([&Value::Null])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_is_alike_or_not_a_batch_stays_to_the_letter() {
        let body = Bytes::from_static(br#"{ "responses":[{"id":"2"}] }"#);
        assert_eq!(map_items_back(body.clone(), &items(&["1", "2"])), body);
        let body = Bytes::from_static(b"<html>");
        assert_eq!(map_items_back(body.clone(), &items(&["x"])), body);
    }

    #[test]
    fn a_response_names_the_id_that_its_request_was_proposed_with() {
        let (ours, own) = (Guid::random(1), Guid::random(2));
        let mut headers = HeaderMap::new();
        map_back(&mut headers, Some(own));
        assert!(headers.is_empty());
        headers.insert(CLIENT_REQUEST_ID, header_of(ours));
        map_back(&mut headers, Some(own));
        assert_eq!(headers[CLIENT_REQUEST_ID], header_of(own));
        map_back(&mut headers, None);
        assert!(headers.is_empty());
    }
}
