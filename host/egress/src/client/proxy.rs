//! Which proxy a request goes through: what the variables say that curl and others heed too.

use std::{ffi::OsString, net::IpAddr};

use http::{Uri, uri::Authority};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{ClientError, is_loopback};

/// The proxies that the variables name, each as it is written there; an empty one does not count.
///
/// A variable that is not understood is refused, so that nothing goes straight where a proxy is meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies {
    http: String,
    https: String,
    all: String,
    no: String,
}

/// The proxy that a request to `uri` goes through, as `host:port`, without the name and password that may precede
/// it; `None` where it goes straight.
pub fn proxy_for(uri: &Uri) -> Option<String> {
    let proxies = Proxies::read(|name| std::env::var_os(name)).ok()?;
    proxies.authority_for(uri)
}

fn without_userinfo(authority: &str) -> &str {
    let (_, bare) = authority.rsplit_once('@').unwrap_or(("", authority));
    bare
}

impl Proxies {
    /// Reads the variables. Of two spellings the first that is not empty counts.
    ///
    /// # Errors
    ///
    /// When one of them is not the address of a proxy.
    pub(super) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ClientError> {
        // In a CGI script, `HTTP_PROXY` is a header of the request.
        if variable("REQUEST_METHOD").is_some() {
            return Ok(Self::default());
        }
        let text = |names: [&str; 2]| {
            let mut set = names
                .into_iter()
                .filter_map(|name| Some((name, variable(name)?)))
                .filter(|(_, value)| !value.is_empty());
            set.next().map_or(Ok(String::new()), |(name, value)| {
                let text = value.into_string().map_err(|_| "it is not UTF-8 text");
                let checked = text.and_then(|text| match name.eq_ignore_ascii_case("NO_PROXY") {
                    true => Ok(text),
                    false => check(&text).map(|()| text),
                });
                checked.map_err(|problem| {
                    let message = format!("`{name}` is not the address of a proxy: {problem}");
                    ClientError::variable(name, message)
                })
            })
        };
        Ok(Self {
            http: text(["HTTP_PROXY", "http_proxy"])?,
            https: text(["HTTPS_PROXY", "https_proxy"])?,
            all: text(["ALL_PROXY", "all_proxy"])?,
            no: text(["NO_PROXY", "no_proxy"])?,
        })
    }

    /// The proxy that a request to `uri` goes through, as `host:port`.
    pub(super) fn authority_for(&self, uri: &Uri) -> Option<String> {
        if is_loopback(uri) {
            return None;
        }
        let proxy = self.matcher(uri).intercept(uri)?;
        Some(without_userinfo(proxy.uri().authority()?.as_str()).to_owned())
    }

    /// The address of that proxy, with name and password, for the client.
    pub(super) fn address_for(&self, uri: &Uri) -> Option<String> {
        let proxy = self.matcher(uri).intercept(uri)?;
        let own = match uri.scheme_str() {
            Some("https") => &self.https,
            _ => &self.http,
        };
        let written = [own, &self.all].into_iter().find(|value| !value.is_empty());
        Some(match written {
            Some(address) if address.contains("://") => address.clone(),
            Some(address) => format!("http://{address}"),
            // From the system's own settings.
            None => proxy.uri().to_string(),
        })
    }

    /// The status with which the proxy refuses to connect to the host of `uri`. The client has seen it and does not
    /// say, so it is requested once more.
    pub(super) async fn refusal(&self, uri: &Uri) -> Option<u16> {
        let proxy = self.matcher(uri).intercept(uri)?;
        let address = proxy.uri();
        if address.scheme_str() != Some("http") {
            return None;
        }
        let host = address.host()?.trim_matches(['[', ']']);
        let port = address.port_u16().unwrap_or(80);
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        let target = format!("{}:{}", uri.host()?, uri.port_u16().unwrap_or(443));
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(user) = proxy.basic_auth() {
            head += &format!("Proxy-Authorization: {}\r\n", user.to_str().ok()?);
        }
        head += "\r\n";
        stream.write_all(head.as_bytes()).await.ok()?;
        let mut line = String::new();
        let mut response = BufReader::new(stream.take(1024));
        response.read_line(&mut line).await.ok()?;
        line.split(' ').nth(1)?.trim_end().parse().ok()
    }

    fn matcher(&self, uri: &Uri) -> Matcher {
        let none = [&self.http, &self.https, &self.all]
            .into_iter()
            .all(String::is_empty);
        if none && cfg!(any(windows, target_os = "macos")) {
            // The system's own settings count where no variable does.
            return Matcher::from_system();
        }
        Matcher::builder()
            .http(self.http.as_str())
            .https(self.https.as_str())
            .all(self.all.as_str())
            .no(self.exceptions(uri))
            .build()
    }

