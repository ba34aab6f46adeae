//! What an identity endpoint says when it gives no token.

use intune_sync_ids::without_bom;
use serde::Deserialize;
use serde_json::Value;

/// The longest piece of a service's own words that is shown, in characters.
const MAX_WORDS: usize = 300;

/// What a service says when it gives no token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Its own words, on one line: OAuth's, or App Service's.
    pub message: Option<String>,
    /// The numbers of Entra ID's errors: 7000215 for `AADSTS7000215`.
    pub codes: Vec<u32>,
}

impl Refusal {
    /// Reads the body of a response; one in an unknown form yields nothing.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        struct Fields {
            error_description: Option<String>,
            message: Option<String>,
            error: Option<Value>,
            #[serde(default)]
            error_codes: Value,
        }

        let fields: Fields = serde_json::from_slice(without_bom(body)).unwrap_or_default();
        let nested = fields
            .error
            .as_ref()
            .and_then(|error| error.get("message").unwrap_or(error).as_str());
        let words = fields
            .error_description
            .as_deref()
            .or(fields.message.as_deref())
            .or(nested);
        let codes = fields.error_codes.as_array().into_iter().flatten();
        Self {
            message: words.map(one_line).filter(|words| !words.is_empty()),
            codes: codes
                .filter_map(|code| u32::try_from(code.as_u64()?).ok())
                .collect(),
        }
    }
}

/// A text from elsewhere on one line, without control characters and of bounded length.
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
                "\u{feff}{\"error\":\"invalid_request\"}",
                Some("invalid_request"),
            ),
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
            let refusal = Refusal::read(body.as_bytes());
            assert_eq!(refusal.message.as_deref(), expected, "{body}");
        }
        let body = r#"{"error":"invalid_client","error_codes":[7000215,"x",-1,50]}"#;
        assert_eq!(Refusal::read(body.as_bytes()).codes, [7_000_215, 50]);
    }
}
