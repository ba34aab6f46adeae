//! Builds a crate of this workspace for `wasm32-unknown-unknown` and turns it into a component, for build scripts.
//!
//! Why that target: docs/decisions/wasm32-unknown-unknown.md.
//!
//! The component's bytes depend on the sources, `Cargo.lock` and the compiler, but not on the folder or the time of the
//! build. It records which compiler and which crates it was made with.

mod cargo;
mod crates;
mod examples;
mod record;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use wit_component::ComponentEncoder;

use self::{
    cargo::{Cargo, OTHER_RUSTC},
    crates::local_folders,
};

pub use self::examples::build_examples;

/// Builds the crate `package`, writes the component to `target/components/{name}.wasm` and returns its path. For build
/// scripts: tells cargo which files to watch.
///
/// # Errors
///
/// If the crate does not build, or its module does not become a component.
pub fn build(package: &str, name: &str) -> anyhow::Result<PathBuf> {
    let cargo = Cargo::new(package, workspace())?;
    watch(&cargo, &[])?;
    make(&cargo, name, &target_folder()?)
}

/// Builds the crate `package`, writes the component to `components/{name}.wasm` in the folder `target` and returns its
/// path.
///
/// # Errors
///
/// If the crate does not build, or its module does not become a component.
pub fn build_into(package: &str, name: &str, target: &Path) -> anyhow::Result<PathBuf> {
    make(&Cargo::new(package, workspace())?, name, target)
}

fn make(cargo: &Cargo<'_>, name: &str, target: &Path) -> anyhow::Result<PathBuf> {
    let module = read(&cargo.build(&target.join("guest"))?)?;
    let crates = crates::read(
        &cargo.tree("normal,build", &[])?,
        &cargo.tree("normal,no-proc-macro", &[])?,
    )?;
    let component = componentize(&module)
        .and_then(|component| record::add(&component, &cargo.rustc_version, &crates))
        .with_context(|| format!("`{}` does not become a component", cargo.package))?;
    write(&component, &target.join("components"), name)
}

/// Tells cargo to run the build script again when a crate of this workspace changes that the package depends on, with
/// the features in `selection`, or a file that all components depend on.
fn watch(cargo: &Cargo<'_>, selection: &[&str]) -> anyhow::Result<()> {
    let tree = cargo.tree("normal,build", selection)?;
    // Not whole folders: tests are not part of a component.
    let parts = local_folders(&tree)?
        .into_iter()
        .flat_map(|folder| ["Cargo.toml", "build.rs", "src"].map(|part| folder.join(part)));
    let common = ["wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];
    let common = common.map(|part| workspace().join(part));
    for path in parts.chain(common) {
        watch_path(&path);
    }
    println(&format!("cargo::rerun-if-env-changed={OTHER_RUSTC}"));
    Ok(())
}

/// Tells cargo to run the build script again when this changes. For a missing path, cargo would run it each time.
fn watch_path(path: &Path) {
    if path.exists() {
        println(&format!("cargo::rerun-if-changed={}", path.display()));
    }
}

/// Turns a core module into a component.
fn componentize(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
}

/// Writes a component to `{name}.wasm` in a folder and returns its path.
fn write(component: &[u8], folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name).with_extension("wasm");
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    // An unchanged file keeps its time, so that crates that embed it are not built again.
    if !fs::read(&path).is_ok_and(|written| written == component) {
        fs::write(&path, component)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(path)
}

/// The target folder of the current build. Cargo tells a build script only the script's folder, which is
/// `target/PROFILE/build/CRATE/out`, or `target/TRIPLE/PROFILE/build/CRATE/out` if a target is named.
fn target_folder() -> anyhow::Result<PathBuf> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let triple = variable("TARGET")?;
    let folder = out.ancestors().nth(4).unwrap_or(&out);
    let folder = match folder.file_name() {
        Some(name) if name == triple => folder.parent().unwrap_or(folder),
        _ => folder,
    };
    Ok(folder.to_owned())
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

fn variable(name: &str) -> anyhow::Result<OsString> {
    env::var_os(name).with_context(|| format!("`{name}` is not set: this only runs under cargo"))
}

#[expect(
    clippy::print_stdout,
    reason = "this is how a build script talks to cargo"
)]
fn println(line: &str) {
    println!("{line}");
}
