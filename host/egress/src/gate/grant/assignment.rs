//! Ids of assignments.

use std::{fmt, str::FromStr};

use intune_sync_ids::Quoted;

/// The id of an assignment of an app role, as Graph gives it: letters, digits, dashes and underscores, at most 128.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssignmentId(String);

/// A text that is not the id of an assignment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an assignment")]
pub struct AssignmentIdError(Quoted);

impl FromStr for AssignmentId {
    type Err = AssignmentIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=128).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AssignmentIdError(Quoted::new(text)))
        }
    }
}

impl fmt::Display for AssignmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AssignmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
