//! What Microsoft Graph answers to the requests of the host's own: those of `doctor` and `grant`.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use jiff::{Timestamp, fmt::rfc2822};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http_client::{ClientError, ResponseBody};

/// What an answer under Multi Admin Approval asks for.
const APPROVAL: &str = "x-msft-approval-justification";

/// The most of Graph's own words that is shown, in characters.
const WORDS: usize = 300;

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Reads the answer to its end.
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
        serde_json::from_slice(&self.body).ok()
    }

    /// When it was sent, by the clock of who sent it, to the second.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        let date = self.headers.get(header::DATE)?.to_str().ok()?;
        rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
    }

    /// What an answer that is no success says.
    pub(crate) fn error(&self) -> GraphError {
        let body: Value = self.json().unwrap_or_default();
        let error = &body["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let outer = text(&error["message"]);
        // Intune's messages are often JSON themselves.
        let inner: Value = serde_json::from_str(&outer).unwrap_or_default();
        let message = match inner["Message"].as_str() {
            Some(inner) => inner.to_owned(),
            None => outer.clone(),
        };
        let request_id = self
            .headers
            .get("request-id")
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default();
        GraphError {
            status: self.status.as_u16(),
            code: shortened(&text(&error["code"])),
            message: shortened(&message),
            request_id: shortened(request_id),
            approval: self.headers.contains_key(APPROVAL)
                || outer.to_ascii_lowercase().contains(APPROVAL),
            is_graphs: error.is_object(),
        }
    }
}

/// What an answer that is no success says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    /// May be empty.
    pub(crate) code: String,
    /// May be empty.
    pub(crate) message: String,
    /// What Microsoft's support asks for; may be empty.
    pub(crate) request_id: String,
    /// It asks for the approval of another administrator.
    pub(crate) approval: bool,
    /// It has the form of Graph's errors.
    pub(crate) is_graphs: bool,
}

impl std::fmt::Display for GraphError {
    /// `403, Forbidden: message, request-id …`, as far as there is any.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)?;
        match (self.code.as_str(), self.message.trim_end_matches('.')) {
            ("", "") => {}
            ("", words) | (words, "") => write!(f, ", {words}")?,
            (code, message) => write!(f, ", {code}: {message}")?,
        }
        if !self.request_id.is_empty() {
            write!(f, ", request-id {}", self.request_id)?;
        }
        Ok(())
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(WORDS).collect()
}

/// A new `client-request-id`, by which Microsoft's support finds a request.
pub(crate) fn client_request_id() -> HeaderValue {
    let id = azure_core::Uuid::new_v4().to_string();
    HeaderValue::try_from(id).expect("a GUID is visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().expect("a header value"))
        });
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: headers.collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn errors_are_read_in_each_of_graphs_forms() {
        let plain = answer(
            403,
            &[("request-id", "7")],
            r#"{"error":{"code":"Forbidden","message":"No."}}"#,
        );
        assert_eq!(
            plain.error().to_string(),
            "403, Forbidden: No, request-id 7"
        );
        let intune = r#"{"error":{"code":"","message":"{\"Message\":\"An x-msft-approval-justification is asked for\"}"}}"#;
        let error = answer(400, &[], intune).error();
        assert!(error.approval && error.is_graphs);
        assert_eq!(
            error.to_string(),
            "400, An x-msft-approval-justification is asked for"
        );
        for body in ["", "<html>", "[]", r#"{"error":"x"}"#] {
            let error = answer(502, &[], body).error();
            assert_eq!(
                (error.to_string().as_str(), error.is_graphs),
                ("502", false)
            );
        }
        assert!(answer(403, &[(APPROVAL, "required")], "").error().approval);
    }

    #[test]
    fn the_date_is_read() {
        let date = |text: &str| answer(200, &[("date", text)], "").date();
        assert_eq!(
            date("Mon, 23 Nov 2026 04:50:00 GMT").map(Timestamp::as_second),
            Some(1_795_409_400)
        );
        assert_eq!(date("soon"), None);
        assert_eq!(answer(200, &[], "").date(), None);
    }
}
