//! Where Graph is, and the links to further pages, which stay there.

use http::Uri;
use intune_sync_ids::Origin;

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
    #[error("the link to the next page is not a URL: `{0}`")]
    NotAUrl(String),
    /// It points to another host, port or scheme.
    #[error("the link to the next page leaves Graph: it points to `{0}`")]
    OtherOrigin(String),
    /// It points to another collection.
    #[error("the link to the next page leaves the list of devices: it points to `{0}`")]
    OtherPath(String),
}

impl GraphRoot {
    /// Accepts what [`Origin`] does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let origin: Origin = text.parse().ok()?;
        Some(Self {
            authority: origin.authority(),
            origin,
        })
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
        let shown = || crate::shortened(link, 200).to_owned();
        let uri: Uri = link.parse().map_err(|_| LinkError::NotAUrl(shown()))?;
        if uri.scheme().is_none() {
            return Err(LinkError::NotAUrl(shown()));
        }
        if Origin::of(&uri).as_ref() != Some(&self.origin) {
            return Err(LinkError::OtherOrigin(shown()));
        }
        if !uri.path().eq_ignore_ascii_case(LIST_PATH) {
            return Err(LinkError::OtherPath(shown()));
        }
        Ok(match uri.query() {
            Some(query) => format!("{LIST_PATH}?{query}"),
            None => LIST_PATH.to_owned(),
        })
    }
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
        for elsewhere in [
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
}
