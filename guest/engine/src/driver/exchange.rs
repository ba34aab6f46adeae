use wasi::{
    http::{
        outgoing_handler,
        types::{
            ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse,
            Method as WasiMethod, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
        },
    },
    io::{
        poll::Pollable,
        streams::{InputStream, OutputStream, StreamError},
    },
};

use crate::{
    Settings,
    http::{Method, NoAnswer, Request, RequestId, Response},
};

/// How much is read from a stream at once, in bytes.
const READ: u64 = 64 << 10;

/// One request on its way: its body goes out, its answer is awaited, its answer is read.
///
/// Fields are dropped in the order in which they stand: a child before its parent, as WASI wants it.
pub(super) struct Exchange {
    id: RequestId,
    upload: Option<Upload>,
    download: Download,
    limit: usize,
}

/// The request's body while it goes out.
struct Upload {
    ready: Pollable,
    stream: OutputStream,
    body: OutgoingBody,
    rest: Vec<u8>,
}

impl Upload {
    fn open(outgoing: &OutgoingRequest, rest: Vec<u8>) -> Result<Self, NoAnswer> {
        let body = outgoing.body().map_err(|()| refused("body"))?;
        let stream = body.write().map_err(|()| refused("stream"))?;
        Ok(Self {
            ready: stream.subscribe(),
            stream,
            body,
            rest,
        })
    }
}

enum Download {
    Awaiting(Awaiting),
    Reading(Reading),
    Over(Result<Response, NoAnswer>),
    Taken,
}

struct Awaiting {
    ready: Pollable,
    future: FutureIncomingResponse,
}

/// Kept together, and never taken apart into variables: those are dropped in the reverse order.
struct Reading {
    ready: Pollable,
    stream: InputStream,
    _body: IncomingBody,
    _head: IncomingResponse,
    response: Response,
}

/// The two directions of an exchange, each with a pollable of its own.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Upload,
    Download,
}

impl Exchange {
    /// Hands a request to the host.
    pub(super) fn start(
        request: &Request,
        settings: &Settings,
        token: &str,
    ) -> Result<Self, NoAnswer> {
        let body = request.body.clone().unwrap_or_default().into_bytes();
        let outgoing = head(request, settings, token, body.len())?;
        // A body that is never asked for is empty, and costs no stream.
        let mut upload = if body.is_empty() {
            None
        } else {
            Some(Upload::open(&outgoing, body)?)
        };
        let future = outgoing_handler::handle(outgoing, Some(options(request)?))
            .map_err(|code| no_answer(&code))?;
        push(&mut upload);
        let download = Download::Awaiting(Awaiting {
            ready: future.subscribe(),
            future,
        });
        Ok(Self {
            id: request.id,
            upload,
            download,
            limit: request.answer_limit,
        })
    }

    pub(super) fn id(&self) -> RequestId {
        self.id
    }

    /// What to wait for.
    pub(super) fn pollables(&self) -> impl Iterator<Item = (Side, &Pollable)> {
        let download = match &self.download {
            Download::Awaiting(Awaiting { ready, .. })
            | Download::Reading(Reading { ready, .. }) => Some((Side::Download, ready)),
            Download::Over(_) | Download::Taken => None,
        };
        let upload = self
            .upload
            .as_ref()
            .map(|upload| (Side::Upload, &upload.ready));
        upload.into_iter().chain(download)
    }

    /// Goes on as far as it can without waiting.
    pub(super) fn advance(&mut self, side: Side) {
        match side {
            Side::Upload => push(&mut self.upload),
            Side::Download => {
                if let Download::Awaiting(awaiting) = &self.download
                    && let Some(next) = awaiting.go_on()
                {
                    self.download = next;
                }
                if let Download::Reading(reading) = &mut self.download
                    && let Some(answer) = reading.go_on(self.limit)
                {
                    self.download = Download::Over(answer);
                }
                if matches!(self.download, Download::Over(_)) {
                    // An error of the request's body means nothing once the answer is there.
                    self.upload = None;
                }
            }
        }
    }

    /// The answer, once it is complete; it can be taken once.
    pub(super) fn take_answer(&mut self) -> Option<Result<Response, NoAnswer>> {
        match core::mem::replace(&mut self.download, Download::Taken) {
            Download::Over(answer) => Some(answer),
            other => {
                self.download = other;
                None
            }
        }
    }
}

