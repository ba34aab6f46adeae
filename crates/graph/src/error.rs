//! Errors as Graph and Intune write them: code, message, request id, the wait that a message names.
//!
//! What is known of them: docs/graph-facts.md#errors.

use core::fmt;

use intune_sync_ids::without_bom;
use serde_json::Value;

use crate::{approval, shortened, tolerant::read_json};

/// The most of a message that is kept, in characters.
const MESSAGE_MAX: usize = 1000;
/// The most of a message that is shown, in characters.
const MESSAGE_SHOWN: usize = 300;
/// How deep JSON may be nested in the texts of JSON.
const DEPTH_MAX: u32 = 4;

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
    /// Who says so, as far as the body shows.
    pub source: Source,
}

/// Where an error is from, as far as the body of the response shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// The body does not show it: it is empty, or JSON without an error.
    #[default]
    Unknown,
    /// Graph: the body holds an error.
    Graph,
    /// Something on the way: the body is not JSON.
    Other,
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

    /// Reads an error from a response's body and headers. A body that is not JSON becomes the message; so does the
    /// target of a redirect.
    #[must_use]
    pub fn read(body: &[u8], headers: &[(String, String)]) -> Self {
        let error = match read_json(body) {
            Ok(body) => Self::of(&body, headers),
            Err(_) => Self::of_text(&String::from_utf8_lossy(without_bom(body)), headers),
        };
        match header(headers, "location") {
            Some(target) => Self {
                // The query may hold a secret.
                message: format!(
                    "a redirect to `{}`",
                    shortened(target.split(['?', '#']).next().unwrap_or_default(), 200)
                ),
                ..error
            },
            None => error,
        }
    }

    /// Reads what a response says: of a success, only what its headers say.
    #[must_use]
    pub fn of_response(status: u16, body: &[u8], headers: &[(String, String)]) -> Self {
        match status {
            200..=299 => Self::named(headers),
            _ => Self::read(body, headers),
        }
    }

    /// Reads the error that a success holds instead of what was requested, if it does.
    #[must_use]
    pub fn instead(status: u16, body: &[u8], headers: &[(String, String)]) -> Option<Self> {
        if !(200..300).contains(&status) || body.is_empty() {
            return None;
        }
        Some(Self::read(body, headers)).filter(|error| error.source == Source::Graph)
    }

    /// Reads what the headers alone say: for a success, and for a body without an error.
    #[must_use]
    pub fn named(headers: &[(String, String)]) -> Self {
        Self {
            request_id: shortened_id(header(headers, "request-id").unwrap_or_default()),
            approval: headers.iter().any(|(key, _)| approval::is_header(key)),
            ..Self::default()
        }
    }

    /// Reads an error from a body that is JSON. A body that is a text is one that is not JSON, in a batch.
    #[must_use]
    pub fn of(body: &Value, headers: &[(String, String)]) -> Self {
        if let Value::String(text) = body {
            return Self::of_text(text, headers);
        }
        let named = Self::named(headers);
        let error = match body.get("error") {
            None | Some(Value::Null) => return named,
            Some(error) => error,
        };
        let outer = error.get("message").unwrap_or(&Value::Null);
        let (message, retry_after) = message(outer, DEPTH_MAX);
        let in_body = error.get("innerError").or_else(|| error.get("innererror"));
        let ids = [
            named.request_id.as_str(),
            text_of(in_body.and_then(|inner| inner.get("request-id"))),
            activity(&message),
        ];
        let id = ids.into_iter().find(|id| !id.is_empty());
        Self {
            code: shortened(text_of(error.get("code")), MESSAGE_MAX).to_owned(),
            request_id: shortened_id(id.unwrap_or_default()),
            approval: named.approval || approval::is_named(&outer.to_string()),
            message: shortened(&message, MESSAGE_MAX).to_owned(),
            retry_after,
            source: Source::Graph,
        }
    }

    /// A text that is not JSON becomes the message.
    fn of_text(text: &str, headers: &[(String, String)]) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let message = shortened(&words.join(" "), 200).to_owned();
        let is_empty = message.is_empty();
        Self {
            message,
            source: if is_empty {
                Source::Unknown
            } else {
                Source::Other
            },
            ..Self::named(headers)
        }
    }

    /// The status that an error with this code usually has; 500 for any other code.
    pub(crate) fn usual_status(&self) -> u16 {
        const STATUSES: [(&str, u16); 11] = [
            ("BadRequest", 400),
            ("InvalidAuthenticationToken", 401),
            ("Unauthorized", 401),
            ("AccessDenied", 403),
            ("Authorization_RequestDenied", 403),
            ("Forbidden", 403),
            ("NotFound", 404),
            ("Request_ResourceNotFound", 404),
            ("ResourceNotFound", 404),
            ("TooManyRequests", 429),
            ("ServiceUnavailable", 503),
        ];
        let mut known = STATUSES.iter();
        let same = known.find(|(code, _)| code.eq_ignore_ascii_case(&self.code));
        same.map_or(500, |(_, status)| *status)
    }
}

