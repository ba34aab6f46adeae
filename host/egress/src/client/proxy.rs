//! Which proxy a request goes through.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::is_loopback;

/// The proxy that a request to `uri` goes through, as `host:port`, without the name and password that may precede
/// it; `None` where it goes straight. It is read as `reqwest` reads it, by the same library.
pub fn proxy_for(uri: &Uri) -> Option<String> {
    if is_loopback(uri) {
        return None;
    }
    let proxy = Matcher::from_system().intercept(uri)?;
    Some(without_userinfo(proxy.uri().authority()?.as_str()).to_owned())
}

fn without_userinfo(authority: &str) -> &str {
    let (_, bare) = authority.rsplit_once('@').unwrap_or(("", authority));
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

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
