//! A run with its tokens on a virtual clock, which may share its tenant with others.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use http::{Request as HttpRequest, header::AUTHORIZATION};
use intune_sync_engine::{
    Action, Run, Settings, contract,
    http::{Method, NoResponse, Request, RequestId, Response},
};
use intune_sync_simulator::{Delivery, Tenant, Ticket};

use crate::{native::Observer, tokens::Tokens};

/// A run, and what the driver of the component does for it.
pub struct Program {
    run: Run,
    tokens: Tokens,
    origin: String,
    in_flight: HashMap<Ticket, RequestId>,
}

/// What a run wants after it has done all it can at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A response, or this time in milliseconds.
    Wait(Option<u64>),
    /// Nothing more: it is over.
    Over,
}

impl Program {
    /// A run that fetches its tokens with these.
    ///
    /// # Panics
    ///
    /// When the settings are refused.
    #[must_use]
    pub fn new(tokens: Tokens, settings: contract::Settings) -> Self {
        let settings = Settings::try_from(settings).expect("the settings are good");
        let origin = format!("https://{}", settings.authority());
        Self {
            run: Run::new(settings),
            tokens,
            origin,
            in_flight: HashMap::new(),
        }
    }

    /// The run.
    pub fn run(&mut self) -> &mut Run {
        &mut self.run
    }

    /// Requests a token if it is time.
    pub fn fetch(&mut self, now: u64, tenant: &mut Tenant) {
        self.tokens.fetch(now, |request| tenant.send(now, request));
    }

    /// Takes in the responses to its own requests, all together and in the order of their ids. Those of others are
    /// left.
    pub fn deliver(
        &mut self,
        now: u64,
        deliveries: Vec<(Ticket, Delivery)>,
        observer: &mut impl Observer,
    ) -> Vec<(Ticket, Delivery)> {
        let (mut responses, mut left) = (Vec::new(), Vec::new());
        for (ticket, delivery) in deliveries {
            if let Some(id) = self.in_flight.remove(&ticket) {
                responses.push((id, result(delivery)));
            } else if self.tokens.handle_response(now, ticket, &delivery) {
                let issued = self.tokens.issued();
                issued.iter().for_each(|token| observer.token(token));
            } else {
                left.push((ticket, delivery));
            }
        }
        responses.sort_by_key(|(id, _)| *id);
        for (id, response) in responses {
            observer.received(now, id, &response);
            self.run
                .handle_response(Duration::from_millis(now), id, response);
        }
        left
    }

    /// Does everything that the run wants to do now.
    pub fn turn(&mut self, now: u64, tenant: &mut Tenant, observer: &mut impl Observer) -> Turn {
        loop {
            let action = self.run.poll(Duration::from_millis(now));
            let events = self.run.events();
            events.iter().for_each(|event| observer.event(event));
            match action {
                Action::GetToken { rejected } => {
                    let token = self.tokens.get(now, rejected);
                    self.run.handle_token(Duration::from_millis(now), token);
                }
                Action::Send(request) => {
                    observer.sent(now, &request);
                    let token = self.tokens.value(request.token);
                    let ticket = tenant.send(now, to_http(&self.origin, &request, token));
                    self.in_flight.insert(ticket, request.id);
                }
                Action::Yield => {}
                Action::WaitUntil(until) => {
                    let millis = |until: Duration| u64::try_from(until.as_millis());
                    return Turn::Wait(until.map(|until| millis(until).unwrap_or(u64::MAX)));
                }
                Action::Done => return Turn::Over,
            }
        }
    }

    /// When the next token is due.
    #[must_use]
    pub fn next_fetch(&self) -> Option<u64> {
        self.tokens.next_fetch()
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
