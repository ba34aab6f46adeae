//! Cargo and rustc, called for the guest.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context, ensure};

use crate::variable;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// The variable that names a rustc with the sources of std, for machines where rustup cannot fetch the target's std.
pub(crate) const OTHER_RUSTC: &str = "INTUNE_SYNC_GUEST_RUSTC";

/// Cargo, for one package and the guest's target.
pub(crate) struct Cargo<'a> {
    pub(crate) package: &'a str,
    workspace: PathBuf,
    cargo: OsString,
    /// The sysroot of the workspace's toolchain.
    sysroot: PathBuf,
    /// The compiler's version, commit and date, as `rustc --version` prints them.
    pub(crate) rustc_version: String,
}

impl<'a> Cargo<'a> {
    pub(crate) fn new(package: &'a str, workspace: PathBuf) -> anyhow::Result<Self> {
        let rustc = |rustc: &OsStr, args: &[&str]| {
            let mut command = Command::new(rustc);
            command.current_dir(&workspace).args(args);
            output(command, "rustc", package)
        };
        let own = OsString::from("rustc");
        let guest = env::var_os(OTHER_RUSTC).unwrap_or_else(|| own.clone());
        let version = rustc(&guest, &["--version"])?;
        Ok(Self {
            package,
            cargo: variable("CARGO")?,
            sysroot: PathBuf::from(rustc(&own, &["--print", "sysroot"])?.trim()),
            rustc_version: version.trim().trim_start_matches("rustc ").to_owned(),
            workspace,
        })
    }

    /// Builds the core module and returns its path.
    pub(crate) fn build(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let modules = self.build_in(folder, "component", &[])?;
        let file = self.package.replace('-', "_");
        Ok(modules.join(file).with_extension("wasm"))
    }

    /// Builds the package's examples with only one of its features, for build time and not for size, and returns the
    /// folder with their core modules.
    pub(crate) fn build_examples(&self, folder: &Path, feature: &str) -> anyhow::Result<PathBuf> {
        let selection = [&["--examples"], &only(feature)[..]].concat();
        let modules = self.build_in(folder, "release", &selection)?;
        Ok(modules.join("examples"))
    }

    /// Builds in a separate target folder, since the outer cargo has locked the usual one, and returns the folder with
    /// the results.
    fn build_in(
        &self,
        folder: &Path,
        profile: &str,
        selection: &[&str],
    ) -> anyhow::Result<PathBuf> {
        let mut cargo = self.command("build");
        cargo
            .args(["--profile", profile])
            .args(selection)
            .arg("--target-dir")
            .arg(folder)
            .env("CARGO_ENCODED_RUSTFLAGS", self.rust_flags().join("\x1f"));
        if let Some(rustc) = env::var_os(OTHER_RUSTC) {
            let host = output(self.host_tuple(), "rustc", self.package)?;
            let linker = self
                .sysroot
                .join("lib/rustlib")
                .join(host.trim())
                .join("bin/rust-lld");
            cargo
                .env("RUSTC", rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .arg("-Zbuild-std=std,panic_abort");
        }
        cargo.stdout(Stdio::inherit());
        output(cargo, "cargo build", self.package)?;
        Ok(folder.join(TARGET).join(profile))
    }

    /// The package's dependencies as the build resolves them, with the features in `selection`, one per line: the
    /// depth, a space, the package.
    pub(crate) fn tree(&self, edges: &str, selection: &[&str]) -> anyhow::Result<String> {
        let mut cargo = self.command("tree");
        cargo
            .args(["--prefix", "depth", "--format", " {p}", "--edges", edges])
            .args(selection);
        output(cargo, "cargo tree", self.package)
    }

    fn command(&self, command: &str) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo
            .current_dir(&self.workspace)
            .args([command, "--locked", "--color", "never", "--target", TARGET])
            .args(["--package", self.package]);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_of_the_outer_build) {
                cargo.env_remove(name);
            }
        }
        cargo
    }

    fn host_tuple(&self) -> Command {
        let mut rustc = Command::new("rustc");
        rustc
            .current_dir(&self.workspace)
            .args(["--print", "host-tuple"]);
        rustc
    }

    fn rust_flags(&self) -> Vec<String> {
        let home = env::home_dir().unwrap_or_default();
        let cargo_home =
            env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
        let std_source = self.sysroot.join("lib/rustlib/src/rust");
        let places = [
            (&self.workspace, "/intune-sync"),
            (&cargo_home, "/cargo"),
            (&std_source, "/rust"),
        ];
        // No path of this machine may end up in a panic's text: the bytes would differ between folders.
        let places = places
            .into_iter()
            .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        // The component checks whether its time is up at each call and each turn of a loop, so inlined code checks less
        // often: 5 % less time in the sandbox, for a quarter more bytes.
        places
            .chain(["-Cllvm-args=-inline-threshold=1000".to_owned()])
            .collect()
    }
}

/// Whether a variable says how the host is built, and is not meant for the guest. Some of them change the order of the
/// component's functions: `cargo-zigbuild` sets `CARGO_TARGET_APPLIES_TO_HOST`, by way of `CARGO_UNSTABLE_…` and a
/// variable of cargo's own tests, where the target is this machine's.
fn is_of_the_outer_build(name: &str) -> bool {
    let prefixes = [
        "CARGO_BUILD_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_",
        "CARGO_UNSTABLE_",
        "RUSTC",
        "__CARGO_",
    ];
    name == "RUSTFLAGS" || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Cargo's arguments for a single feature of a package.
pub(crate) fn only(feature: &str) -> [&str; 3] {
    ["--no-default-features", "--features", feature]
}

/// What a command writes to stdout, if that is piped; stderr is shown.
fn output(mut command: Command, tool: &str, package: &str) -> anyhow::Result<String> {
    let Output { status, stdout, .. } = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    ensure!(
        status.success(),
        "`{tool}` failed for `{package}` and {TARGET} ({status})\n\
         hint: `make setup` installs the target; by hand: `rustup target add {TARGET}`"
    );
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}
