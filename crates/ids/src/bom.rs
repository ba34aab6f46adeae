//! The byte order mark that some tools write before a text in UTF-8.

/// A text without the byte order mark that it may begin with.
///
/// Editors and PowerShell write one, and proxies insert one; no format that is read here allows it.
#[must_use]
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_and_only_in_front() {
        for (text, without) in [
            ("\u{feff}{}", "{}"),
            ("{}", "{}"),
            ("", ""),
            ("\u{feff}", ""),
            ("\u{feff}\u{feff}x", "\u{feff}x"),
            (" \u{feff}", " \u{feff}"),
        ] {
            assert_eq!(without_bom(text.as_bytes()), without.as_bytes(), "{text:?}");
        }
    }
}
