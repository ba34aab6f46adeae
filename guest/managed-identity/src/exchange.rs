//! One request to an identity endpoint, without waiting: each call looks how far it has come.

use core::time::Duration;

use intune_sync_identity::{TokenRequest, one_line};
use wasi::{
    http::{
        outgoing_handler,
        types::{
            ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
            OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
        },
    },
    io::{
        poll::Pollable,
        streams::{InputStream, OutputStream, StreamError},
    },
};

/// A token's answer has a few kilobytes.
const ANSWER_MAX: usize = 256 << 10;
/// How long a whole exchange may take, whatever the runtime makes of the timeouts.
const DEADLINE: Duration = Duration::from_secs(60);

/// The answer to a request.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Exchange {
    upload: Option<Upload>,
    state: State,
    /// By when it has to be over; set by the first call.
    until: Option<Duration>,
}

/// Fields are dropped in the order in which they stand: a child before its parent, as WASI wants it.
enum State {
    Awaiting {
        ready: Pollable,
        future: FutureIncomingResponse,
    },
    Reading(Reading),
    Failed(String),
}

/// A form while it goes out.
struct Upload {
    stream: OutputStream,
    body: OutgoingBody,
    rest: Vec<u8>,
}

struct Reading {
    ready: Pollable,
    stream: InputStream,
    _body: IncomingBody,
    head: IncomingResponse,
    received: Vec<u8>,
}

impl Exchange {
    /// Hands a request to the runtime. `nearby` is an endpoint that is one hop away or nowhere.
    pub(crate) fn start(request: &TokenRequest, nearby: bool) -> Self {
        let (upload, state) = match send(request, nearby) {
            Ok((upload, future)) => {
                let ready = future.subscribe();
                (upload, State::Awaiting { ready, future })
            }
            Err(error) => (None, State::Failed(error)),
        };
        Self {
            upload,
            state,
            until: None,
        }
    }

    /// Goes on as far as it can without waiting; the answer, or why there is none, once it is over.
    pub(crate) fn go_on(&mut self, now: Duration) -> Option<Result<Reply, String>> {
        let until = *self.until.get_or_insert(now + DEADLINE);
        push(&mut self.upload);
        if let State::Awaiting { ready, future } = &self.state
            && ready.ready()
            && let Some(answer) = future.get()
        {
            self.state = match answer {
                Ok(Ok(head)) => Reading::begin(head).map_or_else(
                    || State::Failed("the answer has no body".to_owned()),
                    State::Reading,
                ),
                Ok(Err(code)) => State::Failed(no_answer(&code)),
                Err(()) => State::Failed("the answer was taken before".to_owned()),
            };
        }
        match &mut self.state {
            State::Failed(error) => Some(Err(core::mem::take(error))),
            State::Reading(reading) => match reading.go_on() {
                None if now < until => None,
                None => Some(Err(too_late())),
                Some(Ok(())) => Some(Ok(Reply {
                    status: reading.head.status(),
                    body: core::mem::take(&mut reading.received),
                })),
                Some(Err(error)) => Some(Err(error)),
            },
            State::Awaiting { .. } if now < until => None,
            State::Awaiting { .. } => Some(Err(too_late())),
        }
    }
}

impl Reading {
    fn begin(head: IncomingResponse) -> Option<Self> {
        let body = head.consume().ok()?;
        let stream = body.stream().ok()?;
        Some(Self {
            ready: stream.subscribe(),
            stream,
            _body: body,
            head,
            received: Vec::new(),
        })
    }

    /// Reads what is there. None when more is to come.
    fn go_on(&mut self) -> Option<Result<(), String>> {
        while self.ready.ready() {
            match self.stream.read(64 << 10) {
                Ok(part) if part.is_empty() => return None,
                Ok(part) => self.received.extend_from_slice(&part),
                Err(StreamError::Closed) => return Some(Ok(())),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Some(Err(one_line(&error.to_debug_string())));
                }
            }
            if self.received.len() > ANSWER_MAX {
                return Some(Err("the answer is larger than 256 KiB".to_owned()));
            }
        }
        None
    }
}

