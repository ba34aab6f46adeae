//! `$batch`: at most 20 requests in one, each answered by itself.

use serde::Deserialize;

use crate::call::{Resource, Target, quoted};
use crate::dice::Matter;
use crate::errors::{APPROVAL_HEADER, Refusal};
use crate::exchange::Exchange;
use crate::faults::Fault;
use crate::fleet::{Fleet, Index};
use crate::reply::{HTML_PAGE, Reply};
use crate::retry_after::{Hold, RetryAfter};
use crate::sync_device::{self, Ended};

/// A request within the batch.
pub(crate) struct Item {
    id: String,
    action: Action,
}

enum Action {
    Sync(Target),
    /// A write that is no sync.
    Forbidden(String),
    /// Anything else, which is answered so.
    Refused(Refusal),
}

#[derive(Deserialize)]
struct Envelope<'body> {
    #[serde(borrow)]
    requests: Vec<Part<'body>>,
}

#[derive(Deserialize)]
struct Part<'body> {
    id: std::borrow::Cow<'body, str>,
    method: std::borrow::Cow<'body, str>,
    url: std::borrow::Cow<'body, str>,
}

const MOST_ITEMS: usize = 20;

/// Reads the body of a `$batch`.
pub(crate) fn read(fleet: &Fleet, body: &[u8]) -> Result<Vec<Item>, Refusal> {
    let envelope: Envelope<'_> = serde_json::from_slice(body)
        .map_err(|_| Refusal::bad_request("Invalid batch payload format."))?;
    if envelope.requests.is_empty() || envelope.requests.len() > MOST_ITEMS {
        let problem =
            format!("The number of requests in a batch must be between 1 and {MOST_ITEMS}.");
        return Err(Refusal::bad_request(problem));
    }
    for (position, part) in envelope.requests.iter().enumerate() {
        if envelope.requests[..position]
            .iter()
            .any(|earlier| earlier.id.eq_ignore_ascii_case(&part.id))
        {
            return Err(Refusal::bad_request(
                "The ids of the requests in a batch must be unique.",
            ));
        }
        if part.url.contains("://") {
            return Err(Refusal::bad_request(
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
        let url = quoted(&part.url);
        let versioned = url
            .strip_prefix("/v1.0")
            .or_else(|| url.strip_prefix("/beta"));
        match Resource::of(versioned.unwrap_or(&url)) {
            Resource::Sync(_) if versioned.is_some() => Self::Refused(Refusal::bad_request(
                "The url of a request in a batch must not name a version.",
            )),
            Resource::Sync(id) if part.method == "POST" => Self::Sync(Target::named(fleet, id)),
            Resource::Batch => {
                Self::Refused(Refusal::bad_request("A batch must not contain another."))
            }
            _ if part.method == "GET" => {
                Self::Refused(Refusal::bad_request("Only syncs are simulated in a batch."))
            }
            _ => Self::Forbidden(format!("{} {url}", part.method)),
        }
    }
}

impl Item {
    /// The device to sync.
    pub(crate) fn target(&mut self) -> Option<&mut Target> {
        match &mut self.action {
            Action::Sync(target) => Some(target),
            _ => None,
        }
    }

    /// The write that is no sync.
    pub(crate) fn forbidden(&self) -> Option<&str> {
        match &self.action {
            Action::Forbidden(what) => Some(what),
            _ => None,
        }
    }
}

/// An item's answer.
struct Response {
    json: Vec<u8>,
    known: Option<Index>,
    hold: Option<Hold>,
}

/// Carries out a batch.
pub(crate) fn answer(exchange: &mut Exchange<'_>, items: &[Item]) -> Reply {
    let faults = &exchange.config.faults;
    if exchange.meets(Fault::Envelope, faults.envelope) {
        let failure = exchange.failure(exchange.ordinal);
        return exchange.refuse(&failure);
    }
    if exchange.meets(Fault::Envelope424, faults.envelope_424) {
        return exchange.refuse(&Refusal::failed(424));
    }
    let mut responses = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let response = respond(exchange, position as u64 + 1, item);
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
                .below(position as u64 + 1, Matter::Order, subject);
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
        return Reply::json(200, body);
    }
    let mut reply = Reply::json(200, body);
    reply.known = responses
        .iter()
        .filter_map(|response| response.known)
        .collect();
    reply.holds = responses
        .iter()
        .filter_map(|response| response.hold)
        .collect();
    reply
}

fn respond(exchange: &mut Exchange<'_>, number: u64, item: &Item) -> Response {
    let ended = match &item.action {
        Action::Sync(target) => sync(exchange, target),
        Action::Forbidden(_) => Ended {
            refusal: None,
            known: None,
        },
        Action::Refused(refusal) => Ended {
            refusal: Some(refusal.clone()),
            known: None,
        },
    };
    let mut json = br#"{"id":"#.to_vec();
    serde_json::to_writer(&mut json, &item.id).expect("a string can always be written");
    let Some(refusal) = ended.refusal else {
        json.extend_from_slice(
            br#","status":204,"headers":{"Cache-Control":"no-cache"},"body":null}"#,
        );
        return Response {
            json,
            known: ended.known,
            hold: None,
        };
    };
    let about = exchange.about(number);
    let mut headers = String::from(r#""Cache-Control":"no-cache""#);
    if let Some(RetryAfter::Header(text, _)) = &refusal.retry_after {
        // Header names come in any letter case.
        let name = ["Retry-After", "retry-after", "RETRY-AFTER"][(about.roll % 3) as usize];
        headers.push_str(&format!(r#","{name}":"{text}""#));
    }
    if refusal.approval {
        headers.push_str(&format!(r#","{APPROVAL_HEADER}":"required""#));
    }
    json.extend_from_slice(
        format!(
            r#","status":{},"headers":{{{headers}}},"body":"#,
            refusal.status
        )
        .as_bytes(),
    );
    json.extend_from_slice(&refusal.body(&about));
    json.push(b'}');
    if refusal.status == 429 {
        exchange.state.ledger.statistics.throttled_items += 1;
    }
    Response {
        json,
        known: ended.known,
        hold: refusal
            .retry_after
            .and_then(|retry_after| retry_after.hold()),
    }
}

fn sync(exchange: &mut Exchange<'_>, target: &Target) -> Ended {
    let faults = &exchange.config.faults;
    if let Err(refusal) = exchange.take_request(1) {
        return Ended {
            refusal: Some(refusal),
            known: None,
        };
    }
    let ended = sync_device::attempt(exchange, target, Fault::Item, faults.item);
    if ended.refusal.is_none()
        && exchange.target_meets(target, Fault::ItemFalse429, faults.item_false_429)
    {
        let refusal = Refusal::throttled(exchange.retry_after(0, target.subject()));
        return Ended {
            refusal: Some(refusal),
            known: None,
        };
    }
    ended
}