/// The first value of a header.
fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut headers = headers.iter();
    let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// The text of a message that may be JSON, or the text of JSON, in which it may be so again; and the `RetryAfter` that
/// comes with it.
fn message(value: &Value, depth: u32) -> (String, Option<String>) {
    let inner = match value {
        Value::String(text) if depth > 0 && text.trim_start().starts_with('{') => {
            read_json(text.as_bytes()).unwrap_or_default()
        }
        Value::Object(_) => value.clone(),
        _ => Value::Null,
    };
    let Value::Object(fields) = inner else {
        return (text_of(Some(value)).to_owned(), None);
    };
    let retry_after = match fields.get("RetryAfter") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let within = ["Message", "message"]
        .iter()
        .find_map(|name| fields.get(*name));
    let (text, deeper) = match within {
        Some(within) if depth > 0 => message(within, depth - 1),
        _ => (String::new(), None),
    };
    let text = match (text.is_empty(), value) {
        (false, _) => text,
        (true, Value::String(outer)) => outer.clone(),
        (true, _) => value.to_string(),
    };
    (text, retry_after.or(deeper))
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
        for body in ["", "null", "[]", r#"{"error":null}"#] {
            assert_eq!(
                GraphError::read(body.as_bytes(), &[]),
                GraphError::default(),
                "{body}"
            );
        }
        for body in [r#"{"error":7}"#, r#"{"error":{"code":5,"message":[]}}"#] {
            let error = GraphError {
                source: Source::Graph,
                ..GraphError::default()
            };
            assert_eq!(GraphError::read(body.as_bytes(), &[]), error, "{body}");
        }
    }

    #[test]
    fn reads_json_in_json_in_json() {
        let inner = r#"{"Message":"Slow down","RetryAfter":7}"#;
        let middle = serde_json::json!({"Message": inner, "RetryAfter": null}).to_string();
        let outer = serde_json::json!({"Message": middle}).to_string();
        for message in [
            serde_json::json!(inner),
            serde_json::json!(middle),
            serde_json::json!(outer),
            serde_json::json!({"Message": "Slow down", "RetryAfter": "7"}),
            serde_json::json!({"message": {"Message": inner}}),
        ] {
            let body =
                serde_json::json!({"error": {"code": "TooManyRequests", "message": message}});
            let error = GraphError::of(&body, &[]);
            assert_eq!(error.message, "Slow down", "{body}");
            assert_eq!(error.retry_after.as_deref(), Some("7"), "{body}");
        }
        for (message, text) in [
            (serde_json::json!({"x": 1}), r#"{"x":1}"#),
            (serde_json::json!(r#"{"x":1}"#), r#"{"x":1}"#),
            (serde_json::json!("[1]"), "[1]"),
        ] {
            let body = serde_json::json!({"error": {"message": message}});
            assert_eq!(GraphError::of(&body, &[]).message, text);
        }
        let mut endless = inner.to_owned();
        for _ in 0..9 {
            endless = serde_json::json!({"Message": endless}).to_string();
        }
        let body = serde_json::json!({"error": {"message": endless}});
        assert!(GraphError::of(&body, &[]).message.len() > inner.len());
    }

    #[test]
    fn reads_behind_a_byte_order_mark_and_half_a_character() {
        let body = "\u{feff}{\"error\":{\"code\":\"Forbidden\",\"message\":\"No \\ud83d\"}}";
        let error = GraphError::read(body.as_bytes(), &[]);
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("Forbidden", "No \u{fffd}")
        );
    }

    #[test]
    fn names_the_target_of_a_redirect_without_its_query() {
        let headers = [(
            "Location".to_owned(),
            "https://login.example/a?token=x#y".to_owned(),
        )];
        let error = GraphError::read(b"<html>Object moved</html>", &headers);
        assert_eq!(error.message, "a redirect to `https://login.example/a`");
    }

    #[test]
    fn knows_whose_error_it_is() {
        for (body, source) in [
            ("", Source::Unknown),
            ("{}", Source::Unknown),
            (r#"{"error":{"code":"Forbidden"}}"#, Source::Graph),
            ("<html>Forbidden</html>", Source::Other),
            (r#""<html>in a batch</html>""#, Source::Other),
        ] {
            assert_eq!(
                GraphError::read(body.as_bytes(), &[]).source,
                source,
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

    #[test]
    fn a_success_may_hold_an_error_and_other_statuses_are_errors_anyway() {
        let body: &[u8] = br#"{"error":{"code":"X","message":"m"}}"#;
        let headers = [("request-id".to_owned(), "h".to_owned())];
        let instead =
            |status, body| GraphError::instead(status, body, &headers).map(|error| error.code);
        for status in [200, 204, 299] {
            assert_eq!(instead(status, body).as_deref(), Some("X"), "{status}");
        }
        for (status, body) in [
            (199, body),
            (300, body),
            (500, body),
            (200, b""),
            (200, b"{}"),
        ] {
            assert_eq!(instead(status, body), None, "{status}");
        }
        let of = |status| {
            let error = GraphError::of_response(status, body, &headers);
            (error.code, error.request_id)
        };
        let text = str::to_owned;
        assert_eq!(of(400), (text("X"), text("h")));
        assert_eq!(of(200), (String::new(), text("h")));
    }

    #[test]
    fn json_in_a_text_is_read_to_a_bounded_depth() {
        let innermost = serde_json::json!({ "Message": "x", "RetryAfter": 9 });
        for (around, is_read) in [(0, true), (3, true), (4, false), (5, false)] {
            let text = (0..around).fold(innermost.to_string(), |inner, _| {
                serde_json::json!({ "Message": inner }).to_string()
            });
            let body = serde_json::json!({ "error": { "code": "X", "message": text } });
            let error = GraphError::read(body.to_string().as_bytes(), &[]);
            let expected = is_read.then_some("9");
            assert_eq!(error.retry_after.as_deref(), expected, "{around}");
        }
    }

    /// JSON in JSON is read to a depth that has been seen, and no deeper.
    #[test]
    fn what_is_nested_without_end_is_left_as_it_is() {
        let innermost = serde_json::json!({ "Message": "x", "RetryAfter": 9 });
        let texts = (0..7).fold(
            innermost.clone(),
            |inner, _| serde_json::json!({ "Message": inner.to_string() }),
        );
        let objects = (0..50).fold(
            innermost,
            |inner, _| serde_json::json!({ "Message": inner }),
        );
        for message in [texts, objects] {
            let body = serde_json::json!({ "error": { "code": "X", "message": message } });
            let error = GraphError::read(body.to_string().as_bytes(), &[]);
            assert_eq!((error.code.as_str(), error.retry_after), ("X", None));
            assert!(error.message.contains("Message"), "{}", error.message);
        }
    }
}
