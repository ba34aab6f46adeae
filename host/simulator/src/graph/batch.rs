//! `$batch`: at most 20 requests in one, each with its own response.

use std::borrow::Cow;

use serde::Deserialize;

use crate::{
    config::Fault,
    dice::Draw,
    fleet::{Fleet, Index},
    graph::{
        error::GraphError,
        exchange::Exchange,
        resource::{Resource, decode_quotes},
        sync_device::{self, Outcome},
        target::Target,
    },
    quota::retry_after::{RetryAfter, Wait},
    response::{HTML_PAGE, Response},
};

/// A request within the batch.
pub(crate) struct Item {
    id: String,
    action: Action,
}

enum Action {
    Sync(Target),
    /// A write other than a sync.
    Forbidden(String),
    /// Anything else, which fails with this error.
    Invalid(GraphError),
}

#[derive(Deserialize)]
struct Envelope<'body> {
    #[serde(borrow)]
    requests: Vec<Part<'body>>,
}

#[derive(Deserialize)]
struct Part<'body> {
    id: Cow<'body, str>,
    method: Cow<'body, str>,
    url: Cow<'body, str>,
}

const MOST_ITEMS: usize = 20;

/// Reads the body of a `$batch`.
pub(crate) fn read(fleet: &Fleet, body: &[u8]) -> Result<Vec<Item>, GraphError> {
    let envelope: Envelope<'_> = serde_json::from_slice(body)
        .map_err(|_| GraphError::bad_request("Invalid batch payload format."))?;
    if envelope.requests.is_empty() || envelope.requests.len() > MOST_ITEMS {
        let problem =
            format!("The number of requests in a batch must be between 1 and {MOST_ITEMS}.");
        return Err(GraphError::bad_request(problem));
    }
    for (position, part) in envelope.requests.iter().enumerate() {
        if envelope.requests[..position]
            .iter()
            .any(|earlier| earlier.id.eq_ignore_ascii_case(&part.id))
        {
            return Err(GraphError::bad_request(
                "The ids of the requests in a batch must be unique.",
            ));
        }
        if part.url.contains("://") {
            return Err(GraphError::bad_request(
                "The url of a request in a batch must be relative.",
            ));
        }
    }
    let items = envelope.requests.into_iter();
    Ok(items
        .map(|part| Item {
            action: Action::read(fleet, &part),
            id: part.id.into_owned(),
        })
        .collect())
}

impl Action {
    fn read(fleet: &Fleet, part: &Part<'_>) -> Self {
        let url = decode_quotes(&part.url);
        let versioned = url
            .strip_prefix("/v1.0")
            .or_else(|| url.strip_prefix("/beta"));
        match Resource::of(versioned.unwrap_or(&url)) {
            Resource::Sync(_) if versioned.is_some() => Self::Invalid(GraphError::bad_request(
                "The url of a request in a batch must not name a version.",
            )),
            Resource::Sync(id) if part.method == "POST" => Self::Sync(Target::named(fleet, id)),
            Resource::Batch => {
                Self::Invalid(GraphError::bad_request("A batch must not contain another."))
            }
            _ if part.method == "GET" => Self::Invalid(GraphError::bad_request(
                "Only syncs are simulated in a batch.",
            )),
            _ => Self::Forbidden(format!("{} {url}", part.method)),
        }
    }
}

impl Item {
    /// The device to sync, if it is a sync.
    pub(crate) fn target(&mut self) -> Option<&mut Target> {
        match &mut self.action {
            Action::Sync(target) => Some(target),
            _ => None,
        }
    }

    /// The write, if it is not a sync.
    pub(crate) fn forbidden(&self) -> Option<&str> {
        match &self.action {
            Action::Forbidden(what) => Some(what),
            _ => None,
        }
    }
}

/// The response to an item.
struct ItemResponse {
    json: Vec<u8>,
    known: Option<Index>,
    wait: Option<Wait>,
}

