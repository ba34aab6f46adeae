//! The crates that a component is made of, in the format of `cargo auditable`.
//!
//! They come from `cargo tree`, which resolves features as the build does, while `cargo metadata` merges those of the
//! whole workspace. The format: <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context;
use auditable_serde::{DependencyKind, Package, Source, VersionInfo};

/// Reads two outputs of `cargo tree`, everything that the build needs and what becomes part of the component, into the
/// packages and their dependencies, sorted by name and version.
pub(crate) fn read(all: &str, runtime: &str) -> anyhow::Result<VersionInfo> {
    let runtime: BTreeSet<Key<'_>> = lines(runtime)
        .map(|line| line.map(|line| line.key))
        .collect::<anyhow::Result<_>>()?;
    let mut found: BTreeMap<Key<'_>, (Source, BTreeSet<Key<'_>>)> = BTreeMap::new();
    let mut above: Vec<Key<'_>> = Vec::new();
    for line in lines(all) {
        let Line { depth, key, folder } = line?;
        // deny.toml allows neither git nor other registries.
        let source = folder.map_or(Source::CratesIo, |_| Source::Local);
        above.truncate(depth);
        if let Some(parent) = above.last().and_then(|parent| found.get_mut(parent)) {
            parent.1.insert(key);
        }
        found.entry(key).or_insert((source, BTreeSet::new()));
        above.push(key);
    }
    let root = above.first();
    let index = |key: &Key<'_>| found.keys().position(|known| known == key);
    let package = |(key, (source, dependencies)): (&Key<'_>, &(Source, BTreeSet<Key<'_>>))| {
        Ok(Package {
            name: key.0.to_owned(),
            version: key.1.parse()?,
            source: source.clone(),
            // What only runs on the machine that builds: procedural macros, build scripts, and their dependencies.
            kind: match runtime.contains(key) {
                true => DependencyKind::Runtime,
                false => DependencyKind::Build,
            },
            dependencies: dependencies.iter().filter_map(index).collect(),
            root: Some(key) == root,
        })
    };
    Ok(VersionInfo {
        packages: found.iter().map(package).collect::<anyhow::Result<_>>()?,
        format: 0,
    })
}

/// The folders of the packages of this workspace in an output of `cargo tree`, each once.
pub(crate) fn local_folders(tree: &str) -> anyhow::Result<BTreeSet<&Path>> {
    lines(tree)
        .filter_map(|line| line.map(|line| line.folder).transpose())
        .collect()
}

/// Name and version.
type Key<'a> = (&'a str, &'a str);

struct Line<'a> {
    depth: usize,
    key: Key<'a>,
    /// Where a package of this workspace is; `None` for one from crates.io.
    folder: Option<&'a Path>,
}

fn lines(tree: &str) -> impl Iterator<Item = anyhow::Result<Line<'_>>> {
    let read = |line| {
        line_of(line).with_context(|| format!("cannot read this line of `cargo tree`: `{line}`"))
    };
    tree.lines().filter(|line| !line.is_empty()).map(read)
}

/// `2 serde_derive v1.0.229 (proc-macro) (*)`, or `0 engine v0.1.0 (/home/me/engine)`.
fn line_of(line: &str) -> Option<Line<'_>> {
    let (depth, rest) = line.split_once(' ')?;
    let (name, rest) = rest.split_once(' ')?;
    let (version, marks) = rest.split_once(' ').unwrap_or((rest, ""));
    let marks = marks.trim_end_matches("(*)").trim();
    let marks = marks.trim_end_matches("(proc-macro)").trim();
    let folder = match marks {
        "" => None,
        _ => Some(Path::new(marks.strip_prefix('(')?.strip_suffix(')')?)),
    };
    Some(Line {
        depth: depth.parse().ok()?,
        key: (name, version.strip_prefix('v')?),
        folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_into_the_shape_of_cargo_auditable() {
        let all = "0 engine v0.1.0 (/home/a b/engine)\n\
                   1 serde v1.0.2\n\
                   2 serde_derive v1.0.2 (proc-macro)\n\
                   3 syn v3.0.0\n\
                   1 both v2.0.0+meta\n\
                   2 serde v1.0.2 (*)\n";
        let runtime = "0 engine v0.1.0 (/home/a b/engine)\n1 serde v1.0.2\n1 both v2.0.0+meta\n";
        let crates = read(all, runtime).expect("it is well formed");
        let json = serde_json::to_value(&crates).expect("it is plain data");
        assert_eq!(
            json,
            serde_json::json!({"packages": [
                {"name": "both", "version": "2.0.0+meta", "source": "crates.io", "dependencies": [2]},
                {"name": "engine", "version": "0.1.0", "source": "local", "dependencies": [0, 2], "root": true},
                {"name": "serde", "version": "1.0.2", "source": "crates.io", "dependencies": [3]},
                {"name": "serde_derive", "version": "1.0.2", "source": "crates.io", "kind": "build",
                    "dependencies": [4]},
                {"name": "syn", "version": "3.0.0", "source": "crates.io", "kind": "build"},
            ]})
        );
    }

    #[test]
    fn the_folders_of_the_workspace_are_found_wherever_the_marks_are() {
        let tree = "0 engine v0.1.0 (/home/a b/engine)\n\
                    1 serde v1.0.2\n\
                    2 serde_derive v1.0.2 (proc-macro)\n\
                    1 macros v0.1.0 (/home/a b/macros (1)) (proc-macro)\n\
                    2 serde v1.0.2 (*)\n\
                    1 graph v0.1.0 (/home/a b/graph)\n\
                    1 graph v0.1.0 (/home/a b/graph) (*)\n";
        let folders = local_folders(tree).expect("it is well formed");
        let expected =
            ["engine", "graph", "macros (1)"].map(|name| Path::new("/home/a b").join(name));
        assert!(folders.into_iter().eq(&expected));
    }

    #[test]
    fn a_line_that_is_not_a_package_is_an_error() {
        for tree in ["[build-dependencies]", "0 engine 0.1.0", "x engine v0.1.0"] {
            assert!(read(tree, "").is_err(), "{tree}");
        }
    }
}
