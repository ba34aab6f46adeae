//! The component's own export.

use core::time::Duration;

use waki::{Client, ErrorCode, Response, header};

use crate::{
    body,
    contract::{self, Guest, Message, NotifyError, Refused},
};

/// How long a connection may take; the host has a limit on all the rest.
const CONNECT: Duration = Duration::from_secs(10);
/// How much is read of a response that does not accept the message, in bytes.
const READ: u64 = 4 << 10;
/// How much of it is reported, in characters.
const SHOWN: usize = 200;

struct Component;

contract::export!(Component with_types_in contract::generated);

impl Guest for Component {
    fn send(target: String, message: Message) -> Result<(), NotifyError> {
        // Without a length: where a runtime has one, it may close the stream with the last byte, and waki takes that
        // for a failure. The program sets it itself.
        let response = Client::new()
            .post(&target)
            .connect_timeout(CONNECT)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body(&message))
            .send()
            .map_err(|error| match error.downcast_ref() {
                Some(ErrorCode::HttpRequestDenied) => {
                    NotifyError::NotSent("the request is not allowed".to_owned())
                }
                Some(ErrorCode::InternalError(Some(reason))) => {
                    NotifyError::NoResponse(reason.clone())
                }
                Some(code) => NotifyError::NoResponse(format!("the runtime says `{code:?}`")),
                None => NotifyError::NotSent(error.to_string()),
            })?;
        match response.status_code() {
            200..300 => Ok(()),
            _ => Err(NotifyError::Refused(refused(&response))),
        }
    }
}

fn refused(response: &Response) -> Refused {
    let retry_after = response.header(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok());
    let body = response.chunk(READ).ok().flatten().unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let line = body.lines().next().unwrap_or_default();
    Refused {
        status: response.status_code(),
        retry_after: retry_after.map(str::to_owned),
        message: line.chars().take(SHOWN).collect(),
    }
}
