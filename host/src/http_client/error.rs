//! Why there is no answer, or only a part of one, in plain words.

use std::error::Error;
use std::io;
use std::time::Duration;

/// Why a request has no answer. `host` is the authority that was asked: `graph.microsoft.com`, `127.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientError {
    /// The file given by `--ca-file` is of no use.
    #[error("cannot use the CA file `{path}`: {reason}")]
    CaFile { path: String, reason: String },
    /// The host's name has no address.
    #[error("cannot resolve the name of `{host}`: {reason}")]
    Dns { host: String, reason: String },
    /// Nothing listens there.
    #[error("`{host}` refused the connection")]
    Refused { host: String },
    /// The connection was not made in time.
    #[error("no connection to `{host}` within {} s", .after.as_secs())]
    ConnectTimeout { host: String, after: Duration },
    /// The connection could not be secured.
    #[error("no secure connection to `{host}`: {reason}")]
    Tls { host: String, reason: String },
    /// The connection broke, or what came over it is not HTTP.
    #[error("the connection to `{host}` broke: {reason}")]
    Closed { host: String, reason: String },
    /// The server sent nothing for too long.
    #[error("`{host}` sent nothing for {} s", .after.as_secs())]
    ReadTimeout { host: String, after: Duration },
    /// The answer's body is larger than allowed.
    #[error("the answer of `{host}` is larger than {limit} bytes")]
    TooLarge { host: String, limit: u64 },
    /// Anything else.
    #[error("the request to `{host}` failed: {reason}")]
    Other { host: String, reason: String },
}

impl ClientError {
    /// What to do about it, in one sentence without a full stop.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::CaFile { .. } => {
                "give `--ca-file` a PEM file with the certificates to trust beside the system's"
            }
            Self::Dns { .. } => "check the name, the DNS server and, behind a proxy, `HTTPS_PROXY`",
            Self::Refused { .. } => {
                "check host and port, the firewall and, behind a proxy, `HTTPS_PROXY`"
            }
            Self::ConnectTimeout { .. } => {
                "check that a firewall lets it out, or set `HTTPS_PROXY`"
            }
            Self::Tls { .. } => {
                "behind a proxy that inspects TLS, trust its certificate with `--ca-file`; also check the clock and \
                 that the system's CA certificates are installed"
            }
            Self::Closed { .. } | Self::ReadTimeout { .. } => {
                "try again later; if it lasts, check the proxy"
            }
            Self::TooLarge { .. } => "check that the address is Graph's and not another server's",
            Self::Other { .. } => "check the address and the proxy (`HTTPS_PROXY`, `NO_PROXY`)",
        }
    }

    /// Finds the cause of what `reqwest` says. The texts name neither the URL's query nor any header.
    pub(super) fn classify(error: reqwest::Error, host: &str) -> Self {
        let error = error.without_url();
        let host = host.to_owned();
        let reason = innermost(&error);
        if error.is_dns() {
            return Self::Dns { host, reason };
        }
        if error.is_timeout() && error.is_connect() {
            return Self::ConnectTimeout {
                host,
                after: super::CONNECT_TIMEOUT,
            };
        }
        if let Some(tls) = causes(&error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            return Self::Tls {
                host,
                reason: tls.to_string(),
            };
        }
        let io = causes(&error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .map(io::Error::kind);
        for kind in io {
            match kind {
                io::ErrorKind::ConnectionRefused => return Self::Refused { host },
                // A body that cannot be decompressed, not a connection that broke.
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                    return Self::Other { host, reason };
                }
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return Self::Closed { host, reason },
                _ => {}
            }
        }
        // What is left after a connection was made is hyper's: closed in the midst, or bytes that are not HTTP.
        match !error.is_connect() && (error.is_request() || error.is_body() || error.is_decode()) {
            true => Self::Closed { host, reason },
            false => Self::Other { host, reason },
        }
    }
}

/// An error and its causes, the outermost first. An `io::Error` hides what it wraps from `source`.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
