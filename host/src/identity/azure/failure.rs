//! Why there is no token, in plain words.

use std::time::Duration;

use azure_core::error::ErrorKind;
use intune_sync_identity::{passes, words};
use serde::{Deserialize, Serialize};

pub(crate) use intune_sync_identity::one_line;

use super::super::TokenError;
use super::answer::Unreadable;
use intune_sync_egress::{ClientError, causes};

/// Where a token was asked for, as messages name it, and what helps when there is none.
pub(crate) struct Place {
    /// `the managed identity endpoint ... (IMDS)`.
    pub(crate) name: String,
    /// What to do when it fails, or takes too long.
    pub(crate) in_trouble: &'static str,
    /// What to do when it cannot be reached.
    pub(crate) unreached: fn(&ClientError) -> &'static str,
    /// What to do when its answer makes no sense.
    pub(crate) unreadable: &'static str,
    /// What to do when it says no.
    pub(crate) refused: fn(&Refusal) -> &'static str,
}

impl Place {
    /// The retries have used up their time.
    pub(super) fn too_slow(&self, deadline: Duration) -> TokenError {
        let message = format!(
            "no token from {} within {} s",
            self.name,
            deadline.as_secs()
        );
        TokenError::transient(message, self.in_trouble)
    }

    /// A token came that is none.
    pub(super) fn unusable(&self, problem: &str) -> TokenError {
        TokenError::transient(
            format!("the token from {} {problem}", self.name),
            "check the clock of this machine",
        )
    }

    /// What `azure_identity` says, by its cause.
    pub(super) fn explain(&self, error: &azure_core::Error) -> TokenError {
        for cause in causes(error) {
            if let Some(error) = cause.downcast_ref::<TokenError>() {
                return error.clone();
            }
            if let Some(error) = cause.downcast_ref::<ClientError>() {
                return TokenError::transient(
                    format!("no answer from {}: {error}", self.name),
                    (self.unreached)(error),
                );
            }
            if let Some(error) = cause.downcast_ref::<Unreadable>() {
                let message = format!("no token from {}: {error}", self.name);
                return TokenError::transient(message, self.unreadable);
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
                return self.refused(u16::from(*status), body);
            }
        }
        TokenError::denied(
            format!(
                "no token from {}: {}",
                self.name,
                one_line(&error.to_string())
            ),
            self.in_trouble,
        )
    }

    fn refused(&self, status: u16, body: &[u8]) -> TokenError {
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        let words = match &refusal.message {
            Some(words) => format!(": {words}"),
            None => String::new(),
        };
        let message = format!("{} answered {status}{words}", self.name);
        match passes(status) {
            true => TokenError::transient(message, self.in_trouble),
            false => TokenError::denied(message, (self.refused)(&refusal)),
        }
    }
}

/// What a service says when it gives no token: the one form into which the [`super::Courier`] brings them all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// Its own words, on one line.
    pub(crate) message: Option<String>,
    /// The numbers of Entra ID's errors: 7000215 for `AADSTS7000215`.
    #[serde(default)]
    pub(crate) codes: Vec<u32>,
}

impl Refusal {
    /// Reads OAuth's form, App Service's, or none of these.
    pub(super) fn read(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        struct Codes {
            #[serde(default)]
            error_codes: serde_json::Value,
        }

        let Codes { error_codes } = serde_json::from_slice(body).unwrap_or_default();
        let codes = error_codes.as_array().into_iter().flatten();
        Self {
            message: words(body),
            codes: codes
                .filter_map(|code| u32::try_from(code.as_u64()?).ok())
                .collect(),
        }
    }
}
