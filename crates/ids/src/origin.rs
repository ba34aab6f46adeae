//! Origins: scheme, host and port, in one spelling.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use http::{Uri, uri::PathAndQuery};

use crate::Quoted;

/// Where requests of one kind go, and the only place they can go: Graph's root, or a webhook's.
///
/// `https` with a host and optionally a port, or `http` on a loopback address (127.0.0.0/8, `[::1]`, `localhost`). Two
/// spellings of one origin (letter case, a default port written out) are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    host: Host,
    port: u16,
}

/// A text that cannot be Graph's root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{value}` cannot be the Graph root: {problem}; allowed is `https://host[:port]`, or http on 127.0.0.0/8, [::1] or \
     localhost"
)]
pub struct OriginError {
    /// What was given, without a password in it.
    pub value: Quoted,
    /// What is wrong with it.
    pub problem: OriginProblem,
}

/// What is wrong with an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginProblem {
    /// It does not begin with `https://` or `http://`.
    #[error("it does not begin with https:// or http://")]
    Scheme,
    /// A path, a query or a fragment.
    #[error("it has a path, a query or a fragment")]
    Path,
    /// A user name or password before the host.
    #[error("it has a user name")]
    UserInfo,
    /// A host that is neither a plain ASCII name nor an address in its usual spelling.
    #[error("its host is neither a plain name nor an IP address")]
    Host,
    /// A port that is not a number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// `http` on an address that is not loopback.
    #[error("http is for loopback addresses only")]
    Http,
}

impl Origin {
    /// True for the addresses that `http` is allowed on. The name `localhost` counts: anyone who can make it mean
    /// another machine already controls this one.
    pub fn is_loopback(&self) -> bool {
        self.host.is_loopback()
    }

    /// `https`, not `http`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The origin of an absolute URI.
    pub fn of(uri: &Uri) -> Option<Self> {
        Self::read(uri).ok()
    }

