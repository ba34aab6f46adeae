//! Records how a component was made, in sections that public tools read.

use anyhow::Context;
use auditable_serde::VersionInfo;
use wasm_encoder::{Component, ComponentSection, CustomSection};
use wasm_metadata::Producers;

/// Where `cargo auditable` puts the crates; `cargo audit bin`, `rust-audit-info`, Syft, Trivy and
/// `wasm-tools metadata show` look there.
const CRATES: &str = ".dep-v0";
/// From 0 to 10. Any value will do, but the bytes depend on it.
const COMPRESSION: u8 = 9;

/// Adds the compiler to the component's `producers`, and the crates as `.dep-v0`. That comes first, because some
/// readers stop at a nested module.
pub(crate) fn add(component: &[u8], rustc: &str, crates: &VersionInfo) -> anyhow::Result<Vec<u8>> {
    let mut producers = Producers::empty();
    producers.add("language", "Rust", "");
    producers.add("processed-by", "rustc", rustc);
    let component = producers.add_to_wasm(component)?;

    let json = serde_json::to_vec(crates)?;
    let section = CustomSection {
        name: CRATES.into(),
        data: miniz_oxide::deflate::compress_to_vec_zlib(&json, COMPRESSION).into(),
    };
    let sections = component
        .strip_prefix(&Component::HEADER)
        .context("it does not start like a component")?;
    let mut recorded = Component::HEADER.to_vec();
    section.append_to_component(&mut recorded);
    recorded.extend_from_slice(sections);
    Ok(recorded)
}