fn head(
    request: &Request,
    settings: &Settings,
    token: &str,
    length: usize,
) -> Result<OutgoingRequest, NoAnswer> {
    let mut fields = vec![
        (
            "authorization".to_owned(),
            format!("Bearer {token}").into_bytes(),
        ),
        ("accept".to_owned(), b"application/json".to_vec()),
        (
            "client-request-id".to_owned(),
            request.client_request_id.to_string().into_bytes(),
        ),
    ];
    if request.body.is_some() {
        fields.push(("content-type".to_owned(), b"application/json".to_vec()));
    }
    if request.method == Method::Post {
        // Also when it is empty: some servers insist on a length.
        fields.push(("content-length".to_owned(), length.to_string().into_bytes()));
    }
    let fields = Fields::from_list(&fields).map_err(|error| refused(&error.to_string()))?;
    let outgoing = OutgoingRequest::new(fields);
    let method = match request.method {
        Method::Get => WasiMethod::Get,
        Method::Post => WasiMethod::Post,
    };
    let scheme = if settings.is_https() {
        Scheme::Https
    } else {
        Scheme::Http
    };
    outgoing
        .set_method(&method)
        .map_err(|()| refused("method"))?;
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| refused("scheme"))?;
    outgoing
        .set_authority(Some(settings.authority()))
        .map_err(|()| refused("authority"))?;
    outgoing
        .set_path_with_query(Some(&request.path_and_query))
        .map_err(|()| refused("path"))?;
    Ok(outgoing)
}

/// All three timeouts: a host's defaults are ten minutes.
fn options(request: &Request) -> Result<RequestOptions, NoAnswer> {
    const CONNECT: u64 = 10_000_000_000;
    let options = RequestOptions::new();
    let timeout = u64::try_from(request.timeout.as_nanos()).unwrap_or(u64::MAX);
    let set = options
        .set_connect_timeout(Some(CONNECT))
        .and_then(|()| options.set_first_byte_timeout(Some(timeout)))
        .and_then(|()| options.set_between_bytes_timeout(Some(timeout)));
    set.map(|()| options).map_err(|()| refused("timeout"))
}

/// Writes as much of the request's body as the host takes now, and finishes it when all is written.
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
    if let Some(Upload {
        ready,
        stream,
        body,
        ..
    }) = upload.take()
    {
        drop(ready);
        drop(stream);
        // Its error means nothing either: the future of the answer has the true one.
        let _ = OutgoingBody::finish(body, None);
    }
}

impl Awaiting {
    /// Takes the head of the answer, if it is there.
    fn go_on(&self) -> Option<Download> {
        let transport = |text: &str| Download::Over(Err(NoAnswer::Transport(text.to_owned())));
        Some(match self.future.get()? {
            // It has no body by definition (RFC 9110, 15.3.5), and it is what nearly every sync is answered with.
            Ok(Ok(head)) => match response(&head) {
                response if response.status == 204 => Download::Over(Ok(response)),
                response => Reading::begin(head, response)
                    .map_or_else(|| transport("the answer has no body"), Download::Reading),
            },
            Ok(Err(code)) => Download::Over(Err(no_answer(&code))),
            Err(()) => transport("the answer was taken before"),
        })
    }
}

/// The head of an answer, before its body.
fn response(head: &IncomingResponse) -> Response {
    let headers = head.headers().entries().into_iter();
    let headers = headers.map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
    Response {
        status: head.status(),
        headers: headers.collect(),
        body: Vec::new(),
    }
}

impl Reading {
    fn begin(head: IncomingResponse, response: Response) -> Option<Self> {
        let body = head.consume().ok()?;
        let stream = body.stream().ok()?;
        Some(Self {
            ready: stream.subscribe(),
            stream,
            _body: body,
            _head: head,
            response,
        })
    }

    /// Reads what is there. None when more is to come.
    fn go_on(&mut self, limit: usize) -> Option<Result<Response, NoAnswer>> {
        loop {
            match self.stream.read(READ) {
                Ok(part) if part.is_empty() => return None,
                Ok(part) => self.response.body.extend_from_slice(&part),
                Err(StreamError::Closed) => return Some(Ok(core::mem::take(&mut self.response))),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Some(Err(NoAnswer::Transport(error.to_debug_string())));
                }
            }
            if self.response.body.len() > limit {
                return Some(Err(NoAnswer::Transport(format!(
                    "the answer is larger than {limit} bytes"
                ))));
            }
        }
    }
}

fn refused(what: &str) -> NoAnswer {
    NoAnswer::Denied(format!("it does not take the request's {what}"))
}

fn no_answer(code: &ErrorCode) -> NoAnswer {
    match code {
        ErrorCode::HttpRequestDenied => NoAnswer::Denied("the request is not allowed".to_owned()),
        ErrorCode::InternalError(Some(reason)) => NoAnswer::Transport(reason.clone()),
        ErrorCode::ConnectionRefused => {
            NoAnswer::Transport("the connection was refused".to_owned())
        }
        ErrorCode::ConnectionTerminated => {
            NoAnswer::Transport("the connection was closed".to_owned())
        }
        ErrorCode::ConnectionTimeout => NoAnswer::Transport("the connection timed out".to_owned()),
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            NoAnswer::Transport("the answer did not come in time".to_owned())
        }
        ErrorCode::DnsError(_) => {
            NoAnswer::Transport("the name of the host was not found".to_owned())
        }
        ErrorCode::TlsCertificateError => {
            NoAnswer::Transport("the host's certificate is not trusted".to_owned())
        }
        other => NoAnswer::Transport(format!("{other:?}")),
    }
}
