//! Errors as Graph and Intune write them: code, message, request id, the wait that a message names.
//!
//! What is known of them: docs/graph-facts.md#errors.

use core::fmt;

use serde_json::Value;

use crate::{approval, shortened};

/// The most of a message that is kept, in characters.
const MESSAGE_MAX: usize = 1000;
/// The most of a message that is shown, in characters.
const MESSAGE_SHOWN: usize = 300;

/// What an unsuccessful response says, from its body and headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphError {
    /// `error.code`; may be empty.
    pub code: String,
    /// `error.message`, or the text inside where it is JSON itself.
    pub message: String,
    /// What Microsoft's support asks for.
    pub request_id: String,
    /// `RetryAfter` inside the message, where Intune sometimes puts it.
    pub retry_after: Option<String>,
    /// The response asks for the approval of another administrator.
    pub approval: bool,
}

impl GraphError {
    /// An error with a code and a message.
    #[must_use]
    pub fn new(code: &str, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            ..Self::default()
        }
    }

    /// Reads an error from a response's body and headers. A body that is not JSON becomes the message.
    #[must_use]
    pub fn read(body: &[u8], headers: &[(String, String)]) -> Self {
        match serde_json::from_slice(body) {
            Ok(body) => Self::of(&body, headers),
            Err(_) => {
                let text = String::from_utf8_lossy(body);
                let words: Vec<&str> = text.split_whitespace().collect();
                let message = shortened(&words.join(" "), 200).to_owned();
                Self {
                    message,
                    ..Self::named(headers)
                }
            }
        }
    }

    /// Reads what the headers alone say: for a success, and for a body without an error.
    #[must_use]
    pub fn named(headers: &[(String, String)]) -> Self {
        let header = |name: &str| {
            headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        Self {
            request_id: shortened_id(header("request-id").unwrap_or_default()),
            approval: headers
                .iter()
                .any(|(key, _)| approval::is_header(key.as_ref())),
            ..Self::default()
        }
    }

    /// Reads an error from a body that is JSON.
    #[must_use]
    pub fn of(body: &Value, headers: &[(String, String)]) -> Self {
        let named = Self::named(headers);
        let Some(error) = body.get("error") else {
            return named;
        };
        let outer = text_of(error.get("message"));
        let inner: Value = serde_json::from_str(outer).unwrap_or_default();
        let message = inner
            .get("Message")
            .and_then(Value::as_str)
            .unwrap_or(outer);
        let retry_after = inner.get("RetryAfter").and_then(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let in_body = error.get("innerError").or_else(|| error.get("innererror"));
        let ids = [
            named.request_id.as_str(),
            text_of(in_body.and_then(|inner| inner.get("request-id"))),
            activity(message),
        ];
        let id = ids.into_iter().find(|id| !id.is_empty());
        Self {
            code: shortened(text_of(error.get("code")), MESSAGE_MAX).to_owned(),
            message: shortened(message, MESSAGE_MAX).to_owned(),
            request_id: shortened_id(id.unwrap_or_default()),
            retry_after,
            approval: named.approval || approval::is_named(outer),
        }
    }
}

impl fmt::Display for GraphError {
    /// `code: message, request-id …` on one line, as far as they are known; empty where nothing is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy may have written it: nothing of it must drive a terminal.
        let line = |text: &str| text.replace(char::is_control, " ");
        let code = line(&self.code);
        let message = line(shortened(&self.message, MESSAGE_SHOWN).trim_end_matches('.'));
        let words = match (code.as_str(), message.as_str()) {
            ("", words) | (words, "") => words.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        f.write_str(&words)?;
        match (words.as_str(), line(&self.request_id).as_str()) {
            (_, "") => Ok(()),
            ("", id) => write!(f, "request-id {id}"),
            (_, id) => write!(f, ", request-id {id}"),
        }
    }
}

/// A text; empty where it is anything else, or missing.
fn text_of(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn shortened_id(id: &str) -> String {
    shortened(id, 100).to_owned()
}

/// The GUID after `Activity ID: ` in Intune's messages.
fn activity(message: &str) -> &str {
    message
        .split_once("Activity ID: ")
        .and_then(|(_, rest)| rest.get(..36))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_intunes_json_in_the_message() {
        let message = r#"{"_version":3,"Message":"Too many - Activity ID: 3f2504e0-4f89-11d3-9a0c-0305e82c3301 - Url: https://x","RetryAfter":2.128}"#;
        let body =
            serde_json::json!({ "error": { "code": "TooManyRequests", "message": message } });
        let error = GraphError::read(body.to_string().as_bytes(), &[]);
        assert_eq!(error.code, "TooManyRequests");
        assert!(error.message.starts_with("Too many - Activity"));
        assert_eq!(error.request_id, "3f2504e0-4f89-11d3-9a0c-0305e82c3301");
        assert_eq!(error.retry_after.as_deref(), Some("2.128"));
    }

    #[test]
    fn both_spellings_of_the_inner_error_and_the_header_first() {
        for spelling in ["innerError", "innererror"] {
            let body = serde_json::json!({ "error": { "code": "", "message": "m", spelling: { "request-id": "b" } } });
            let body = body.to_string();
            assert_eq!(GraphError::read(body.as_bytes(), &[]).request_id, "b");
            let headers = [("Request-Id".to_owned(), "h".to_owned())];
            assert_eq!(GraphError::read(body.as_bytes(), &headers).request_id, "h");
        }
    }

    #[test]
    fn shows_what_is_known_and_nothing_else() {
        let error = |code: &str, message: &str, request_id: &str| GraphError {
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: request_id.to_owned(),
            ..GraphError::default()
        };
        for (error, shown) in [
            (
                error("Forbidden", "No.", "7"),
                "Forbidden: No, request-id 7",
            ),
            (error("Forbidden", "", ""), "Forbidden"),
            (error("", "No.", ""), "No"),
            (error("", "", "7"), "request-id 7"),
            (error("", "", ""), ""),
            (error("", "\u{1b}[2J\nNo", ""), " [2J No"),
        ] {
            assert_eq!(error.to_string(), shown);
        }
        let long = error("", &"é".repeat(1000), "").to_string();
        assert_eq!(long.chars().count(), 300);
    }

    #[test]
    fn anything_else_becomes_a_short_message() {
        let error = GraphError::read(b"<html>\n  <body>Gateway   Timeout</body></html>", &[]);
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("", "<html> <body>Gateway Timeout</body></html>")
        );
        for body in [
            "",
            "null",
            "[]",
            r#"{"error":7}"#,
            r#"{"error":{"code":5,"message":[]}}"#,
        ] {
            assert_eq!(
                GraphError::read(body.as_bytes(), &[]),
                GraphError::default(),
                "{body}"
            );
        }
    }

    #[test]
    fn recognises_multi_admin_approval_in_header_and_message() {
        for name in ["X-MSFT-Approval-Justification", "x-msft-approval-code"] {
            let header = [(name.to_owned(), String::new())];
            assert!(GraphError::read(b"", &header).approval, "{name}");
        }
        for (message, expected) in [
            ("Header x-msft-approval-justification is required", true),
            ("This action requires Multi-Admin Approval.", true),
            ("MultiAdminApprovalRequired", true),
            ("Approval of the device is pending", false),
        ] {
            let body = serde_json::json!({ "error": { "message": message } }).to_string();
            let error = GraphError::read(body.as_bytes(), &[]);
            assert_eq!(error.approval, expected, "{message}");
        }
    }
}