fn too_late() -> String {
    format!("it did not answer within {} s", DEADLINE.as_secs())
}

fn send(
    request: &TokenRequest,
    nearby: bool,
) -> Result<(Option<Upload>, FutureIncomingResponse), String> {
    let refused = |what: &str| format!("the runtime does not take the request's {what}");
    let mut fields: Vec<(String, Vec<u8>)> =
        vec![("accept".to_owned(), b"application/json".to_vec())];
    let header = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone().into_bytes());
    fields.extend(request.headers.iter().map(header));
    if let Some(form) = &request.form {
        fields.push((
            "content-length".to_owned(),
            form.len().to_string().into_bytes(),
        ));
    }
    let fields = Fields::from_list(&fields).map_err(|error| refused(&error.to_string()))?;
    let outgoing = OutgoingRequest::new(fields);
    let method = match request.form {
        Some(_) => Method::Post,
        None => Method::Get,
    };
    let scheme = match request.address.https {
        true => Scheme::Https,
        false => Scheme::Http,
    };
    outgoing
        .set_method(&method)
        .map_err(|()| refused("method"))?;
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| refused("scheme"))?;
    outgoing
        .set_authority(Some(&request.address.authority))
        .map_err(|()| refused("authority"))?;
    outgoing
        .set_path_with_query(Some(&request.address.path_and_query))
        .map_err(|()| refused("path"))?;
    let upload = match &request.form {
        Some(form) => {
            let body = outgoing.body().map_err(|()| refused("body"))?;
            let stream = body.write().map_err(|()| refused("stream"))?;
            let rest = form.clone().into_bytes();
            Some(Upload { stream, body, rest })
        }
        None => None,
    };
    let future = outgoing_handler::handle(outgoing, Some(options(nearby)?))
        .map_err(|code| no_answer(&code))?;
    Ok((upload, future))
}

/// Writes as much of the form as the runtime takes now, and finishes it when all is written.
fn push(upload: &mut Option<Upload>) {
    let Some(Upload { stream, rest, .. }) = upload else {
        return;
    };
    while !rest.is_empty() {
        match stream.check_write() {
            Ok(0) => return,
            Ok(permitted) => {
                let now = rest
                    .len()
                    .min(usize::try_from(permitted).unwrap_or(usize::MAX));
                let later = rest.split_off(now);
                // An error shows in the answer, which says more.
                if stream.write(rest).is_err() {
                    break;
                }
                *rest = later;
            }
            Err(_) => break,
        }
    }
    if let Some(Upload { stream, body, .. }) = upload.take() {
        drop(stream);
        // Its error means nothing either: the future of the answer has the true one.
        let _ = OutgoingBody::finish(body, None);
    }
}

fn options(nearby: bool) -> Result<RequestOptions, String> {
    const SECOND: u64 = 1_000_000_000;
    let connect = if nearby { 2 * SECOND } else { 10 * SECOND };
    let options = RequestOptions::new();
    let set = options
        .set_connect_timeout(Some(connect))
        .and_then(|()| options.set_first_byte_timeout(Some(30 * SECOND)))
        .and_then(|()| options.set_between_bytes_timeout(Some(10 * SECOND)));
    set.map(|()| options)
        .map_err(|()| "the runtime does not take the request's timeout".to_owned())
}

fn no_answer(code: &ErrorCode) -> String {
    match code {
        ErrorCode::HttpRequestDenied => {
            "the runtime does not allow the request: add the endpoint to its list of allowed hosts"
        }
        ErrorCode::InternalError(Some(reason)) => return one_line(reason),
        ErrorCode::ConnectionRefused => "the connection was refused",
        ErrorCode::ConnectionTerminated => "the connection was closed",
        ErrorCode::ConnectionTimeout => "the connection timed out",
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            "the answer did not come in time"
        }
        ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable => "there is no way to it",
        ErrorCode::DnsError(_) => "its name was not found",
        ErrorCode::TlsCertificateError => "its certificate is not trusted",
        other => return format!("{other:?}"),
    }
    .to_owned()
}
