//! Builds a crate's examples, each into a component.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{
    cargo::{Cargo, only},
    componentize, read, target_folder, watch, watch_path, workspace, write,
};

/// Builds each `{folder}/examples/{name}.rs` of the crate `package` with only the feature `feature`, and writes the
/// components to `target/components/{into}/{name}.wasm`. Returns names and paths, sorted by name. For build scripts:
/// tells cargo which files to watch.
///
/// They are built for build time and not for size, and do not record how they were made.
///
/// # Errors
///
/// If one of them does not build, is not listed in the crate's `Cargo.toml`, or does not become a component.
pub fn build_examples(
    package: &str,
    folder: &str,
    feature: &str,
    into: &str,
) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let cargo = Cargo::new(package, workspace())?;
    watch(&cargo, &only(feature))?;
    let examples = workspace().join(folder).join("examples");
    watch_path(&examples);
    let target = target_folder()?;
    let modules = cargo.build_examples(&target.join("guest"), feature)?;
    let components = target.join("components").join(into);
    let names = names(&examples)?.into_iter();
    let made = names.map(|name| {
        let module = read(&modules.join(&name).with_extension("wasm"))?;
        let component = componentize(&module)
            .with_context(|| format!("`{name}` does not become a component"))?;
        let path = write(&component, &components, &name)?;
        Ok((name, path))
    });
    made.collect()
}

/// The names of the sources in a folder, sorted.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let unreadable = || format!("cannot read `{}`", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort_unstable();
    Ok(names)
}
