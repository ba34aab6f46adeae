//! Why there is no response, or only a part of one, in plain words.

use std::{error::Error, io, time::Duration};

use crate::response::ResponseError;

/// Why a request got no response. `host` is the authority that it went to: `graph.microsoft.com`, `127.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The file given by `--ca-file` cannot be used.
    #[error("cannot use the CA file `{path}`: {reason}")]
    CaFile {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A variable of the environment cannot be used.
    #[error("{message}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wrong with it, in a sentence that begins with the name.
        message: String,
    },
    /// The proxy is the obstacle, not the host.
    #[error("no connection to `{host}` through the proxy `{proxy}`: {problem}")]
    Proxy {
        /// The authority that was meant.
        host: String,
        /// The proxy's.
        proxy: String,
        /// What is wrong.
        problem: String,
    },
    /// The host's name has no address.
    #[error("cannot resolve the name of `{host}`: {reason}")]
    Dns {
        /// The authority.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// Nothing listens there.
    #[error("`{host}` refused the connection")]
    Refused {
        /// The authority.
        host: String,
    },
    /// The connection was not made in time.
    #[error("no connection to `{host}` within {} s", .after.as_secs())]
    ConnectTimeout {
        /// The authority.
        host: String,
        /// How long the wait was.
        after: Duration,
    },
    /// The connection could not be secured.
    #[error("no secure connection to `{host}`: {reason}")]
    Tls {
        /// The authority.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The connection broke, or what came over it is not HTTP.
    #[error("the connection to `{host}` broke: {reason}")]
    Closed {
        /// The authority.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The server sent nothing for too long.
    #[error("`{host}` sent nothing for {} s", .after.as_secs())]
    ReadTimeout {
        /// The authority.
        host: String,
        /// How long the wait was.
        after: Duration,
    },
    /// The response came, but too slowly.
    #[error("the response of `{host}` was not complete within {} s", .after.as_secs())]
    Slow {
        /// The authority.
        host: String,
        /// How long the wait was.
        after: Duration,
    },
    /// The response's body is larger than allowed.
    #[error("the response of `{host}` is larger than {limit} bytes")]
    TooLarge {
        /// The authority.
        host: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// The response's headers are beyond the limits.
    #[error("the response of `{host}` cannot be used: {problem}")]
    Headers {
        /// The authority.
        host: String,
        /// What is wrong.
        problem: ResponseError,
    },
    /// Anything else.
    #[error("the request to `{host}` failed: {reason}")]
    Other {
        /// The authority.
        host: String,
        /// What is wrong.
        reason: String,
    },
}

/// What a proxy does that responds to `CONNECT` with another status than 200; the client does not say which.
pub(super) const REFUSED: &str = "it refused to connect to it";

impl ClientError {
    /// A variable of the environment cannot be used, as this sentence says.
    pub(super) fn variable(name: &str, message: String) -> Self {
        Self::Variable {
            name: name.to_owned(),
            message,
        }
    }

    /// What to do about it, in one sentence without a full stop.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::CaFile { .. } => {
                "give `--ca-file` a PEM file with the certificates to trust in addition to the system's"
            }
            Self::Variable { name, .. } if name.starts_with("SSL_CERT") => {
                "correct it, or unset it to trust the system's certificates"
            }
            Self::Variable { .. } => {
                "write `http://host:port` or `http://user:password@host:port`; in user and password, write `%40` for \
                 `@`, `%23` for `#`, `%5C` for a backslash, `%20` for a space and `%25` for `%`"
            }
            Self::Proxy { .. } => {
                "check `HTTPS_PROXY` and what the proxy allows; `NO_PROXY` lists the hosts that need no proxy"
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
            Self::Closed { .. } | Self::ReadTimeout { .. } | Self::Slow { .. } => {
                "try again later; if it persists, check the proxy"
            }
            Self::TooLarge { .. } | Self::Headers { .. } => {
                "check that the address is Graph's and not another server's"
            }
            Self::Other { .. } => "check the address and the proxy (`HTTPS_PROXY`, `NO_PROXY`)",
        }
    }

    /// The same for a request through a proxy, which is to blame for what happens before it has connected.
    pub(super) fn classify_through(error: reqwest::Error, host: &str, proxy: &str) -> Self {
        let in_tunnel = causes(&error).any(|cause| cause.to_string().starts_with("tunnel error: "));
        let problem = match Self::classify(error, host) {
            Self::Dns { reason, .. } => format!("cannot resolve the name of the proxy: {reason}"),
            Self::Refused { .. } => "it refused the connection".to_owned(),
            Self::ConnectTimeout { after, .. } => {
                format!("no response within {} s", after.as_secs())
            }
            Self::Closed { reason, .. } | Self::Other { reason, .. } if in_tunnel => {
                match reason.strip_prefix("tunnel error: ") {
                    Some("proxy authorization required") => {
                        "it requires a user and a password (status 407)".to_owned()
                    }
                    Some("unsuccessful") => REFUSED.to_owned(),
                    Some("unexpected end of file") => "it closed the connection".to_owned(),
                    other => other.unwrap_or(&reason).to_owned(),
                }
            }
            other => return other,
        };
        let (host, proxy) = (host.to_owned(), proxy.to_owned());
        Self::Proxy {
            host,
            proxy,
            problem,
        }
    }

    /// Finds the cause of an error of `reqwest`. The texts name neither the URL's query nor any header.
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
        // Once a connection was made, the rest is hyper's: closed too early, or bytes that are not HTTP.
        match !error.is_connect() && (error.is_request() || error.is_body() || error.is_decode()) {
            true => Self::Closed { host, reason },
            false => Self::Other { host, reason },
        }
    }
}

/// An error and its causes, the outermost first. An `io::Error` hides what it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
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
