//! Why there is no response.

use wasi::http::types::ErrorCode;

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The host does not let the request out.
    #[error("the request is not allowed")]
    Denied,
    /// The host does not take this part of the request.
    #[error("the host does not accept the request's {0}")]
    Unsupported(String),
    /// The connection failed or was cut, or the response cannot be read. Whether the server has acted is unknown.
    #[error("{0}")]
    Transport(String),
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        let text = match code {
            ErrorCode::HttpRequestDenied => return Self::Denied,
            ErrorCode::InternalError(Some(reason)) => return Self::Transport(reason),
            ErrorCode::ConnectionRefused => "the connection was refused",
            ErrorCode::ConnectionTerminated => "the connection was closed",
            ErrorCode::ConnectionTimeout => "the connection timed out",
            ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
                "the response did not arrive in time"
            }
            ErrorCode::DestinationNotFound
            | ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpUnroutable => "the host cannot be reached",
            ErrorCode::DnsError(_) => "the host's name was not found",
            ErrorCode::TlsCertificateError => "the host's certificate is not trusted",
            other => return Self::Transport(format!("{other:?}")),
        };
        Self::Transport(text.to_owned())
    }
}
