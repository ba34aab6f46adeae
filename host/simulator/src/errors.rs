//! Graph's error bodies.

use std::borrow::Cow;

use serde_json::json;

use crate::clock::timestamp;
use crate::config::ErrorStyle;
use crate::guid::Guid;
use crate::retry_after::RetryAfter;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    /// When to come back; none where no wait makes it better.
    pub(crate) retry_after: Option<RetryAfter>,
    /// Multi Admin Approval stands in the way, which a header says as well.
    pub(crate) approval: bool,
}

/// What an error body says about the request that it answers.
pub(crate) struct About<'request> {
    pub(crate) style: ErrorStyle,
    pub(crate) request_id: Guid,
    pub(crate) client_request_id: &'request str,
    /// In milliseconds since 1970.
    pub(crate) date: u64,
    /// Decides what is written one way here and another way there.
    pub(crate) roll: u64,
}

/// The header that names, or asks for, the reason for an action under Multi Admin Approval.
pub(crate) const APPROVAL_HEADER: &str = "x-msft-approval-justification";

impl Refusal {
    pub(crate) fn new(
        status: u16,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
            approval: false,
        }
    }

    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(404, "ResourceNotFound", message)
    }

    /// The app lacks each of the roles that would do.
    pub(crate) fn missing_role(roles: &str) -> Self {
        let message = format!(
            "Application is not authorized to perform this operation. Application must have one of the following \
             scopes: {roles}"
        );
        Self::new(403, "Forbidden", message)
    }

    /// The access token is not good.
    pub(crate) fn bad_token(message: &'static str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    /// A quota is used up.
    pub(crate) fn throttled(retry_after: RetryAfter) -> Self {
        let refusal = Self::new(
            429,
            "TooManyRequests",
            "Too many requests. Please retry after some time.",
        );
        Self {
            retry_after: Some(retry_after),
            ..refusal
        }
    }

    /// The service failed with this status.
    pub(crate) fn failed(status: u16) -> Self {
        let (code, message) = match status {
            500 => (
                "InternalServerError",
                "An internal server error has occurred",
            ),
            502 => ("BadGateway", "The server returned an invalid response"),
            503 => (
                "ServiceUnavailable",
                "The service is temporarily unavailable",
            ),
            424 => ("FailedDependency", "A request of the batch has failed"),
            // Gateways know no code.
            _ => ("", "The request has failed"),
        };
        Self::new(status, code, message)
    }

    /// The JSON body of the answer, or of the item of a `$batch`.
    pub(crate) fn body(&self, about: &About<'_>) -> Vec<u8> {
        let in_body = match self.retry_after {
            Some(RetryAfter::Body(seconds)) => Some(seconds),
            _ => None,
        };
        let intune = match about.style {
            ErrorStyle::Plain => in_body.is_some(),
            ErrorStyle::Intune => true,
            ErrorStyle::Mixed => in_body.is_some() || about.roll.is_multiple_of(2),
        };
        let message = if intune {
            self.intune_message(about, in_body)
        } else {
            self.message.to_string()
        };
        let inner = json!({
            "date": timestamp(about.date).trim_end_matches('Z'),
            "request-id": about.request_id.to_string(),
            "client-request-id": about.client_request_id,
        });
        // Both spellings are met in the wild.
        let inner_name = if about.roll & 2 == 0 {
            "innerError"
        } else {
            "innererror"
        };
        json!({"error": {"code": self.code, "message": message, inner_name: inner}})
            .to_string()
            .into_bytes()
    }

    fn intune_message(&self, about: &About<'_>, retry_after: Option<u64>) -> String {
        let text = format!(
            "{} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: {} - Url: \
             https://fef.simulator.example/DeviceFE/StatelessDeviceFEService/deviceManagement/managedDevices",
            self.message, about.request_id
        );
        json!({
            "_version": 3,
            "Message": text,
            "CustomApiErrorPhrase": "",
            "RetryAfter": retry_after,
            "ErrorSourceService": "",
            "HttpHeaders": "{}",
        })
        .to_string()
    }
}
