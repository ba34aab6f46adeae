//! The address of a request, split as `wasi:http` needs it.

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
}
