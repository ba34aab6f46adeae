//! The components that a component is composed of.

use sha2::{Digest, Sha256};
use wasmparser::{BinaryReaderError, Parser, Payload};

use super::hexadecimal;

/// A component inside another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nested {
    /// SHA-256 of its bytes, in hexadecimal.
    pub(super) sha256: String,
    /// In bytes.
    pub(super) size: usize,
    /// It is the one built into this program.
    pub(super) built_in: bool,
}

impl Nested {
    /// Those in a component, however deep, in the order of the bytes.
    ///
    /// # Errors
    ///
    /// When the bytes are not made of sections.
    pub(super) fn all(component: &[u8], built_in: &[u8]) -> Result<Vec<Self>, BinaryReaderError> {
        let mut all = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            if let Payload::ComponentSection {
                unchecked_range, ..
            } = payload?
                && let Some(bytes) = component.get(unchecked_range)
            {
                all.push(Self {
                    sha256: hexadecimal(&Sha256::digest(bytes)),
                    size: bytes.len(),
                    built_in: bytes == built_in,
                });
            }
        }
        Ok(all)
    }
}
