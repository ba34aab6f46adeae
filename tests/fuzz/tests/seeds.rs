//! Each seed of each target's corpus still does what its name says: one that begins with `refused` is refused, and all
//! others are taken for what they are.

use std::{collections::BTreeSet, fs, path::Path};

use intune_sync_fuzz::TARGETS;

#[test]
fn seeds_keep_up_with_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut left: BTreeSet<String> = entries(&folder);
    for target in TARGETS {
        assert!(left.remove(target.name), "`{}` has no seeds", target.name);
        let folder = folder.join(target.name);
        let seeds = entries(&folder);
        let refused = |name: &str| name.starts_with("refused");
        assert!(seeds.iter().any(|name| refused(name)), "{}", target.name);
        assert!(seeds.iter().any(|name| !refused(name)), "{}", target.name);
        for name in seeds {
            let input = fs::read(folder.join(&name)).expect("a seed");
            let taken = (target.run)(&input);
            assert_eq!(taken, !refused(&name), "{}/{name}", target.name);
        }
    }
    assert!(left.is_empty(), "seeds of no target: {left:?}");
}

/// Nothing that cuts a seed short makes the code break its promise.
#[test]
fn half_a_seed_breaks_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for target in TARGETS {
        let folder = folder.join(target.name);
        for name in entries(&folder) {
            let input = fs::read(folder.join(&name)).expect("a seed");
            for end in 0..input.len() {
                (target.run)(&input[..end]);
            }
        }
    }
}

fn entries(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .collect()
}
