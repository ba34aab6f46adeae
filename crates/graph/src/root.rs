//! Where Graph is, and the links to further pages, which stay there.

use http::Uri;
use intune_sync_ids::Origin;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The most bytes of a link to a further page. Graph's have some hundreds; no server takes a longer request line.
pub const LINK_MAX: usize = 32 * 1024;
/// The collection of managed devices.
pub const LIST_PATH: &str = "/v1.0/deviceManagement/managedDevices";

/// Graph's origin: `https://graph.microsoft.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphRoot {
    origin: Origin,
    /// Written out once: every request names it.
    authority: String,
}

/// Why an `@odata.nextLink` is not followed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LinkError {
    /// It is not an absolute URL.
    #[error("Microsoft Graph's link to the next page is not a URL: `{0}`")]
    NotAUrl(String),
    /// It has more bytes than any server takes.
    #[error(
        "Microsoft Graph's link to the next page has {0} bytes; at most {LINK_MAX} are followed"
    )]
    TooLong(usize),
    /// It points to another host, port or scheme.
    #[error("the link to the next page leaves Graph: it points to `{0}`")]
    OtherOrigin(String),
    /// It points to another collection.
    #[error("the link to the next page leaves its list: it points to `{0}`")]
    OtherPath(String),
}

impl GraphRoot {
    /// Accepts what [`Origin`] does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::at)
    }

    /// Graph at this origin.
    #[must_use]
    pub fn at(origin: Origin) -> Self {
        Self {
            authority: origin.authority(),
            origin,
        }
    }

    /// `https`, not `http`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.is_https()
    }

    /// Host and port, without the scheme's default port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path and query of an `@odata.nextLink`, which must stay on this origin and on the list: the token must not
    /// go anywhere else.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn next_page(&self, link: &str) -> Result<String, LinkError> {
        self.page_at(LIST_PATH, link)
    }

    /// The same for the collection at another path.
    ///
    /// # Errors
    ///
    /// When the link leaves this origin or that path.
    pub fn page_at(&self, path: &str, link: &str) -> Result<String, LinkError> {
        let shown = || crate::shortened(link, 200).to_owned();
        let encoded = encoded(link);
        if encoded.len() > LINK_MAX {
            return Err(LinkError::TooLong(encoded.len()));
        }
        let uri: Uri = encoded.parse().map_err(|_| LinkError::NotAUrl(shown()))?;
        if uri.scheme().is_none() {
            return Err(LinkError::NotAUrl(shown()));
        }
        if Origin::of(&uri).as_ref() != Some(&self.origin) {
            return Err(LinkError::OtherOrigin(shown()));
        }
        if !uri.path().eq_ignore_ascii_case(path) {
            return Err(LinkError::OtherPath(shown()));
        }
        Ok(match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        })
    }
}

