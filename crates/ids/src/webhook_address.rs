//! The address of a webhook, which is a secret: anyone who has it can post.

use std::{borrow::Cow, fmt, str::FromStr};

use http::{Uri, uri::PathAndQuery};
use percent_encoding::percent_decode_str;

use crate::{Origin, OriginProblem};

/// The most bytes of an address. One of a workflow has about 350.
const LENGTH: usize = 2048;
/// Shorter parts of an address are words, such as `workflows`, and not secret.
const SECRET_LENGTH: usize = 12;

/// The address of a webhook. Nothing shows more of it than its origin, except [`expose`](Self::expose).
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookAddress {
    origin: Origin,
    target: PathAndQuery,
}

/// Why a text is not the address of a webhook. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookAddressError {
    /// It is not a URL.
    #[error("is not a URL")]
    Url,
    /// It is too long.
    #[error("has more than {LENGTH} characters")]
    Length,
    /// It has a fragment.
    #[error("has a fragment (`#`), which no server gets")]
    Fragment,
    /// Where it leads is not allowed.
    #[error("cannot be used: {0}")]
    Origin(#[from] OriginProblem),
}

impl WebhookAddress {
    /// Where it is, which is not secret.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The whole address.
    #[must_use]
    pub fn expose(&self) -> String {
        self.origin.at(self.target.clone()).to_string()
    }

    /// Whether a text contains what may be secret of it, as it is written there or percent-decoded.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let parts = self.target.as_str().split(['/', '?', '&', '=']);
        let forms = parts.flat_map(|part| {
            let decoded = percent_decode_str(part).decode_utf8_lossy();
            [Cow::Borrowed(part), decoded]
        });
        forms
            .filter(|form| form.len() >= SECRET_LENGTH)
            .any(|form| text.contains(&*form))
    }

    /// The path and the query, which are secret.
    #[must_use]
    pub const fn target(&self) -> &PathAndQuery {
        &self.target
    }
}

impl FromStr for WebhookAddress {
    type Err = WebhookAddressError;

    /// Takes an absolute URL: https, or http on a loopback address.
    fn from_str(text: &str) -> Result<Self, WebhookAddressError> {
        if text.len() > LENGTH {
            return Err(WebhookAddressError::Length);
        }
        if text.contains('#') {
            return Err(WebhookAddressError::Fragment);
        }
        if !text.contains("://") {
            return Err(OriginProblem::Scheme.into());
        }
        let uri: Uri = text.parse().map_err(|_| WebhookAddressError::Url)?;
        let target = uri.path_and_query().ok_or(WebhookAddressError::Url)?;
        Ok(Self {
            origin: Origin::read(&uri)?,
            target: target.clone(),
        })
    }
}

impl fmt::Debug for WebhookAddress {
    /// The origin alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw";

    #[test]
    fn an_address_shows_its_origin_alone() {
        let text =
            format!("https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig={SECRET}");
        let address: WebhookAddress = text.parse().expect("an address");
        assert_eq!(
            format!("{address:?}"),
            "https://prod-1.westeurope.logic.azure.com/…"
        );
        assert_eq!(address.origin().host(), "prod-1.westeurope.logic.azure.com");
        assert!(address.is_in(&format!("no such signature: {SECRET}")));
        assert!(!address.is_in("there is no workflows x, sig"));
        let exposed: WebhookAddress = address.expose().parse().expect("an address");
        assert_eq!(exposed, address);
    }

    #[test]
    fn what_is_secret_is_found_decoded_too() {
        let text = "https://hooks.example/x?sig=AAEC%2BwQF%2FgcICQ%3D%3D";
        let address: WebhookAddress = text.parse().expect("an address");
        assert!(address.is_in("no such signature: AAEC%2BwQF%2FgcICQ%3D%3D"));
        assert!(address.is_in("no such signature: AAEC+wQF/gcICQ=="));
        assert!(!address.is_in("no such signature"));
    }

    #[test]
    fn what_is_not_an_address_is_refused_without_a_word_of_it() {
        for (text, problem) in [
            (
                "",
                "cannot be used: it does not begin with https:// or http://",
            ),
            (
                "hooks.slack.com/services/T0",
                "cannot be used: it does not begin with https:// or http://",
            ),
            (
                "/services/T0",
                "cannot be used: it does not begin with https:// or http://",
            ),
            (
                "http://hooks.slack.com/T0",
                "cannot be used: http is for loopback addresses only",
            ),
            (
                "https://me:T0@hooks.slack.com/",
                "cannot be used: it has a user name",
            ),
            (
                "https://hooks.slack.com/T0#x",
                "has a fragment (`#`), which no server gets",
            ),
            ("https://hooks.slack.com/T 0", "is not a URL"),
            (
                "https://hooks.slack.com:0/T0",
                "cannot be used: its port is not a number from 1 to 65535",
            ),
        ] {
            let error = text.parse::<WebhookAddress>().expect_err(text);
            assert_eq!(error.to_string(), problem, "{text}");
        }
        let long = format!("https://hooks.slack.com/{}", "x".repeat(LENGTH));
        assert_eq!(
            long.parse::<WebhookAddress>(),
            Err(WebhookAddressError::Length)
        );
        for text in ["http://127.0.0.1:8080/T0", "https://[::1]:8080/T0"] {
            let address: WebhookAddress = text.parse().expect("an address");
            assert_eq!(address.expose(), text);
        }
    }
}
