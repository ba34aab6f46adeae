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
            ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => {
                return Self::Denied;
            }
            ErrorCode::InternalError(Some(error)) => return Self::Transport(error),
            ErrorCode::InternalError(None) => "the runtime failed",
            ErrorCode::ConfigurationError => "the runtime is not configured for the request",
            ErrorCode::ConnectionRefused => "the connection was refused",
            ErrorCode::ConnectionTerminated => "the connection was closed",
            ErrorCode::ConnectionTimeout => "the connection timed out",
            ErrorCode::ConnectionWriteTimeout => "the request could not be sent in time",
            ErrorCode::ConnectionLimitReached => "the runtime allows no more connections",
            ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
                "the response did not arrive in time"
            }
            ErrorCode::DestinationNotFound
            | ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpUnroutable => "the host cannot be reached",
            ErrorCode::DnsTimeout => "the host's name was not looked up in time",
            ErrorCode::DnsError(_) => "the host's name was not found",
            ErrorCode::TlsCertificateError => "the host's certificate is not trusted",
            ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => {
                "no TLS connection could be established"
            }
            ErrorCode::HttpRequestLengthRequired
            | ErrorCode::HttpRequestBodySize(_)
            | ErrorCode::HttpRequestMethodInvalid
            | ErrorCode::HttpRequestUriInvalid
            | ErrorCode::HttpRequestUriTooLong
            | ErrorCode::HttpRequestHeaderSectionSize(_)
            | ErrorCode::HttpRequestHeaderSize(_)
            | ErrorCode::HttpRequestTrailerSectionSize(_)
            | ErrorCode::HttpRequestTrailerSize(_) => "the runtime does not accept the request",
            ErrorCode::HttpResponseIncomplete => "the response broke off",
            ErrorCode::HttpResponseHeaderSectionSize(_)
            | ErrorCode::HttpResponseHeaderSize(_)
            | ErrorCode::HttpResponseBodySize(_)
            | ErrorCode::HttpResponseTrailerSectionSize(_)
            | ErrorCode::HttpResponseTrailerSize(_) => {
                "the response is larger than the runtime accepts"
            }
            ErrorCode::HttpResponseTransferCoding(_) | ErrorCode::HttpResponseContentCoding(_) => {
                "the response has an unknown encoding"
            }
            ErrorCode::HttpUpgradeFailed | ErrorCode::HttpProtocolError => {
                "the connection broke, or the response is not HTTP"
            }
            ErrorCode::LoopDetected => "the request was sent in a loop",
        };
        Self::Transport(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_words() {
        for code in [
            ErrorCode::TlsProtocolError,
            ErrorCode::DnsTimeout,
            ErrorCode::ConnectionWriteTimeout,
            ErrorCode::HttpRequestBodySize(Some(7)),
            ErrorCode::HttpResponseIncomplete,
            ErrorCode::HttpResponseContentCoding(None),
            ErrorCode::HttpProtocolError,
            ErrorCode::ConfigurationError,
            ErrorCode::InternalError(None),
        ] {
            let text = Error::from(code).to_string();
            assert!(text.contains(' ') && !text.contains("ErrorCode"), "{text}");
        }
        for code in [
            ErrorCode::HttpRequestDenied,
            ErrorCode::DestinationIpProhibited,
        ] {
            assert_eq!(Error::from(code), Error::Denied);
        }
    }
}