/// The link with everything percent-encoded that RFC 3986 does not allow as it is, but that Graph may write.
fn encoded(link: &str) -> String {
    const RAW: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    // In an address, brackets are those of an IPv6 host.
    const RAW_IN_QUERY: &AsciiSet = &RAW.add(b'[').add(b']');
    let link = link.trim();
    let (address, query) = link.split_at(link.find('?').unwrap_or(link.len()));
    let mut encoded = String::with_capacity(link.len());
    for (text, raw) in [(address, RAW), (query, RAW_IN_QUERY)] {
        for (at, part) in text.split('%').enumerate() {
            let mut digits = part.bytes().take(2);
            let is_escape = part.len() > 1 && digits.all(|digit| digit.is_ascii_hexdigit());
            match at {
                0 => {}
                _ if is_escape => encoded.push('%'),
                _ => encoded.push_str("%25"),
            }
            encoded.extend(utf8_percent_encode(part, raw));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> GraphRoot {
        GraphRoot::parse(text).expect("a Graph root")
    }

    #[test]
    fn takes_https_and_loopback_only() {
        for text in [
            "https://graph.microsoft.com",
            "https://Graph.Microsoft.com:443/",
            "http://127.0.0.1:8080",
        ] {
            assert!(GraphRoot::parse(text).is_some(), "{text}");
        }
        for text in [
            "http://graph.microsoft.com",
            "https://graph.microsoft.com/v1.0",
            "https://user@graph.microsoft.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "graph.microsoft.com",
            "",
        ] {
            assert!(GraphRoot::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn follows_a_link_on_its_own_origin_only() {
        let graph = root("https://graph.microsoft.com");
        assert_eq!(
            graph.next_page("https://GRAPH.microsoft.com:443/v1.0/deviceManagement/manageddevices?$skiptoken=a%20b'c"),
            Ok("/v1.0/deviceManagement/managedDevices?$skiptoken=a%20b'c".to_owned())
        );
        for (raw, encoded) in [
            (
                "Büro & \"x\" <{y}>|`^",
                "B%C3%BCro%20&%20%22x%22%20%3C%7By%7D%3E%7C%60%5E",
            ),
            ("a#b[0]\\", "a%23b%5B0%5D%5C"),
            ("100%&5%2f%zz%", "100%25&5%2f%25zz%25"),
        ] {
            let link = format!("https://graph.microsoft.com{LIST_PATH}?$skiptoken={raw}");
            assert_eq!(
                graph.next_page(&link),
                Ok(format!("{LIST_PATH}?$skiptoken={encoded}")),
                "{raw}"
            );
        }
        let long = |bytes: usize| {
            let link = format!("https://graph.microsoft.com{LIST_PATH}?");
            link.clone() + &"x".repeat(bytes - link.len())
        };
        assert!(graph.next_page(&long(LINK_MAX)).is_ok());
        assert_eq!(
            graph.next_page(&long(LINK_MAX + 1)),
            Err(LinkError::TooLong(LINK_MAX + 1))
        );
        for elsewhere in [
            "https://graph.microsoft.com\\@evil.example/v1.0/deviceManagement/managedDevices",
            "https://graph.microsoft.com#@evil.example/v1.0/deviceManagement/managedDevices",
            "https://evil.example/v1.0/deviceManagement/managedDevices",
            "https://graph.microsoft.com.evil.example/v1.0/deviceManagement/managedDevices",
            "https://graph.microsoft.com:8443/v1.0/deviceManagement/managedDevices",
            "http://graph.microsoft.com/v1.0/deviceManagement/managedDevices",
            "https://a@graph.microsoft.com/v1.0/deviceManagement/managedDevices",
        ] {
            assert!(
                matches!(graph.next_page(elsewhere), Err(LinkError::OtherOrigin(_))),
                "{elsewhere}"
            );
        }
        for broken in ["", "/v1.0/deviceManagement/managedDevices", "https://"] {
            assert!(
                matches!(graph.next_page(broken), Err(LinkError::NotAUrl(_))),
                "{broken}"
            );
        }
        assert!(matches!(
            graph.next_page("https://graph.microsoft.com/v1.0/users"),
            Err(LinkError::OtherPath(_))
        ));
    }

    #[test]
    fn host_and_port_are_those_of_the_address() {
        let graph = root("https://graph.microsoft.com");
        assert_eq!(
            (graph.is_https(), graph.authority()),
            (true, "graph.microsoft.com")
        );
        let here = root("http://127.0.0.1:8080");
        assert_eq!(
            (here.is_https(), here.authority()),
            (false, "127.0.0.1:8080")
        );
    }

    #[test]
    fn a_link_may_be_as_long_as_any_server_takes() {
        let graph = root("https://graph.microsoft.com");
        let link = |bytes: usize| {
            let start = format!("https://graph.microsoft.com{LIST_PATH}?$skiptoken=");
            format!("{start}{}", "x".repeat(bytes - start.len()))
        };
        assert!(graph.next_page(&link(32_768)).is_ok());
        assert!(matches!(
            graph.next_page(&link(32_769)),
            Err(LinkError::TooLong(32_769))
        ));
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_is_one() {
        assert_eq!(encoded("https://x/?a=%4"), "https://x/?a=%254");
        assert_eq!(encoded("https://x/?a=%"), "https://x/?a=%25");
        assert_eq!(encoded("https://x/?a=%4x%41"), "https://x/?a=%254x%41");
    }
}
