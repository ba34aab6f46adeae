//! The components that a component is composed of.

use intune_sync_sandbox::promise::Promise;
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
    /// It is one of the components built into this program.
    pub(super) built_in: bool,
    /// Which one.
    #[serde(skip)]
    pub(super) promise: Option<Promise>,
}

impl Nested {
    /// The components that this one is directly composed of, in the order of the bytes, if the engine of this program
    /// is among them. Other components are reported without parts, since encoders wrap components of their own making
    /// in each.
    ///
    /// # Errors
    ///
    /// When the bytes are not made of sections.
    pub(super) fn all(component: &[u8]) -> Result<Vec<Self>, BinaryReaderError> {
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
                        let promise = [Promise::Engine, Promise::Notifier]
                            .into_iter()
                            .find(|promise| bytes == promise.embedded());
                        all.push(Self {
                            sha256: hexadecimal(&Sha256::digest(bytes)),
                            size: bytes.len(),
                            built_in: promise.is_some(),
                            promise,
                        });
                    }
                    depth += 1;
                }
                Payload::ModuleSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let composed = all.iter().any(Self::is_the_engine);
        Ok(if composed { all } else { Vec::new() })
    }

    /// Whether it is the engine of this program.
    pub(super) fn is_the_engine(&self) -> bool {
        self.promise == Some(Promise::Engine)
    }
}
