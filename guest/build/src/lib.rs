//! Builds a crate of this workspace for `wasm32-unknown-unknown` and makes a component of it, for build scripts.
//!
//! The target is `wasm32-unknown-unknown` on purpose: what `wasm32-wasip2` links into every program (environment,
//! exit, terminals, randomness) would be asked for by the component too.
//!
//! The component's bytes depend on the sources, on `Cargo.lock` and on the compiler, not on the folder or the time of
//! the build; it says itself which compiler and which crates it was made with.

mod cargo;
mod crates;
mod examples;
mod record;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use wit_component::ComponentEncoder;

use self::{
    cargo::{Cargo, OTHER_RUSTC, TARGET},
    crates::{Crates, local_folders},
};

pub use self::examples::build_examples;

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file could not be read or written.
    #[error("`{path}`: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// Cargo sets this variable for what it runs.
    #[error("`{0}` is not set: this is run by cargo only")]
    NotUnderCargo(&'static str),
    /// A tool of the toolchain could not be started.
    #[error("`{tool}` could not be started: {error}")]
    Tool {
        /// Cargo or rustc.
        tool: String,
        /// Why.
        error: io::Error,
    },
    /// The tool said why on standard error.
    #[error(
        "`{tool}` failed for `{package}` and {TARGET} ({status})\n\
         hint: `make setup` installs the target; by hand: `rustup target add {TARGET}`"
    )]
    Failed {
        /// Cargo's command, or rustc.
        tool: &'static str,
        /// The crate.
        package: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A line of `cargo tree` that is not as cargo writes them.
    #[error("cannot read this line of `cargo tree`: `{0}`")]
    Tree(String),
    /// The core module does not fit its WIT world.
    #[error("`{0}` does not become a component: {1}")]
    Component(String, String),
}

/// Builds the crate `package`, and writes the component to
/// `target/components/{name}.wasm`. Answers its path. For build scripts: tells cargo what the component is made of.
///
/// # Errors
///
/// When the crate does not build, or its module is no component.
pub fn build(package: &str, name: &str) -> Result<PathBuf, BuildError> {
    let cargo = Cargo::new(package, workspace())?;
    watch(&cargo, &[])?;
    make(&cargo, name, &target_folder()?)
}

/// Builds the crate `package` and writes the component to `components/{name}.wasm` in the folder `target`. Answers its
/// path.
///
/// # Errors
///
/// When the crate does not build, or its module is no component.
pub fn build_into(package: &str, name: &str, target: &Path) -> Result<PathBuf, BuildError> {
    make(&Cargo::new(package, workspace())?, name, target)
}

fn make(cargo: &Cargo<'_>, name: &str, target: &Path) -> Result<PathBuf, BuildError> {
    let module = read(&cargo.build(&target.join("guest"))?)?;
    let crates = Crates::read(
        &cargo.tree("normal,build", &[])?,
        &cargo.tree("normal,no-proc-macro", &[])?,
    )?;
    let component = componentize(&module)
        .and_then(|component| record::add(&component, &cargo.rustc_version, &crates))
        .map_err(|error| BuildError::Component(cargo.package.to_owned(), error))?;
    write(&component, &target.join("components"), name)
}

/// Has cargo run the build script again when a crate of this workspace changes that the package is made of, with the
/// features in `selection`, or what all components are made of.
fn watch(cargo: &Cargo<'_>, selection: &[&str]) -> Result<(), BuildError> {
    let tree = cargo.tree("normal,build", selection)?;
    // Not whole folders: a test is no part of a component.
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

/// Has cargo run the build script again when this changes. Where there is nothing, cargo would run it each time.
fn watch_path(path: &Path) {
    if path.exists() {
        println(&format!("cargo::rerun-if-changed={}", path.display()));
    }
}

/// Makes a component of a core module.
fn componentize(module: &[u8]) -> Result<Vec<u8>, String> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))
}

/// Writes a component to `{name}.wasm` in a folder and answers its path.
fn write(component: &[u8], folder: &Path, name: &str) -> Result<PathBuf, BuildError> {
    let path = folder.join(name).with_extension("wasm");
    fs::create_dir_all(folder).map_err(|error| BuildError::File {
        path: folder.to_owned(),
        error,
    })?;
    // An unchanged file keeps its time, so that what embeds it is not built again.
    if fs::read(&path).is_ok_and(|written| written == component) {
        return Ok(path);
    }
    match fs::write(&path, component) {
        Ok(()) => Ok(path),
        Err(error) => Err(BuildError::File { path, error }),
    }
}

/// The target folder of the build under way. Cargo tells a build script its own folder only, which is
/// `target/PROFILE/build/CRATE/out`, and `target/TRIPLE/PROFILE/build/CRATE/out` where a target is named.
fn target_folder() -> Result<PathBuf, BuildError> {
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

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path).map_err(|error| BuildError::File {
        path: path.to_owned(),
        error,
    })
}

fn variable(name: &'static str) -> Result<std::ffi::OsString, BuildError> {
    env::var_os(name).ok_or(BuildError::NotUnderCargo(name))
}

#[expect(
    clippy::print_stdout,
    reason = "it is how a build script speaks to cargo"
)]
fn println(line: &str) {
    println!("{line}");
}
