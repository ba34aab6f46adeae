//! Graph's errors, as responses and as items of a `$batch`.

use std::borrow::Cow;

use http::header::{DATE, HeaderName, RETRY_AFTER};
use intune_sync_ids::Guid;
use serde_json::json;

use crate::{
    clock::{http_date, timestamp},
    config::ErrorStyle,
    quota::retry_after::RetryAfter,
    response::Response,
};

/// Why a request, or an item of a `$batch`, failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    /// When to come back, if waiting helps.
    pub(crate) retry_after: Option<RetryAfter>,
    /// The header that says that Multi Admin Approval blocks the action.
    pub(crate) approval_header: Option<&'static str>,
}

/// The properties of a request that its response mentions.
pub(crate) struct RequestContext<'request> {
    pub(crate) style: ErrorStyle,
    pub(crate) request_id: Guid,
    pub(crate) client_request_id: &'request str,
    /// In milliseconds since 1970.
    pub(crate) date: u64,
    /// Chooses among the ways in which something can be written.
    pub(crate) roll: u64,
}

/// The header that carries, or asks for, the justification of an action under Multi Admin Approval.
pub(crate) const APPROVAL_HEADER: &str = "x-msft-approval-justification";
/// The header that names a pending approval.
pub(crate) const APPROVAL_CODE_HEADER: &str = "x-msft-approval-code";

impl GraphError {
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
            approval_header: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(404, "ResourceNotFound", message)
    }

    /// A quota is used up.
    pub(crate) fn throttled(retry_after: RetryAfter) -> Self {
        let error = Self::new(
            429,
            "TooManyRequests",
            "Too many requests. Please retry after some time.",
        );
        Self {
            retry_after: Some(retry_after),
            ..error
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
            // Gateways write no code.
            _ => ("", "The request has failed"),
        };
        Self::new(status, code, message)
    }

    /// The error as a response.
    pub(crate) fn response(&self, context: &RequestContext<'_>) -> Response {
        // Gateways respond in HTML, or with nothing, about as often as in JSON.
        let mut response = match (self.status, context.roll % 3) {
            (502 | 504, 1) => Response::html(self.status),
            (502 | 504, 2) => Response::empty(self.status),
            _ => Response::json(self.status, self.body(context)),
        };
        if let Some(name) = self.approval_header {
            response.header(HeaderName::from_static(name), "required");
        }
        if let Some(retry_after) = &self.retry_after {
            if let RetryAfter::Header(text, _) = retry_after {
                response.header(RETRY_AFTER, text);
            }
            response.waits.extend(retry_after.wait());
        }
        response
    }

    /// The error in JSON, under another status.
    pub(crate) fn response_with(&self, status: u16, context: &RequestContext<'_>) -> Response {
        Response::json(status, self.body(context))
    }

    /// The JSON body of the response, or of the item of a `$batch`.
    pub(crate) fn body(&self, context: &RequestContext<'_>) -> Vec<u8> {
        let in_body = match self.retry_after {
            Some(RetryAfter::Body(seconds)) => Some(seconds),
            _ => None,
        };
        let intune = match context.style {
            ErrorStyle::Plain => in_body.is_some(),
            ErrorStyle::Intune => true,
            ErrorStyle::Mixed => in_body.is_some() || context.roll.is_multiple_of(2),
        };
        let message = if intune {
            self.intune_message(context, in_body)
        } else {
            self.message.to_string()
        };
        let inner = json!({
            "date": timestamp(context.date).trim_end_matches('Z'),
            "request-id": context.request_id.to_string(),
            "client-request-id": context.client_request_id,
        });
        // Both spellings occur in practice.
        let inner_name = if context.roll & 2 == 0 {
            "innerError"
        } else {
            "innererror"
        };
        json!({"error": {"code": self.code, "message": message, inner_name: inner}})
            .to_string()
            .into_bytes()
    }

    fn intune_message(&self, context: &RequestContext<'_>, retry_after: Option<u64>) -> String {
        let text = format!(
            "{} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: {} - Url: \
             https://fef.simulator.example/DeviceFE/StatelessDeviceFEService/deviceManagement/managedDevices",
            self.message, context.request_id
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

impl RequestContext<'_> {
    /// Adds the headers of every response from Graph.
    pub(crate) fn sign(&self, response: &mut Response) {
        response.header(DATE, &http_date(self.date));
        response.header(
            HeaderName::from_static("request-id"),
            &self.request_id.to_string(),
        );
        if !self.client_request_id.is_empty() {
            response.header(
                HeaderName::from_static("client-request-id"),
                self.client_request_id,
            );
        }
        let diagnostic = concat!(
            r#"{"ServerInfo":{"DataCenter":"North Europe","Slice":"E","Ring":"4","#,
            r#""ScaleUnit":"000","RoleInstance":"SIMULATOR"}}"#
        );
        response.header(HeaderName::from_static("x-ms-ags-diagnostic"), diagnostic);
    }
}
