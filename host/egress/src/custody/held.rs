//! A request that custody has entered, and its response.

use std::mem;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, response::Parts};
use http_body_util::BodyExt;
use intune_sync_graph::{GraphError, Page, Requested, Source, Verdict, judge_response, read_json};
use intune_sync_ids::{Guid, without_bom};
use serde_json::Value;

use super::{
    Custody,
    books::Entry,
    ids,
    list::{Reading, handed_on},
    outcome::{Outcomes, Received},
};
use crate::{
    client::Timeouts,
    credential::Credential,
    gate::sync::{Call, PresentedToken, Writes},
    gated::{Admitted, SendError},
};

/// A request that may leave now. Dropped before it is sent, it was never there.
#[must_use = "it is not sent"]
pub struct Held<'a, C> {
    flight: Flight<'a>,
    admitted: Admitted<'a, Writes, C>,
}

/// The place of a request in the books.
struct Flight<'a> {
    custody: &'a Custody,
    entry: Option<Entry>,
    has_left: bool,
    client_request_id: Guid,
}

impl<'a, C> Held<'a, C> {
    pub(super) fn new(
        custody: &'a Custody,
        admitted: Admitted<'a, Writes, C>,
        entry: Entry,
    ) -> Self {
        let client_request_id = admitted.request_id();
        Self {
            flight: Flight {
                custody,
                entry: Some(entry),
                has_left: false,
                client_request_id,
            },
            admitted,
        }
    }

    /// What the request does.
    pub const fn call(&self) -> &Call {
        self.admitted.call()
    }
}

impl<C: Credential<PresentedToken>> Held<'_, C> {
    /// Sends the request with its token, reads its response to the end, and enters it. What is returned is the
    /// component's: its own ids, and of a page the properties that the run selects by and shows. `leaves` is called
    /// when the request leaves, and what it returns gets the head of the response as soon as it is there, or `None` if
    /// there is none.
    ///
    /// # Errors
    ///
    /// When there is no response in time, or one beyond the limits.
    pub async fn send<H>(
        self,
        timeouts: Timeouts,
        leaves: impl FnOnce(&Call) -> H,
    ) -> Result<Response<Bytes>, SendError>
    where
        H: FnOnce(Option<(StatusCode, &HeaderMap)>),
    {
        let Self {
            mut flight,
            admitted,
        } = self;
        let call = admitted.call().clone();
        let own_id = admitted.proposed_id();
        let ready = admitted.ready(timeouts)?;
        flight.leave();
        let head = leaves(&call);
        let sent = ready.send().await;
        let response = sent.as_ref().ok();
        head(response.map(|response| (response.status(), response.headers())));
        let (mut parts, body) = sent?.into_parts();
        let body = body.collect().await.map_err(SendError::Client)?.to_bytes();
        let body = flight.land(&call, &parts, body);
        ids::map_back(&mut parts.headers, own_id);
        Ok(Response::from_parts(parts, body))
    }
}

impl Flight<'_> {
    fn leave(&mut self) {
        self.has_left = true;
        if let Some(entry) = &self.entry {
            self.custody.books().left(entry);
        }
    }

    /// The response is complete. Returns its body as the component gets it.
    fn land(&mut self, call: &Call, parts: &Parts, body: Bytes) -> Bytes {
        let Some(entry) = self.entry.take() else {
            return body;
        };
        let headers = texts(&parts.headers);
        let received = Received {
            status: parts.status.as_u16(),
            headers: &headers,
            body: &body,
        };
        match entry {
            Entry::Page(reading) => match self.land_page(reading, &received) {
                Some(handed_on) => handed_on.into(),
                None => body,
            },
            Entry::Syncs(requested, devices) => {
                let mut books = self.custody.books();
                let ids: Vec<Guid> = devices
                    .iter()
                    .map(|at| books.devices.get(*at).id())
                    .collect();
                let outcomes = Outcomes::read(requested, &ids, &received);
                books.synced(&devices, outcomes, self.client_request_id);
                drop(books);
                match call {
                    Call::Batch(items) => ids::map_items_back(body, items),
                    _ => body,
                }
            }
        }
    }

    /// Enters a page. Returns what the component gets instead of it, unless it gets the page as it is.
    fn land_page(&self, reading: Reading, received: &Received<'_>) -> Option<Vec<u8>> {
        let Received {
            status,
            headers,
            body,
        } = *received;
        let page = match status {
            200..=299 => Page::read(body),
            _ => None,
        };
        let mut books = self.custody.books();
        if let Some(page) = page {
            books.page(reading, &page);
            let properties = books.list.properties();
            return (!page.is_within(properties)).then(|| handed_on(&page, properties));
        }
        let (verdict, _) = judge_response(Requested::Page, status, body, headers);
        books.no_page(reading, verdict);
        Some(without_devices(body, &GraphError::read(body, headers)))
    }
}

impl Drop for Flight<'_> {
    /// Nobody has waited for the response, or there is none.
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else {
            return;
        };
        let mut books = self.custody.books();
        match entry {
            entry if !self.has_left => books.withdraw(entry),
            Entry::Page(reading) => books.no_page(reading, Verdict::Transient),
            Entry::Syncs(_, devices) => {
                let unknown = Outcomes::unknown(devices.len());
                books.synced(&devices, unknown, self.client_request_id);
            }
        }
    }
}

/// What the component gets instead of JSON that breaks off.
const UNREADABLE: &[u8] = b"a response that cannot be read";

/// What the component gets of a response to a request for a page that is not a page: the error, or a text that is not
/// JSON. The rows of a page that breaks off are not among it.
fn without_devices(body: &[u8], error: &GraphError) -> Vec<u8> {
    if error.source == Source::Graph {
        let mut body: Value = read_json(body).unwrap_or_default();
        let error = body.get_mut("error").map(mem::take);
        return serde_json::json!({ "error": error })
            .to_string()
            .into_bytes();
    }
    match (error.source, without_bom(body).trim_ascii_start()) {
        (Source::Other, [b'{' | b'[' | b'"', ..]) => UNREADABLE.to_vec(),
        // As much of it as a message has.
        (Source::Other, _) => error.message.clone().into_bytes(),
        _ => Vec::new(),
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}
