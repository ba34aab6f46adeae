//! Why a managed identity gives no token, in plain words.

use std::error::Error;
use std::time::Duration;

use azure_core::error::ErrorKind;
use intune_sync_contract::identity::{one_line, passes, words};

use super::super::TokenError;
use super::answer::Unreadable;
use super::environment::Endpoint;
use crate::http_client::ClientError;

const TRY_LATER: &str = "try again later; if it lasts, restart the place it runs in";

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
    match passes(status) {
        true => TokenError::transient(message, TRY_LATER),
        false => TokenError::denied(
            message,
            "assign a managed identity to the place this runs in; name a user-assigned one with `--client-id`, \
             `--object-id` or `--resource-id`",
        ),
    }
}

fn place(endpoint: &Endpoint) -> String {
    format!("`{}` ({})", endpoint.address(), endpoint.name())
}
