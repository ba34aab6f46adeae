//! What a component says of its own making, in sections that public tools read.

use wasm_encoder::{Component, ComponentSection, CustomSection};
use wasm_metadata::Producers;

use crate::crates::Crates;

/// Where `cargo auditable` puts the crates; `cargo audit bin`, `rust-audit-info`, Syft, Trivy and
/// `wasm-tools metadata show` look there.
const CRATES: &str = ".dep-v0";
/// Of 0 to 10. Any will do, but it is part of the bytes.
const COMPRESSION: u8 = 9;

/// Adds the compiler to the component's `producers`, and the crates as `.dep-v0`, which comes first: some readers do
/// not get past a nested module.
pub(crate) fn add(component: &[u8], rustc: &str, crates: &Crates) -> Result<Vec<u8>, String> {
    let mut producers = Producers::empty();
    producers.add("language", "Rust", "");
    producers.add("processed-by", "rustc", rustc);
    let component = producers
        .add_to_wasm(component)
        .map_err(|error| format!("{error:#}"))?;

    let json = serde_json::to_vec(crates).map_err(|error| error.to_string())?;
    let section = CustomSection {
        name: CRATES.into(),
        data: miniz_oxide::deflate::compress_to_vec_zlib(&json, COMPRESSION).into(),
    };
    let sections = component
        .strip_prefix(&Component::HEADER)
        .ok_or("it does not begin as a component does")?;
    let mut recorded = Component::HEADER.to_vec();
    section.append_to_component(&mut recorded);
    recorded.extend_from_slice(sections);
    Ok(recorded)
}
