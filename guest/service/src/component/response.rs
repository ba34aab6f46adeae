//! The bodies of requests, and responses that are known as a whole.

use wasi::{
    clocks::monotonic_clock,
    http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam},
    io::{poll, streams::StreamError},
};

use crate::{BODY_MAX, Refusal};

/// How long the body of a request may take, in nanoseconds.
const BODY_TIME: u64 = 60_000_000_000;

/// The whole body of a request.
///
/// # Errors
///
/// 413 when it is too large, 400 when it ends before it is complete, 408 when it takes too long.
pub(super) fn body(request: &IncomingRequest) -> Result<Vec<u8>, Refusal> {
    let broken = || {
        Refusal::new(
            400,
            "the body of the request cannot be read",
            "send it again",
        )
    };
    let body = request.consume().map_err(|()| broken())?;
    let stream = body.stream().map_err(|()| broken())?;
    let ready = stream.subscribe();
    let over = monotonic_clock::subscribe_duration(BODY_TIME);
    let mut received = Vec::new();
    loop {
        poll::poll(&[&ready, &over]);
        if over.ready() {
            return Err(Refusal::new(
                408,
                format!(
                    "the body of the request did not come within {} s",
                    BODY_TIME / 1_000_000_000
                ),
                "send it again",
            ));
        }
        match stream.read(64 << 10) {
            Ok(part) => received.extend_from_slice(&part),
            Err(StreamError::Closed) => return Ok(received),
            Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
        }
        if received.len() > BODY_MAX {
            return Err(too_large());
        }
    }
}

/// 413.
pub(super) fn too_large() -> Refusal {
    Refusal::new(
        413,
        format!("the body is larger than {BODY_MAX} bytes"),
        "name fewer devices, or select by other criteria",
    )
}

/// Responds with a refusal; `allowed` is the method that the target takes.
pub(super) fn refusal(out: ResponseOutparam, refusal: &Refusal, allowed: Option<&str>) {
    let more = match (allowed, refusal.status) {
        (Some(method), _) => Some(("allow", method)),
        (None, 401) => Some(("www-authenticate", "Bearer")),
        (None, _) => None,
    };
    text(
        out,
        refusal.status,
        "application/json",
        &refusal.json(),
        more,
    );
}

/// Responds with a text.
pub(super) fn text(
    out: ResponseOutparam,
    status: u16,
    kind: &str,
    text: &str,
    more: Option<(&str, &str)>,
) {
    let Some(body) = begin(out, status, kind, more) else {
        return;
    };
    if let Ok(stream) = body.write() {
        for part in text.as_bytes().chunks(4096) {
            // The caller went away.
            if stream.blocking_write_and_flush(part).is_err() {
                break;
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}

/// Sends the head of a response, and opens its body. `None` if the caller went away.
pub(super) fn begin(
    out: ResponseOutparam,
    status: u16,
    kind: &str,
    more: Option<(&str, &str)>,
) -> Option<OutgoingBody> {
    let field = |(name, value): (&str, &str)| (name.to_owned(), value.as_bytes().to_vec());
    let fields: Vec<(String, Vec<u8>)> = [
        ("content-type", kind),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ]
    .into_iter()
    .chain(more)
    .map(field)
    .collect();
    let response =
        OutgoingResponse::new(Fields::from_list(&fields).unwrap_or_else(|_| Fields::new()));
    // Each status here is a valid one.
    let _ = response.set_status_code(status);
    let body = response.body().ok();
    ResponseOutparam::set(out, Ok(response));
    body
}
