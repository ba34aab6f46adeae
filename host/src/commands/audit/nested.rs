//! The components that a component is composed of.

use serde::Serialize;
use sha2::{Digest, Sha256};
use wasmparser::{BinaryReaderError, Parser, Payload};

use crate::commands::component::hexadecimal;

/// A component inside another.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Nested {
    /// SHA-256 of its bytes, in hexadecimal.
    pub(super) sha256: String,
    /// In bytes.
    #[serde(rename = "SizeBytes")]
    pub(super) size: usize,
    /// It is the component built into this program.
    pub(super) built_in: bool,
}

impl Nested {
    /// The components that this one is directly composed of, in the order of the bytes, if the built-in one is among
    /// them. Other components are reported without parts, since encoders wrap components of their own making in
    /// each.
    ///
    /// # Errors
    ///
    /// When the bytes are not made of sections.
    pub(super) fn all(component: &[u8], built_in: &[u8]) -> Result<Vec<Self>, BinaryReaderError> {
        let mut all = Vec::new();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ComponentSection {
                    unchecked_range, ..
                } => {
                    if depth == 0
                        && let Some(bytes) = component.get(unchecked_range)
                    {
                        all.push(Self {
                            sha256: hexadecimal(&Sha256::digest(bytes)),
                            size: bytes.len(),
                            built_in: bytes == built_in,
                        });
                    }
                    depth += 1;
                }
                Payload::ModuleSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let composed = all.iter().any(|nested| nested.built_in);
        Ok(if composed { all } else { Vec::new() })
    }
}
