//! What a user names a group by.

use std::{fmt, str::FromStr};

use intune_sync_ids::Guid;

use super::{Name, NameError};

/// A group as a user names it. A GUID is its id: a group that is called like one has to be named by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Its object id.
    Id(Guid),
    /// Its `displayName`, in any letter case.
    Name(Name),
}

impl FromStr for Key {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Name),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_an_id_and_any_other_text_a_name() {
        let key = |text: &str| text.parse::<Key>();
        let id = "00112233-4455-6677-8899-AABBCCDDEEFF";
        assert_eq!(key(id).map(|key| key.to_string()), Ok(id.to_lowercase()));
        assert!(matches!(key(id), Ok(Key::Id(_))));
        for name in ["Kiosks", "{00112233-4455-6677-8899-aabbccddeeff}", "it's"] {
            assert!(matches!(key(name), Ok(Key::Name(_))), "{name}");
        }
        assert_eq!(key(""), Err(NameError));
        assert_eq!(key("a\u{7}"), Err(NameError));
    }
}
