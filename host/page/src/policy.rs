//! The content security policy of the page: its one style and its one script, and nothing from anywhere.

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

/// The policy for a page with this style and this script.
pub(crate) fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| BASE64.encode(&Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(style),
        hash(script)
    )
}
