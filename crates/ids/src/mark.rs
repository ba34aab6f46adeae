//! The byte order mark, which some editors, shells and servers write before a text.

/// The text without the mark that it may begin with.
#[must_use]
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