/// Executes a batch.
pub(crate) fn respond(exchange: &mut Exchange<'_>, items: &[Item]) -> Result<Response, GraphError> {
    let faults = &exchange.config.faults;
    if exchange.meets(Fault::Envelope, faults.envelope) {
        return Err(exchange.transient_failure(exchange.ordinal));
    }
    if exchange.meets(Fault::Envelope424, faults.envelope_424) {
        return Err(GraphError::failed(424));
    }
    let mut responses = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let response = execute(exchange, position as u64 + 1, item);
        let lost = match &item.action {
            Action::Sync(target) => {
                exchange.target_meets(target, Fault::ItemLost, faults.item_lost)
            }
            _ => false,
        };
        if !lost {
            responses.push(response);
        }
    }
    if exchange.meets(Fault::ItemsShuffled, faults.items_shuffled) {
        for position in (1..responses.len()).rev() {
            let subject = exchange.ordinal << 8 | position as u64;
            let other = exchange
                .dice
                .below(position as u64 + 1, Draw::Order, subject);
            responses.swap(position, other as usize);
        }
    }
    let mut body = br#"{"responses":["#.to_vec();
    for (position, response) in responses.iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&response.json);
    }
    body.extend_from_slice(b"]}");
    if exchange.meets(Fault::HtmlSpliced, faults.html_spliced) {
        let middle = body.len() / 2;
        body.splice(middle..middle, HTML_PAGE.bytes());
        return Ok(Response::json(200, body));
    }
    let mut response = Response::json(200, body);
    response.known = responses.iter().filter_map(|item| item.known).collect();
    response.waits = responses.iter().filter_map(|item| item.wait).collect();
    Ok(response)
}

fn execute(exchange: &mut Exchange<'_>, number: u64, item: &Item) -> ItemResponse {
    let outcome = match &item.action {
        Action::Sync(target) => sync(exchange, target),
        Action::Forbidden(_) => Outcome {
            error: None,
            known: None,
        },
        Action::Invalid(error) => Outcome::failed(error.clone()),
    };
    let mut json = br#"{"id":"#.to_vec();
    serde_json::to_writer(&mut json, &item.id).expect("a string can always be written");
    let Some(error) = outcome.error else {
        json.extend_from_slice(
            br#","status":204,"headers":{"Cache-Control":"no-cache"},"body":null}"#,
        );
        return ItemResponse {
            json,
            known: outcome.known,
            wait: None,
        };
    };
    let context = exchange.context(number);
    let mut headers = String::from(r#""Cache-Control":"no-cache""#);
    if let Some(RetryAfter::Header(text, _)) = &error.retry_after {
        // Header names come in any letter case.
        let name = ["Retry-After", "retry-after", "RETRY-AFTER"][(context.roll % 3) as usize];
        headers.push_str(&format!(r#","{name}":"{text}""#));
    }
    if let Some(name) = error.approval_header {
        headers.push_str(&format!(r#","{name}":"required""#));
    }
    json.extend_from_slice(
        format!(
            r#","status":{},"headers":{{{headers}}},"body":"#,
            error.status
        )
        .as_bytes(),
    );
    json.extend_from_slice(&error.body(&context));
    json.push(b'}');
    if error.status == 429 {
        exchange.state.ledger.statistics.throttled_items += 1;
    }
    ItemResponse {
        json,
        known: outcome.known,
        wait: error.retry_after.and_then(|retry_after| retry_after.wait()),
    }
}

fn sync(exchange: &mut Exchange<'_>, target: &Target) -> Outcome {
    let faults = &exchange.config.faults;
    if let Err(error) = exchange.charge_request(1) {
        return Outcome::failed(error);
    }
    let outcome = sync_device::attempt(exchange, target, Fault::Item, faults.item);
    if outcome.error.is_none()
        && exchange.target_meets(target, Fault::ItemFalse429, faults.item_false_429)
    {
        let error = GraphError::throttled(exchange.retry_after(0, target.subject()));
        return Outcome::failed(error);
    }
    outcome
}
