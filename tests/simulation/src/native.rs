//! The loop that drives a run and a tenant on one virtual clock.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use http::{Request as HttpRequest, header::AUTHORIZATION};
use intune_sync_engine::{
    Action, Run, Settings,
    contract::{self, Event, Summary},
    http::{Method, NoResponse, Request, RequestId, Response},
};
use intune_sync_simulator::{Delivery, Tenant, Ticket};

use crate::{source::Source, tokens::Tokens};

/// Watches a run while it goes on. All times are milliseconds since its start.
pub trait Observer {
    /// A token was obtained.
    fn token(&mut self, _token: &str) {}

    /// A request leaves.
    fn sent(&mut self, _now: u64, _request: &Request) {}

    /// Its response has come, or there is none.
    fn received(&mut self, _now: u64, _id: RequestId, _response: &Result<Response, NoResponse>) {}

    /// Something happened.
    fn event(&mut self, _event: &Event) {}

    /// Nothing is left to do at this time; the run may be stopped here. False to abandon it.
    fn settled(&mut self, _now: u64, _run: &mut Run, _tenant: &Tenant) -> bool {
        true
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Drives a run to its end.
///
/// # Panics
///
/// As [`drive`].
pub fn run(
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Summary {
    drive(settings, tenant, observer).expect("this observer never abandons the run")
}

/// Drives a run to its end with the tokens of another source than App Service.
///
/// # Panics
///
/// As [`drive`].
pub fn run_with(
    source: Source,
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Summary {
    let tokens = Tokens::of(source, &settings.scope);
    drive_with(tokens, settings, tenant, observer).expect("this observer never abandons the run")
}

/// Drives a run to its end, or until the observer abandons it; then there is no summary.
///
/// At one instant, responses come first, those to all requests together and in the order of their ids; then the run
/// does everything it wants to do.
///
/// # Panics
///
/// When the settings are refused, or when the run waits for something that never comes.
pub fn drive(
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Option<Summary> {
    let tokens = Tokens::new(&settings.scope, "simulator");
    drive_with(tokens, settings, tenant, observer)
}

fn drive_with(
    mut tokens: Tokens,
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Option<Summary> {
    let settings = Settings::try_from(settings).expect("the settings are good");
    let origin = format!("https://{}", settings.authority());
    let mut run = Run::new(settings);
    let mut in_flight: HashMap<Ticket, RequestId> = HashMap::new();
    let mut now = 0;
    loop {
        tokens.fetch(now, |request| tenant.send(now, request));
        let mut responses = Vec::new();
        for (ticket, delivery) in tenant.advance(now) {
            match in_flight.remove(&ticket) {
                Some(id) => responses.push((id, result(delivery))),
                None => {
                    tokens.handle_response(now, ticket, &delivery);
                    tokens
                        .issued()
                        .iter()
                        .for_each(|token| observer.token(token));
                }
            }
        }
        responses.sort_by_key(|(id, _)| *id);
        for (id, response) in responses {
            observer.received(now, id, &response);
            run.handle_response(Duration::from_millis(now), id, response);
        }
        let until = loop {
            let action = run.poll(Duration::from_millis(now));
            run.events().iter().for_each(|event| observer.event(event));
            match action {
                Action::GetToken { rejected } => {
                    let token = tokens.get(now, rejected);
                    run.handle_token(Duration::from_millis(now), token);
                }
                Action::Send(request) => {
                    observer.sent(now, &request);
                    let ticket =
                        tenant.send(now, to_http(&origin, &request, tokens.value(request.token)));
                    in_flight.insert(ticket, request.id);
                }
                Action::Yield => {}
                Action::WaitUntil(until) => break until,
                Action::Done => return Some(run.summary()),
            }
        };
        if !observer.settled(now, &mut run, tenant) {
            return None;
        }
        let until = until.map(|until| u64::try_from(until.as_millis()).unwrap_or(u64::MAX));
        let next = [until, tenant.next_at(), tokens.next_fetch()]
            .into_iter()
            .flatten()
            .min();
        now = next
            .unwrap_or_else(|| panic!("at {now} ms the run waits for nothing"))
            .max(now);
    }
}

fn result(delivery: Delivery) -> Result<Response, NoResponse> {
    match delivery {
        Delivery::Dropped => Err(NoResponse::Transport(
            "the connection was closed".to_owned(),
        )),
        Delivery::Response(response) => {
            let (head, body) = response.into_parts();
            let headers = head.headers.iter().map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            });
            Ok(Response {
                status: head.status.as_u16(),
                headers: headers.collect(),
                body: body.to_vec(),
            })
        }
    }
}

fn to_http(origin: &str, request: &Request, token: &str) -> HttpRequest<Bytes> {
    let body = request.body.clone().unwrap_or_default();
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
    };
    let mut head = HttpRequest::builder()
        .method(method)
        .uri(format!("{origin}{}", request.path_and_query))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header("client-request-id", request.client_request_id.to_string());
    if request.body.is_some() {
        head = head.header(http::header::CONTENT_TYPE, "application/json");
    }
    head.body(Bytes::from(body))
        .expect("the run makes good requests")
}
