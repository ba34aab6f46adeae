//! One request to an identity endpoint, without waiting: each call takes what has come since.

use core::time::Duration;

use intune_sync_identity::{TokenRequest, one_line};
use intune_sync_wasi_http::{
    self as wasi_http, Error, Method, Request, Response, Scheme, Timeouts,
};

/// A response with a token has a few kilobytes.
const RESPONSE_MAX: usize = 256 << 10;
/// How long a whole exchange may take, whatever the runtime makes of the timeouts.
const DEADLINE: Duration = Duration::from_secs(60);

/// The response to a request.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// A request under way.
pub(crate) struct Exchange {
    /// Or why it was not taken.
    inner: Result<wasi_http::Exchange, String>,
    /// By when it has to be complete; set by the first call.
    deadline: Option<Duration>,
}

impl Exchange {
    /// Hands a request to the runtime. `nearby` is an endpoint that is one hop away or nowhere.
    pub(crate) fn start(request: &TokenRequest, nearby: bool) -> Self {
        let form = request.form.as_ref();
        let inner = wasi_http::Exchange::start(Request {
            method: form.map_or(Method::Get, |_| Method::Post),
            scheme: match request.address.https {
                true => Scheme::Https,
                false => Scheme::Http,
            },
            authority: &request.address.authority,
            path_and_query: &request.address.path_and_query,
            headers: headers(request),
            body: form.cloned().unwrap_or_default().into_bytes(),
            timeouts: Timeouts {
                connect: Duration::from_secs(if nearby { 2 } else { 10 }),
                first_byte: Duration::from_secs(30),
                between_bytes: Duration::from_secs(10),
            },
            response_limit: RESPONSE_MAX,
        });
        Self {
            inner: inner.map_err(reason),
            deadline: None,
        }
    }

    /// Goes on as far as it can without waiting; the response, or why there is none, once it is complete.
    pub(crate) fn go_on(&mut self, now: Duration) -> Option<Result<Reply, String>> {
        let deadline = *self.deadline.get_or_insert(now + DEADLINE);
        let inner = match &mut self.inner {
            Ok(inner) => inner,
            Err(reason) => return Some(Err(core::mem::take(reason))),
        };
        inner.advance_ready();
        match inner.take_response() {
            Some(Ok(Response { status, body, .. })) => Some(Ok(Reply { status, body })),
            Some(Err(error)) => Some(Err(reason(error))),
            None if now < deadline => None,
            None => Some(Err(format!(
                "it did not respond within {} s",
                DEADLINE.as_secs()
            ))),
        }
    }
}

fn headers(request: &TokenRequest) -> Vec<(String, Vec<u8>)> {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_owned());
    let mut headers = vec![header("accept", "application/json")];
    let own = request.headers.iter();
    headers.extend(own.map(|(name, value)| header(name, value)));
    if let Some(form) = &request.form {
        headers.push(header("content-length", &form.len().to_string()));
    }
    headers
}

fn reason(error: Error) -> String {
    match error {
        Error::Denied => {
            "the runtime does not allow the request: add the endpoint to its list of allowed hosts"
                .to_owned()
        }
        Error::Unsupported(part) => format!("the runtime does not accept the request's {part}"),
        Error::Transport(reason) => one_line(&reason),
    }
}