    /// `NO_PROXY` for a request to `uri`, as the matcher reads it: separated by commas, `*.x` as `.x`, and of what
    /// names a port only what names this one.
    fn exceptions(&self, uri: &Uri) -> String {
        let default = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(default);
        let entries = self.no.split([',', ' ', '\t', '\r', '\n', ';']);
        let hosts = entries.filter_map(|entry| {
            let host = match entry.rsplit_once(':') {
                Some((host, own)) if !host.contains(':') || host.ends_with(']') => {
                    (own.parse::<u16>() == Ok(port)).then_some(host)?
                }
                _ => entry,
            };
            let host = host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'))
                .unwrap_or(host);
            Some(
                host.strip_prefix('*')
                    .filter(|rest| rest.starts_with('.'))
                    .unwrap_or(host),
            )
        });
        hosts.collect::<Vec<_>>().join(",")
    }
}

/// What is wrong with the address of a proxy. What the matcher does not understand, it drops without a word; and of a
/// `#` or a second `@` in a password, it makes another address. The text does not show in a message: it can have a
/// password in it.
fn check(address: &str) -> Result<(), &'static str> {
    for c in address.chars() {
        match c {
            '\r' | '\n' => return Err("it contains a line break"),
            ' ' | '\t' => return Err("it contains a space"),
            '"' | '\'' => return Err("it contains a quote"),
            '\\' => return Err("it contains a backslash"),
            '#' => return Err("it contains a `#`"),
            '!'..='~' => {}
            _ => return Err("it contains characters that are not visible ASCII"),
        }
    }
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err("it begins with neither `http://` nor `https://`");
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (user, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains('@') {
        return Err("it contains more than one `@`");
    }
    let mut escapes = user.split('%').skip(1);
    if !escapes.all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2) {
        return Err("it contains a `%` without two hexadecimal digits");
    }
    let authority: Authority = host_port.parse().map_err(|_| "it names no host")?;
    let port = authority
        .as_str()
        .strip_prefix(authority.host())
        .unwrap_or_default();
    let is_address = |host: &str| host.parse::<IpAddr>().is_ok();
    match authority.host() {
        "" => Err("it names no host"),
        host if host.starts_with('[') && !is_address(host.trim_matches(['[', ']'])) => {
            Err("it names no host")
        }
        _ if !port.is_empty() && authority.port_u16().is_none() => Err("its port is not a number"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Proxies, ClientError> {
        Proxies::read(|name| {
            let set = variables.iter().find(|(known, _)| *known == name);
            set.map(|(_, value)| value.into())
        })
    }

    fn authority(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let url = url.parse().expect("a URL");
        read(variables).expect("proxies").authority_for(&url)
    }

    const GRAPH: &str = "https://graph.microsoft.com/v1.0/x";

    #[test]
    fn an_address_that_is_not_understood_is_refused_without_its_password() {
        for (value, problem) in [
            ("http://proxy.example: 8080", "it contains a space"),
            (" http://proxy.example:8080", "it contains a space"),
            (
                "http://user:sec ret@proxy.example:8080",
                "it contains a space",
            ),
            ("http://proxy.example:8080\n", "it contains a line break"),
            ("\"http://proxy.example:8080\"", "it contains a quote"),
            (
                "http://DOM\\user:secret@proxy.example:8080",
                "it contains a backslash",
            ),
            (
                "http://user:sec#ret@proxy.example:8080",
                "it contains a `#`",
            ),
            (
                "http://user:sec@ret@proxy.example:8080",
                "it contains more than one `@`",
            ),
            (
                "http://user:s%xsecret@proxy.example:8080",
                "it contains a `%` without two hexadecimal digits",
            ),
            (
                "http://user:secrét@proxy.example",
                "it contains characters that are not visible ASCII",
            ),
            (
                "socks5://user:secret@proxy.example",
                "it begins with neither `http://` nor `https://`",
            ),
            ("http://", "it names no host"),
            ("http://user:secret@:8080", "it names no host"),
            ("http://user:secret@[::1:8080", "it names no host"),
            (
                "http://user:secret@proxy.example:80x",
                "its port is not a number",
            ),
            (
                "http://user:secret@proxy.example:80800",
                "its port is not a number",
            ),
            ("proxy.example:", "its port is not a number"),
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "all_proxy"] {
                let error = read(&[(name, value)]).expect_err(value);
                let expected = format!("`{name}` is not the address of a proxy: {problem}");
                assert_eq!(error.to_string(), expected, "{value}");
                assert!(!format!("{error:?} {}", error.hint()).contains("secret"));
            }
        }
    }

    #[test]
    fn what_is_taken_is_what_the_client_goes_to() {
        for (value, expected) in [
            ("http://proxy.example:8080", "proxy.example:8080"),
            ("http://proxy.example:8080/", "proxy.example:8080"),
            ("proxy.example:8080", "proxy.example:8080"),
            ("proxy", "proxy"),
            ("HTTPS://proxy.example", "proxy.example"),
            ("http://user:p%40ss%23@10.0.0.1:3128", "10.0.0.1:3128"),
            ("http://DOM%5Cuser:secret@[fd00::1]:3128", "[fd00::1]:3128"),
            ("http://u$er:se!cret~*@proxy.example:1", "proxy.example:1"),
        ] {
            let found = authority(&[("HTTPS_PROXY", value)], GRAPH);
            assert_eq!(found.as_deref(), Some(expected), "{value}");
            let proxies = read(&[("HTTPS_PROXY", value)]).expect(value);
            let address = proxies.address_for(&GRAPH.parse().expect("a URL"));
            assert!(
                reqwest::Proxy::all(address.expect("a proxy")).is_ok(),
                "{value}"
            );
        }
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let proxy = "http://proxy.example:8080";
        for variables in [
            [("HTTPS_PROXY", ""), ("https_proxy", proxy)],
            [("HTTPS_PROXY", ""), ("ALL_PROXY", proxy)],
            [("all_proxy", proxy), ("NO_PROXY", "")],
            [("HTTPS_PROXY", proxy), ("https_proxy", "not \"one\"")],
        ] {
            let found = authority(&variables, GRAPH);
            assert_eq!(
                found.as_deref(),
                Some("proxy.example:8080"),
                "{variables:?}"
            );
        }
        assert_eq!(
            authority(&[("HTTPS_PROXY", ""), ("HTTP_PROXY", proxy)], GRAPH),
            None
        );
        assert_eq!(
            authority(&[("HTTPS_PROXY", proxy), ("REQUEST_METHOD", "GET")], GRAPH),
            None
        );
    }

    #[test]
    fn exceptions_are_written_in_many_ways() {
        let with = |no| {
            [
                ("HTTPS_PROXY", "http://proxy.example:8080"),
                ("NO_PROXY", no),
            ]
        };
        for (no, url) in [
            ("*.microsoft.com", GRAPH),
            (".microsoft.com", GRAPH),
            ("microsoft.com", GRAPH),
            ("graph.microsoft.com:443", GRAPH),
            ("*.microsoft.com:443", GRAPH),
            ("example.com graph.microsoft.com", GRAPH),
            ("example.com, graph.microsoft.com", GRAPH),
            ("example.com;graph.microsoft.com", GRAPH),
            ("*", GRAPH),
            ("graph.example:8443", "https://graph.example:8443/x"),
            ("10.0.0.0/8", "https://10.1.2.3/x"),
            ("10.1.2.3:443", "https://10.1.2.3/x"),
            ("fd00::1", "https://[fd00::1]/x"),
            ("[fd00::1]", "https://[fd00::1]/x"),
            ("[fd00::1]:443", "https://[fd00::1]/x"),
        ] {
            assert_eq!(authority(&with(no), url), None, "{no}");
        }
        for no in [
            "graph.microsoft.com:8443",
            "microsoft.co",
            "*.graph.microsoft.com.example",
            "example.com",
        ] {
            assert!(authority(&with(no), GRAPH).is_some(), "{no}");
        }
    }

    #[test]
    fn loopback_needs_no_proxy() {
        let variables = [("ALL_PROXY", "http://proxy.example:8080")];
        assert_eq!(authority(&variables, "http://127.0.0.1:8080/x"), None);
    }

    #[test]
    fn the_password_of_a_proxy_is_not_shown() {
        for (authority, shown) in [
            ("proxy:8080", "proxy:8080"),
            ("user:secret@proxy:8080", "proxy:8080"),
            ("user:se@cret@proxy", "proxy"),
        ] {
            assert_eq!(without_userinfo(authority), shown);
        }
    }

    #[test]
    fn loopback_is_never_reached_through_a_proxy() {
        for (uri, expected) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://127.9.9.9/", true),
            ("http://localhost/", true),
            ("http://LOCALHOST:1/", true),
            ("http://[::1]:8080/", true),
            ("https://graph.microsoft.com/", false),
            ("http://10.0.0.1/", false),
            ("http://[2001:db8::1]/", false),
            ("http://localhost.example/", false),
            ("http://169.254.169.254/", false),
            ("/relative", false),
        ] {
            assert_eq!(is_loopback(&uri.parse().expect("a URI")), expected, "{uri}");
        }
    }
}
