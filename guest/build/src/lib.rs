//! Builds a crate of this workspace for `wasm32-unknown-unknown` and makes a component of it, for build scripts.
//!
//! The target is `wasm32-unknown-unknown` on purpose: what `wasm32-wasip2` links into every program (environment,
//! exit, terminals, randomness) would be asked for by the component too.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";
/// Names a rustc that brings the sources of std, for machines on which rustup cannot fetch the target's std.
const OTHER_RUSTC: &str = "INTUNE_SYNC_GUEST_RUSTC";

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
    /// Cargo sets this variable for build scripts.
    #[error("`{0}` is not set: this runs in a build script only")]
    NotABuildScript(&'static str),
    /// Cargo could not be started.
    #[error("`cargo` could not be started: {0}")]
    Cargo(io::Error),
    /// Cargo said why on standard error.
    #[error(
        "building `{package}` for {TARGET} failed ({status})\n\
         hint: `make setup` installs the target; by hand: `rustup target add {TARGET}`"
    )]
    Failed {
        /// The crate.
        package: String,
        /// How cargo ended.
        status: ExitStatus,
    },
    /// The core module does not fit its WIT world.
    #[error("`{0}` does not become a component: {1}")]
    Component(String, String),
}

/// Builds the crate `package`, which stands in the folder `folder` of the workspace, and writes the component to
/// `target/components/{name}.wasm`. Answers its path.
///
/// # Errors
///
/// When the crate does not build, or its module is no component.
pub fn build(package: &str, folder: &str, name: &str) -> Result<PathBuf, BuildError> {
    let workspace = workspace();
    for source in [
        folder,
        "wit",
        "guest/build/src",
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
    ] {
        println(&format!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        ));
    }
    println(&format!("cargo::rerun-if-env-changed={OTHER_RUSTC}"));

    let target = target_folder()?;
    let module = compile(package, &workspace, &target)?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&read(&module)?)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| BuildError::Component(package.to_owned(), format!("{error:#}")))?;

    let components = target.join("components");
    let path = components.join(name).with_extension("wasm");
    fs::create_dir_all(&components).map_err(|error| BuildError::File {
        path: components,
        error,
    })?;
    // An unchanged file keeps its time, so that what embeds it is not built again.
    if fs::read(&path).ok().as_ref() != Some(&component) {
        fs::write(&path, component).map_err(|error| BuildError::File {
            path: path.clone(),
            error,
        })?;
    }
    Ok(path)
}

/// Runs cargo in a target folder of its own: the outer cargo holds the lock of the other.
fn compile(package: &str, workspace: &Path, target: &Path) -> Result<PathBuf, BuildError> {
    let folder = target.join("guest");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(workspace)
        .args([
            "build",
            "--locked",
            "--profile",
            "component",
            "--target",
            TARGET,
            "--package",
            package,
        ])
        .arg("--target-dir")
        .arg(&folder)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            rust_flags(workspace).join("\x1f"),
        );
    // What is meant for the host's own build says nothing about the guest's.
    for name in [
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(name);
    }
    match env::var_os(OTHER_RUSTC) {
        Some(rustc) => {
            let linker = sysroot("rustc")
                .join("lib/rustlib")
                .join(variable("HOST")?)
                .join("bin/rust-lld");
            cargo
                .env("RUSTC", rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .arg("-Zbuild-std=std,panic_abort");
        }
        None => {
            cargo.env_remove("RUSTC");
        }
    }
    let status = cargo.status().map_err(BuildError::Cargo)?;
    if !status.success() {
        return Err(BuildError::Failed {
            package: package.to_owned(),
            status,
        });
    }
    let file = package.replace('-', "_");
    Ok(folder
        .join(TARGET)
        .join("component")
        .join(file)
        .with_extension("wasm"))
}

/// No path of the machine may end up in a panic's text: the bytes would differ from one folder to the next.
fn rust_flags(workspace: &Path) -> Vec<String> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo_home = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let std_source = sysroot("rustc").join("lib/rustlib/src/rust");
    let places = [
        (workspace, "/intune-sync"),
        (&cargo_home, "/cargo"),
        (&std_source, "/rust"),
    ];
    places
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .to_vec()
}

fn sysroot(rustc: &str) -> PathBuf {
    let output = Command::new(rustc).args(["--print", "sysroot"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    PathBuf::from(text.unwrap_or_default())
}

/// The target folder of the build under way: the one above the build script's own that cargo has marked.
fn target_folder() -> Result<PathBuf, BuildError> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let marked = out
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    Ok(marked.unwrap_or(&out).to_owned())
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
    env::var_os(name).ok_or(BuildError::NotABuildScript(name))
}

#[expect(
    clippy::print_stdout,
    reason = "it is how a build script speaks to cargo"
)]
fn println(line: &str) {
    println!("{line}");
}
