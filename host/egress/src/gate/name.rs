//! Names of objects in the directory.

use std::{fmt, str::FromStr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All that RFC 3986 does not leave unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The `displayName` of a service principal or a group: 1 to 256 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A text that cannot be such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 256 characters, and no control characters")]
pub struct NameError;

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if (1..=256).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError)
        }
    }
}

impl Name {
    /// As written between the quotes of an OData literal in a query.
    pub(super) fn encoded(&self) -> String {
        utf8_percent_encode(&self.0.replace('\'', "''"), ENCODED).to_string()
    }

    /// The inverse, for that one spelling only.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let decoded = percent_decode_str(text).decode_utf8().ok()?;
        let name: Self = decoded.replace("''", "'").parse().ok()?;
        (name.encoded() == text).then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_keeps_within_its_quotes() {
        for (name, encoded) in [
            ("intune-sync", "intune-sync"),
            ("it's", "it%27%27s"),
            (
                "x' or startswith(displayName,'a",
                "x%27%27%20or%20startswith%28displayName%2C%27%27a",
            ),
            ("a&$top=1#%", "a%26%24top%3D1%23%25"),
            ("\u{fc}b''r", "%C3%BCb%27%27%27%27r"),
        ] {
            let name: Name = name.parse().expect("a name");
            assert_eq!(name.encoded(), encoded);
            assert_eq!(Name::decode(encoded), Some(name));
        }
    }

    #[test]
    fn no_other_spelling_is_taken() {
        for text in [
            "", "it%27s", "it's", "a b", "%2d", "%c3%bc", "%FF", "%0A", "%",
        ] {
            assert_eq!(Name::decode(text), None, "{text}");
        }
        for name in ["", "a\nb", &"x".repeat(257)] {
            assert_eq!(name.parse::<Name>(), Err(NameError));
        }
    }
}
