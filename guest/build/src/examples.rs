use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    BuildError,
    cargo::{Cargo, only},
    componentize, read, target_folder, watch, watch_path, workspace, write,
};

/// Builds each `{folder}/examples/{name}.rs` of the crate `package`, with the feature `feature` alone, and writes the
/// components to `target/components/{into}/{name}.wasm`. Answers names and paths, in the order of the names. For build
/// scripts: tells cargo what the components are made of.
///
/// They are built quickly and not for size, and carry no record of their making.
///
/// # Errors
///
/// When one of them does not build, is not named in the crate's `Cargo.toml`, or its module is no component.
pub fn build_examples(
    package: &str,
    folder: &str,
    feature: &str,
    into: &str,
) -> Result<Vec<(String, PathBuf)>, BuildError> {
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
        let component =
            componentize(&module).map_err(|error| BuildError::Component(name.clone(), error))?;
        let path = write(&component, &components, &name)?;
        Ok((name, path))
    });
    made.collect()
}

/// The names of the sources in a folder, in their order.
fn names(folder: &Path) -> Result<Vec<String>, BuildError> {
    let unreadable = |error| BuildError::File {
        path: folder.to_owned(),
        error,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
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
