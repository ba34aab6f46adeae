//! The address of a request, split as `wasi:http` needs it.

use core::fmt;

use http::Uri;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Over TLS.
    pub https: bool,
    /// Host and port.
    pub authority: String,
    /// From the first slash on.
    pub path_and_query: String,
}

impl Address {
    /// Reads an absolute `http` or `https` URL without a user.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.trim().parse().ok()?;
        let https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri
            .authority()
            .filter(|authority| !authority.as_str().contains('@'))?;
        Some(Self {
            https,
            authority: authority.to_string(),
            path_and_query: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        })
    }

    /// The same address with more parameters in its query.
    pub(super) fn with_query(&self, query: &str) -> Self {
        let separator = match self.path_and_query.contains('?') {
            true => '&',
            false => '?',
        };
        let mut address = self.clone();
        address.path_and_query.push(separator);
        address.path_and_query.push_str(query);
        address
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.path_and_query)
    }
}

/// The URL without its query, for messages.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        f.write_str(url.split('?').next().unwrap_or_default())
    }
}
