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
    let authority = proxy.uri().authority()?.as_str();
    let (_, bare) = authority.rsplit_once('@').unwrap_or(("", authority));
    Some(bare.to_owned())
}
