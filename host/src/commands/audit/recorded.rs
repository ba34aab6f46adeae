//! What a component records about its own build: the `producers` section, and the crates that `cargo auditable` and our
//! own build write into `.dep-v0`. Nothing here can verify it; only a rebuild can.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wasmparser::{BinaryReaderError, CustomSectionReader, KnownCustom, Parser, Payload};

/// The most bytes that all lists of crates together may decompress to; ours has about 5,000.
const UNPACKED: usize = 2 << 20;
/// The most bytes of all sections of producers together; ours has about 100.
const PRODUCERS: usize = 64 << 10;

/// Everything that is recorded, in the component and in its parts.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) tools: BTreeSet<Tool>,
    pub(super) crates: BTreeSet<Crate>,
    /// Sections that exist, but cannot be read.
    pub(super) unreadable: BTreeSet<String>,
    /// Bytes of lists and producers that have been read.
    unpacked: usize,
    producers: usize,
}

/// A language, a compiler, a tool.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tool {
    /// `language`, `processed-by` or `sdk`.
    pub(super) role: String,
    pub(super) name: String,
    pub(super) version: String,
}

/// A crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Crate {
    #[serde(default)]
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) version: String,
    /// `crates.io`, `local`, `git` or `registry`.
    pub(super) source: String,
}

/// Why a crate was needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// It is part of the component.
    #[default]
    Runtime,
    /// It ran on the machine that built the component.
    Build,
}

impl Recorded {
    /// Reads the sections of a component.
    ///
    /// # Errors
    ///
    /// When the bytes are not made of sections.
    pub(super) fn read(component: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut recorded = Self::default();
        for payload in Parser::new(0).parse_all(component) {
            if let Payload::CustomSection(section) = payload?
                && recorded.take(&section).is_none()
            {
                recorded.unreadable.insert(section.name().to_owned());
            }
        }
        Ok(recorded)
    }

    fn take(&mut self, section: &CustomSectionReader<'_>) -> Option<()> {
        match section.as_known() {
            KnownCustom::Producers(fields) => {
                self.producers += section.data().len();
                if self.producers > PRODUCERS {
                    return None;
                }
                for field in fields {
                    let field = field.ok()?;
                    for value in field.values {
                        let value = value.ok()?;
                        self.tools.insert(Tool {
                            role: field.name.to_owned(),
                            name: value.name.to_owned(),
                            version: value.version.to_owned(),
                        });
                    }
                }
            }
            _ if section.name() == ".dep-v0" => self.add_crates(section.data())?,
            // An unreadable section of producers counts as an unknown one.
            _ if section.name() == "producers" => return None,
            _ => {}
        }
        Some(())
    }

    fn add_crates(&mut self, packed: &[u8]) -> Option<()> {
        let (length, mut crates) = crates(packed, UNPACKED - self.unpacked)?;
        self.unpacked += length;
        self.crates.append(&mut crates);
        Some(())
    }
}

/// The shape: <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>.
fn crates(packed: &[u8], most: usize) -> Option<(usize, BTreeSet<Crate>)> {
    #[derive(Deserialize)]
    struct Graph {
        packages: BTreeSet<Crate>,
    }
    let json = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, most).ok()?;
    let graph: Graph = serde_json::from_slice(&json).ok()?;
    Some((json.len(), graph.packages))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty component with one custom section.
    fn component(name: &str, data: &[u8]) -> Vec<u8> {
        let short = |length: usize| u8::try_from(length).expect("the test's sections are short");
        let length = 1 + name.len() + data.len();
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        // LEB128 in two bytes, whether it needs them or not.
        bytes.extend([0, short(length & 0x7f) | 0x80, short(length >> 7)]);
        bytes.push(short(name.len()));
        bytes.extend(name.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn packed(json: &str) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(json.as_bytes(), 9)
    }

    #[test]
    fn crates_are_read_as_cargo_auditable_writes_them() {
        let json = r#"{"packages":[{"name":"a","version":"1.2.3","source":"git","kind":"build"},
            {"name":"b","version":"0.1.0","source":"local","dependencies":[0]}],"format":1}"#;
        let recorded = Recorded::read(&component(".dep-v0", &packed(json))).expect("a component");
        let crates: Vec<_> = recorded
            .crates
            .iter()
            .map(|found| (found.kind, found.name.as_str(), found.version.as_str()))
            .collect();
        assert_eq!(
            crates,
            [(Kind::Runtime, "b", "0.1.0"), (Kind::Build, "a", "1.2.3")]
        );
        assert!(recorded.unreadable.is_empty());
    }

    #[test]
    fn unreadable_sections_are_listed_and_are_not_errors() {
        // Two megabytes of blanks and one more take a few kilobytes: a small decompression bomb.
        let bomb = packed(&" ".repeat(UNPACKED + 1));
        assert!(crates(&bomb, UNPACKED).is_none());
        for (name, data) in [
            (".dep-v0", b"no zlib".to_vec()),
            (".dep-v0", packed("[]")),
            ("producers", vec![9]),
            ("producers", vec![1, 8, b'l']),
        ] {
            let recorded = Recorded::read(&component(name, &data)).expect("a component");
            assert!(recorded.unreadable.contains(name), "{recorded:?}");
        }
    }

    /// A small file may have many of them.
    #[test]
    fn all_sections_share_one_bound() {
        let list = |name: usize| {
            let long = "x".repeat(UNPACKED * 2 / 3);
            packed(&format!(
                r#"{{"packages":[{{"name":"{name}","version":"1","source":"{long}"}}]}}"#
            ))
        };
        let mut recorded = Recorded::default();
        assert_eq!(recorded.add_crates(&list(1)), Some(()));
        assert_eq!(recorded.add_crates(&list(2)), None);
        assert_eq!(recorded.crates.len(), 1);
    }
}
