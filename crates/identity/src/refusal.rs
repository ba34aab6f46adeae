//! The answer of an identity endpoint that gives no token.

use serde::Deserialize;

/// The longest piece of a service's own words that is shown, in characters.
const MAX_WORDS: usize = 300;

/// Whether what was answered with this status may pass by itself.
#[must_use]
pub fn passes(status: u16) -> bool {
    matches!(status, 404 | 408 | 410 | 429 | 500..)
}

/// The service's own words: OAuth's, or App Service's.
#[must_use]
pub fn words(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        error_description: Option<String>,
        message: Option<String>,
        error: Option<serde_json::Value>,
    }

    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    let nested = refusal
        .error
        .as_ref()
        .and_then(|error| error.get("message").unwrap_or(error).as_str());
    let text = refusal
        .error_description
        .as_deref()
        .or(refusal.message.as_deref())
        .or(nested)?;
    Some(one_line(text)).filter(|text| !text.is_empty())
}

/// A text of someone else's on one line, without control characters and of bounded length.
#[must_use]
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words
        .join(" ")
        .chars()
        .take(MAX_WORDS)
        .collect::<String>()
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_own_words_are_found() {
        for (body, expected) in [
            (
                r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid\r\n secret. "}"#,
                Some("AADSTS7000215: Invalid secret"),
            ),
            (r#"{"error":"invalid_request"}"#, Some("invalid_request")),
            (
                r#"{"error":{"code":"x","message":"No identity"}}"#,
                Some("No identity"),
            ),
            (
                r#"{"statusCode":500,"message":"An error."}"#,
                Some("An error"),
            ),
            ("<html>", None),
            (r#"{"error":""}"#, None),
        ] {
            assert_eq!(words(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
