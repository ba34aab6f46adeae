//! Reads a response of an endpoint: a token, or why there is none and what helps.

use core::time::Duration;

use http::{HeaderValue, Response, header};

use crate::{
    AccessToken, Refusal, TokenError, TokenErrorKind,
    response::{self, Unreadable},
};

/// What the user should check when a token is over before it is used.
const CHECK_CLOCK: &str = "check the clock of this machine";

/// Where a token is requested, as messages name it, and what helps when there is none.
pub struct Endpoint {
    /// `the managed identity endpoint … (IMDS)`.
    pub name: String,
    /// What to do when it fails.
    pub in_trouble: &'static str,
    /// What to do when it cannot be reached, if it is known better here than where requests are sent.
    pub unreached: Option<&'static str>,
    /// What to do when its response makes no sense.
    pub unreadable: &'static str,
    /// Whether 404 and 410 pass: a machine's own endpoint returns them for more than a minute while it is updated.
    pub absence_passes: bool,
    /// What to do when it refuses.
    pub refused: fn(&Refusal) -> &'static str,
}

impl Endpoint {
    /// Reads a response. `now` is in seconds since 1970; without it only a lifetime (`expires_in`) counts, since a date
    /// means nothing.
    ///
    /// # Errors
    ///
    /// When there is no token in it.
    pub fn handle_response(
        &self,
        response: &Response<impl AsRef<[u8]>>,
        now: Option<i64>,
    ) -> Result<AccessToken, TokenError> {
        self.read(self.accept(response)?, now)
    }

    /// The body of a response, unless its status says that there is no token.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses, or is in trouble.
    pub fn accept<'a>(
        &self,
        response: &'a Response<impl AsRef<[u8]>>,
    ) -> Result<&'a [u8], TokenError> {
        let body = response.body().as_ref();
        if response.status().is_success() {
            return Ok(body);
        }
        let retry_after = response.headers().get(header::RETRY_AFTER);
        Err(self.refusal(response.status().as_u16(), retry_after, body))
    }

    /// Reads what holds a token.
    ///
    /// # Errors
    ///
    /// When there is no usable token in it.
    pub fn read(&self, body: &[u8], now: Option<i64>) -> Result<AccessToken, TokenError> {
        response::read(body, now).map_err(|error| match error {
            Unreadable::Over(problem) => TokenError::transient(
                format!("the token from {} {problem}", self.name),
                CHECK_CLOCK,
            ),
            Unreadable::Unusable(problem) => {
                self.unusable_response(format!("the token from {} {problem}", self.name))
            }
            Unreadable::NoToken(problem) => {
                self.unusable_response(format!("no token from {}: {problem}", self.name))
            }
        })
    }

    /// The response has no token, or none that can be used.
    pub(crate) fn unusable_response(&self, message: String) -> TokenError {
        TokenError::transient(message, self.unreadable)
    }

    /// There was no response, for this reason; `hint` is the caller's advice.
    #[must_use]
    pub fn no_response(&self, reason: &str, hint: &str) -> TokenError {
        let message = format!("no response from {}: {reason}", self.name);
        let hint = self.unreached.unwrap_or(hint);
        TokenError::new(TokenErrorKind::NoResponse, message, hint)
    }

    /// What a status without a token means.
    fn status_kind(&self, status: u16) -> TokenErrorKind {
        match status {
            404 | 410 if self.absence_passes => TokenErrorKind::Busy,
            408 | 429 | 500.. => TokenErrorKind::Busy,
            _ => TokenErrorKind::Denied,
        }
    }

    fn refusal(&self, status: u16, retry_after: Option<&HeaderValue>, body: &[u8]) -> TokenError {
        let refusal = Refusal::read(body);
        let words = match &refusal.message {
            Some(words) => format!(": {words}"),
            None => String::new(),
        };
        let (name, kind) = (&self.name, self.status_kind(status));
        let is_redirect = kind == TokenErrorKind::Denied && status < 400;
        let message = match is_redirect {
            true => format!("{name} returned {status}, a redirect, which is not followed{words}"),
            false => format!("{name} returned {status}{words}"),
        };
        let hint = match kind {
            // Whatever redirects is something else.
            TokenErrorKind::Denied if is_redirect => self.unreadable,
            TokenErrorKind::Denied => (self.refused)(&refusal),
            _ => self.in_trouble,
        };
        let seconds = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        TokenError {
            retry_after: seconds.map(Duration::from_secs),
            ..TokenError::new(kind, message, hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: fn() -> Endpoint = || Endpoint {
        name: "the endpoint `x`".to_owned(),
        in_trouble: "wait",
        unreached: None,
        unreadable: "look",
        absence_passes: true,
        refused: |_| "ask",
    };

    fn error(status: u16, retry_after: Option<&str>, body: &str) -> TokenError {
        let mut response = Response::builder().status(status);
        if let Some(value) = retry_after {
            response = response.header(header::RETRY_AFTER, value);
        }
        let response = response.body(body).expect("a response");
        let result = ENDPOINT().handle_response(&response, Some(1_795_406_000));
        result.expect_err("no token")
    }

    #[test]
    fn a_status_without_a_token_is_final_or_passes() {
        for status in [404, 408, 410, 429, 500, 502, 503, 504] {
            let error = error(status, Some("7"), r#"{"error":"x"}"#);
            assert_eq!(error.kind, TokenErrorKind::Busy);
            assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
            assert_eq!(
                (error.message.as_str(), error.hint.as_str()),
                (
                    format!("the endpoint `x` returned {status}: x").as_str(),
                    "wait"
                )
            );
        }
        let redirected = error(302, None, "<html>");
        assert_eq!(redirected.kind, TokenErrorKind::Denied);
        assert_eq!(
            (redirected.message.as_str(), redirected.hint.as_str()),
            (
                "the endpoint `x` returned 302, a redirect, which is not followed",
                "look"
            )
        );
        for status in [400, 401, 403, 405] {
            let error = error(status, None, "<html>");
            assert_eq!(error.kind, TokenErrorKind::Denied);
            assert_eq!(
                (error.message.as_str(), error.hint.as_str()),
                (
                    format!("the endpoint `x` returned {status}").as_str(),
                    "ask"
                )
            );
        }
    }

    #[test]
    fn garbage_gives_no_token_and_is_not_quoted() {
        for (body, problem, hint) in [
            (
                "<html>abc</html>",
                "no token from the endpoint `x`: its response is not a JSON object",
                "look",
            ),
            (
                r#"{"access_token":"abc"}"#,
                "no token from the endpoint `x`: its response does not say when the token ends",
                "look",
            ),
            (
                r#"{"access_token":"abc","expires_on":"1000"}"#,
                "the token from the endpoint `x` has expired already",
                CHECK_CLOCK,
            ),
            (
                r#"{"access_token":"abc def","expires_in":3600}"#,
                "the token from the endpoint `x` contains a space or line break",
                "look",
            ),
            (
                r#"{"access_token":"","expires_in":3600}"#,
                "the token from the endpoint `x` is empty",
                "look",
            ),
            (
                format!(
                    r#"{{"access_token":"{}","expires_in":3600}}"#,
                    "abc".repeat(5_462)
                )
                .as_str(),
                "the token from the endpoint `x` is longer than 16 KiB",
                "look",
            ),
        ] {
            let error = error(200, None, body);
            assert_eq!(error.kind, TokenErrorKind::Transient);
            assert!(error.message.starts_with(problem), "{error}");
            assert_eq!(error.hint, hint);
            assert!(!format!("{error:?}").contains("abc"), "{error:?}");
        }
    }
}
