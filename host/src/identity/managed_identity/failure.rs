//! Why a managed identity gives no token, in plain words.

use std::error::Error;
use std::time::Duration;

use azure_core::error::ErrorKind;
use serde::Deserialize;

use super::super::TokenError;
use super::answer::Unreadable;
use super::environment::Endpoint;
use crate::http_client::ClientError;

const TRY_LATER: &str = "try again later; if it lasts, restart the place it runs in";

/// The longest piece of a service's own words that is shown, in characters.
const MAX_WORDS: usize = 300;

/// Nothing answers at the address of IMDS.
pub(super) fn not_here(error: &ClientError) -> TokenError {
    TokenError::denied(
        format!("no managed identity here: {error}"),
        "run it in Azure, where a platform sets `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` or a virtual machine has \
         IMDS, or use `--auth token-file`",
    )
}

/// The retries have used up their time.
pub(super) fn too_slow(endpoint: &Endpoint, deadline: Duration) -> TokenError {
    let message = format!(
        "no token from the managed identity endpoint {} within {} s",
        place(endpoint),
        deadline.as_secs()
    );
    TokenError::transient(message, TRY_LATER)
}

/// A token came that is none.
pub(super) fn unusable(endpoint: &Endpoint, problem: &str) -> TokenError {
    TokenError::transient(
        format!(
            "the token from the managed identity endpoint {} {problem}",
            place(endpoint)
        ),
        "check the clock of this machine",
    )
}

/// What `azure_identity` says, by its cause.
pub(super) fn explain(error: &azure_core::Error, endpoint: &Endpoint) -> TokenError {
    let place = place(endpoint);
    for cause in std::iter::successors(Some(error as &(dyn Error + 'static)), |error| {
        (*error).source()
    }) {
        if let Some(error) = cause.downcast_ref::<ClientError>() {
            let message = format!("no answer from the managed identity endpoint {place}: {error}");
            return TokenError::transient(message, TRY_LATER);
        }
        if let Some(error) = cause.downcast_ref::<Unreadable>() {
            let message = format!("no token from the managed identity endpoint {place}: {error}");
            return TokenError::transient(
                message,
                "check that `IDENTITY_ENDPOINT` is as the platform has set it",
            );
        }
        let kind = cause
            .downcast_ref::<azure_core::Error>()
            .map(azure_core::Error::kind);
        if let Some(ErrorKind::HttpResponse {
            status,
            raw_response,
            ..
        }) = kind
        {
            let body = raw_response
                .as_ref()
                .map_or(&[][..], |response| response.body().as_ref());
            return refused(u16::from(*status), body, &place);
        }
    }
    TokenError::denied(
        format!(
            "no token from the managed identity endpoint {place}: {}",
            one_line(&error.to_string())
        ),
        TRY_LATER,
    )
}

fn refused(status: u16, body: &[u8], place: &str) -> TokenError {
    let words = match words(body) {
        Some(words) => format!(": {words}"),
        None => String::new(),
    };
    let message = format!("the managed identity endpoint {place} answered {status}{words}");
    match status {
        404 | 408 | 410 | 429 | 500.. => TokenError::transient(message, TRY_LATER),
        _ => TokenError::denied(
            message,
            "assign a managed identity to the place this runs in; name a user-assigned one with `--client-id`, \
             `--object-id` or `--resource-id`",
        ),
    }
}

/// The service's own words: OAuth's, or App Service's.
fn words(body: &[u8]) -> Option<String> {
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
fn one_line(text: &str) -> String {
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

fn place(endpoint: &Endpoint) -> String {
    format!("`{}` ({})", endpoint.address(), endpoint.name())
}
