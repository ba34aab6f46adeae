//! Responses of Microsoft Graph to the host's own requests: those of `doctor`, `grant` and `groups`.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::BodyExt;
use intune_sync_egress::{ClientError, ResponseBody};
use intune_sync_graph::{GraphError, read_json};
use jiff::{Timestamp, fmt::rfc2822};
use serde::de::DeserializeOwned;

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct GraphResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl GraphResponse {
    /// Reads the response to its end.
    ///
    /// # Errors
    ///
    /// When it breaks off, stalls or is too large.
    pub(crate) async fn read(response: Response<ResponseBody>) -> Result<Self, ClientError> {
        let (head, body) = response.into_parts();
        Ok(Self {
            status: head.status,
            headers: head.headers,
            body: body.collect().await?.to_bytes(),
        })
    }

    /// The body, where it is JSON of this shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        read_json(&self.body).ok()
    }

    /// When it was sent, by the clock of who sent it, to the second.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        response_time(&self.headers)
    }

    /// What an unsuccessful response says.
    pub(crate) fn error(&self) -> ErrorResponse {
        let headers = self.headers.iter();
        let headers: Vec<(String, String)> = headers
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        ErrorResponse {
            status: self.status,
            error: GraphError::read(&self.body, &headers),
        }
    }
}

/// When a response with these headers was sent, by the clock of who sent it, to the second.
pub(crate) fn response_time(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

/// What an unsuccessful response says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) error: GraphError,
}

impl ErrorResponse {
    /// Whether Graph wrote it, not something on the way: Graph's errors have a code, and its responses a request id.
    pub(crate) fn is_graphs(&self) -> bool {
        !self.error.code.is_empty() || !self.error.request_id.is_empty()
    }
}

impl std::fmt::Display for ErrorResponse {
    /// `403, Forbidden: message, request-id …`, as far as there is any.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        match self.error.to_string().as_str() {
            "" => Ok(()),
            known => write!(f, ", {known}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&'static str, &str)], body: &str) -> GraphResponse {
        let headers = headers.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().expect("a header value"))
        });
        GraphResponse {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: headers.collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn errors_are_shown_with_their_status() {
        let body = r#"{"error":{"code":"Forbidden","message":"No."}}"#;
        let plain = response(403, &[("request-id", "7")], body).error();
        assert_eq!(plain.to_string(), "403, Forbidden: No, request-id 7");
        assert_eq!(response(502, &[], "").error().to_string(), "502");
        assert_eq!(
            response(502, &[], "<html>").error().to_string(),
            "502, <html>"
        );
    }

    #[test]
    fn the_date_is_read() {
        let date = |text: &str| response(200, &[("date", text)], "").date();
        assert_eq!(
            date("Mon, 23 Nov 2026 04:50:00 GMT").map(Timestamp::as_second),
            Some(1_795_409_400)
        );
        assert_eq!(date("soon"), None);
        assert_eq!(response(200, &[], "").date(), None);
    }
}