    /// The origin of an absolute URI, or what is wrong with it.
    ///
    /// # Errors
    ///
    /// When the URI is not absolute, or requests may not go there.
    pub fn read(uri: &Uri) -> Result<Self, OriginProblem> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(OriginProblem::Scheme);
        };
        Self::parse(scheme, authority.as_str())
    }

    /// The URI of `target` (path and query) at this origin.
    pub fn at(&self, target: PathAndQuery) -> Uri {
        Uri::builder()
            .scheme(self.scheme.name())
            .authority(self.authority())
            .path_and_query(target)
            .build()
            .expect("a parsed origin is a valid scheme and authority")
    }

    /// Host and port, without the scheme's default port.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The host's name or address, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    fn parse(scheme: &str, authority: &str) -> Result<Self, OriginProblem> {
        let scheme = Scheme::parse(scheme).ok_or(OriginProblem::Scheme)?;
        if authority.contains('@') {
            return Err(OriginProblem::UserInfo);
        }
        // A bracket ends an IPv6 address, whose colons are not the port's.
        let end = authority.rfind(']').unwrap_or(0);
        let (host, port) = match authority[end..].find(':') {
            Some(colon) => (
                &authority[..end + colon],
                parse_port(&authority[end + colon + 1..])?,
            ),
            None => (authority, scheme.port()),
        };
        let host = Host::parse(host).ok_or(OriginProblem::Host)?;
        if scheme == Scheme::Http && !host.is_loopback() {
            return Err(OriginProblem::Http);
        }
        Ok(Self { scheme, host, port })
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    /// Takes `https://host[:port]`, with or without one slash at the end.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text
            .split_once("://")
            .ok_or(OriginProblem::Scheme)
            .and_then(|(scheme, rest)| {
                let authority = rest.strip_suffix('/').unwrap_or(rest);
                if authority.contains(['/', '\\', '?', '#']) {
                    return Err(OriginProblem::Path);
                }
                Self::parse(scheme, authority)
            });
        parsed.map_err(|problem| OriginError {
            value: Quoted::address(text),
            problem,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.authority())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(text))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(address) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let address: Ipv6Addr = address.parse().ok()?;
            // An IPv4 address mapped into IPv6 would be a second spelling of the same address.
            return (address.to_ipv4_mapped().is_none()).then_some(Self::V6(address));
        }
        if text.len() > 253 || !text.split('.').all(is_label) {
            return None;
        }
        // Most resolvers take a name whose last label begins with a digit for an address (`127.1`, `0x7f000001`): only
        // four decimal numbers are accepted.
        let last = text.rsplit('.').next().unwrap_or(text);
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            return text.parse().ok().map(Self::V4);
        }
        Some(Self::Name(text.to_ascii_lowercase()))
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost",
            Self::V4(address) => address.is_loopback(),
            Self::V6(address) => address.is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// A part of a host name (RFC 1123).
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn parse_port(text: &str) -> Result<u16, OriginProblem> {
    // `u16::from_str` takes a plus sign and leading zeros.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse()
        .ok()
        .filter(|_| plain)
        .ok_or(OriginProblem::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_https_anywhere_and_http_on_loopback() {
        for (text, shown) in [
            ("https://graph.microsoft.com", "https://graph.microsoft.com"),
            (
                "https://graph.microsoft.com/",
                "https://graph.microsoft.com",
            ),
            (
                "HTTPS://Graph.Microsoft.COM:443/",
                "https://graph.microsoft.com",
            ),
            (
                "https://dod-graph.microsoft.us:8443",
                "https://dod-graph.microsoft.us:8443",
            ),
            ("https://10.0.0.1", "https://10.0.0.1"),
            ("https://[2001:DB8::1]:444", "https://[2001:db8::1]:444"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.255.0.9", "http://127.255.0.9"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
            ("http://LOCALHOST:80", "http://localhost"),
            ("http://localhost:443", "http://localhost:443"),
        ] {
            let origin: Origin = text.parse().expect("an origin");
            assert_eq!(origin.to_string(), shown);
            assert_eq!(origin.to_string().parse().as_ref(), Ok(&origin));
        }
    }

    #[test]
    fn refuses_all_else() {
        use OriginProblem::{Host, Http, Path, Port, Scheme, UserInfo};
        for (text, problem) in [
            ("", Scheme),
            ("graph.microsoft.com", Scheme),
            ("//graph.microsoft.com", Scheme),
            ("https:graph.microsoft.com", Scheme),
            ("ftp://localhost", Scheme),
            (" https://graph.microsoft.com", Scheme),
            ("https+unix://graph.microsoft.com", Scheme),
            ("https://", Host),
            ("https:///", Host),
            ("https:////", Path),
            ("https://graph.microsoft.com//", Path),
            ("https://graph.microsoft.com/v1.0", Path),
            ("https://graph.microsoft.com?x", Path),
            ("https://graph.microsoft.com#x", Path),
            ("https://graph.microsoft.com\\@evil.com", Path),
            ("https://user@graph.microsoft.com", UserInfo),
            ("https://graph.microsoft.com@evil.com", UserInfo),
            ("http://127.0.0.1@evil.com", UserInfo),
            ("https://@graph.microsoft.com", UserInfo),
            ("http://graph.microsoft.com", Http),
            ("http://127.0.0.1.evil.com", Http),
            ("http://localhost.evil.com", Http),
            ("http://evil.localhost", Http),
            ("http://128.0.0.1", Http),
            ("http://0.0.0.0", Http),
            ("http://[::]", Http),
            ("http://[::2]", Http),
            ("http://[::ffff:127.0.0.1]", Host),
            ("https://[::ffff:10.0.0.1]", Host),
            ("http://[::1%25lo]", Host),
            ("http://[::1", Port),
            ("http://::1", Port),
            ("http://[::1]x", Host),
            ("http://[::1]x:80", Host),
            ("http://x[::1]", Host),
            ("http://[127.0.0.1]", Host),
            ("http://127.1", Host),
            ("http://127.0.0.01", Host),
            ("http://0x7f.0.0.1", Host),
            ("http://2130706433", Host),
            ("http://0x7f000001", Host),
            ("http://127.0.0.1.", Host),
            ("http://localhost.", Host),
            ("https://graph.microsoft.com.", Host),
            ("https://graph..microsoft.com", Host),
            ("https://.graph.microsoft.com", Host),
            ("https://-graph.microsoft.com", Host),
            ("https://graph_x.microsoft.com", Host),
            ("https://graph%2emicrosoft.com", Host),
            ("https://gr\u{e4}ph.microsoft.com", Host),
            ("https://graph\u{3002}microsoft\u{3002}com", Host),
            ("https://graph.microsoft.com\n", Host),
            ("https://graph.micro\tsoft.com", Host),
            ("https://graph.microsoft.com,evil.com", Host),
            ("https://graph.microsoft.com:", Port),
            ("https://graph.microsoft.com:0", Port),
            ("https://graph.microsoft.com:+443", Port),
            ("https://graph.microsoft.com:0443", Port),
            ("https://graph.microsoft.com:65536", Port),
            ("https://graph.microsoft.com:443:443", Port),
            ("https://graph.microsoft.com:443 ", Port),
        ] {
            assert_eq!(
                text.parse::<Origin>().map_err(|error| error.problem),
                Err(problem),
                "{text:?}"
            );
        }
    }

    #[test]
    fn shows_no_password() {
        let error = "https://me:secret@graph.microsoft.com"
            .parse::<Origin>()
            .expect_err("userinfo");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        assert!(
            error.to_string().contains("@graph.microsoft.com"),
            "{error}"
        );
    }
}
