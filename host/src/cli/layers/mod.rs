//! What sets a flag that is not given: its `INTUNE_SYNC_*` variable, or else the config file.
//!
//! Both become defaults of clap's arguments, so that the parsers of the flags read them and a flag wins over them.

mod file;
mod key;
mod place;

use std::{collections::BTreeMap, fmt, path::PathBuf};

use clap::{ArgMatches, parser::ValueSource};
use intune_sync_settings::{Advice, Setting, Stray, variable as variable_of};

pub(crate) use self::key::Key;
pub(super) use self::{
    file::File,
    place::{defaults as default_places, users as users_place},
};
use self::{file::Layer, place::Place};
use super::Variables;

/// Flags that set the same thing or exclude each other: if one of them is given, lower layers cannot set the others.
const ALTERNATIVES: [&[&str]; 11] = [
    &["device", "devices-from"],
    &["client-id", "object-id", "resource-id"],
    &["quiet", "verbose"],
    &["no-history", "report"],
    &["no-history", "csv"],
    &["no-history", "junit"],
    &["no-history", "confirm-after"],
    &["dry-run", "report"],
    &["dry-run", "csv"],
    &["dry-run", "junit"],
    &["dry-run", "confirm-after"],
];

/// Values that replace defaults, and the file that some of them are from.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    values: BTreeMap<String, Layered>,
    file: Option<ConfigFile>,
}

/// The values of a flag.
#[derive(Debug)]
pub(crate) struct Layered {
    pub(crate) values: Vec<String>,
    pub(crate) source: Source,
}

/// Where a value that is not on the command line is written. It shows as messages call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A variable, by its name.
    Variable(String),
    /// A line of the config file.
    File {
        path: PathBuf,
        line: usize,
        profile: Option<String>,
    },
}

/// The config file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    /// The profile that was wanted.
    pub(crate) profile: Option<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "`{name}`"),
            Self::File { path, line, .. } => write!(f, "`{}`, line {line}", path.display()),
        }
    }
}

impl fmt::Display for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.path.display())?;
        match &self.profile {
            Some(profile) => write!(f, ", profile `{profile}`"),
            None => Ok(()),
        }
    }
}

impl Layers {
    /// Reads the variables, and the config file. `given` are the flags, which win and say which file.
    ///
    /// # Errors
    ///
    /// A variable that is not text; a file that cannot be read, is not TOML, or has a key that is not a flag of `sync`.
    pub(super) fn read(
        tree: &clap::Command,
        given: &ArgMatches,
        variables: Variables<'_>,
    ) -> Result<Self, Advice> {
        let known = Key::all(tree);
        let is_given = |id: &str| {
            given.try_contains_id(id).is_ok()
                && given.value_source(id) == Some(ValueSource::CommandLine)
        };
        let mut settled: Vec<&str> = known
            .iter()
            .filter(|key| is_given(key.arg.get_id().as_str()))
            .map(|key| key.long)
            .collect();

        // What is switched off excludes nothing.
        let mut on = settled.clone();

        refuse_strays(&known, variables)?;
        let mut order = vec![variable_layer(&known, variables)?];
        let mut file = None;
        if let Place::At { path, profile } = Place::of(given, variables)? {
            let read = File::read(path.clone())?;
            order.extend(read.layers(profile.as_ref(), &known)?);
            file = Some(ConfigFile {
                path,
                profile: profile.map(|profile| profile.name),
            });
        }

        let mut values = BTreeMap::new();
        for layer in order {
            let open: Vec<&str> = known
                .iter()
                .map(|key| key.long)
                .filter(|long| !settled.contains(long) && !is_excluded(&on, long))
                .collect();
            for (long, layered) in layer {
                if let Some(long) = open.iter().find(|open| **open == long) {
                    settled.push(long);
                    if layered.values != ["false"] {
                        on.push(long);
                    }
                    values.insert((*long).to_owned(), layered);
                }
            }
        }
        Ok(Self { values, file })
    }

    /// The file that is read where no flag says which.
    ///
    /// # Errors
    ///
    /// Variables that do not go together.
    pub(super) fn path_of_variables(variables: Variables<'_>) -> Result<Option<PathBuf>, Advice> {
        place::of_variables(variables)
    }

    /// These values alone, for checking them.
    pub(super) fn only(key: &str, layered: Layered) -> Self {
        Self {
            values: BTreeMap::from([(key.to_owned(), layered)]),
            file: None,
        }
    }

    /// Replaces the subcommand's defaults by the values. Flags that the subcommand does not have are skipped:
    /// `rehearse` reads the same file as `sync`.
    pub(super) fn apply(&self, subcommand: clap::Command) -> clap::Command {
        subcommand.mut_args(
            |arg| match arg.get_long().and_then(|long| self.values.get(long)) {
                Some(layered) => arg.default_values(layered.values.clone()),
                None => arg,
            },
        )
    }

    /// Where the value of a flag is written, if not on the command line.
    pub(super) fn source(&self, long: &str) -> Option<&Source> {
        self.values.get(long).map(|layered| &layered.source)
    }

    /// The same, as messages call it: "`INTUNE_SYNC_BATCH_SIZE`", "`batch-size` in `job.toml`, line 3".
    pub(super) fn place(&self, long: &str) -> Option<String> {
        self.source(long).map(|source| match source {
            Source::Variable(_) => source.to_string(),
            Source::File { .. } => format!("`{long}` in {source}"),
        })
    }

    /// The config file that was read.
    pub(super) fn file(&self) -> Option<&ConfigFile> {
        self.file.as_ref()
    }
}

/// Whether one of these flags excludes another.
fn is_excluded(on: &[&str], long: &str) -> bool {
    ALTERNATIVES
        .iter()
        .filter(|group| group.contains(&long))
        .any(|group| on.iter().any(|on| group.contains(on)))
}

fn variable_layer(known: &[Key<'_>], variables: Variables<'_>) -> Result<Layer, Advice> {
    let mut layer = Layer::new();
    for Key { long, .. } in known {
        if let Some((name, value)) = variable(long, variables)? {
            layer.insert(
                (*long).to_owned(),
                Layered {
                    values: vec![value],
                    source: Source::Variable(name),
                },
            );
        }
    }
    Ok(layer)
}

/// A misspelt variable is refused: what was meant to narrow a run must not be passed over.
fn refuse_strays(known: &[Key<'_>], variables: Variables<'_>) -> Result<(), Advice> {
    let flags = known.iter().map(|key| variable_of(key.long));
    // One environment can serve the program and the components.
    let known: Vec<String> = Setting::all()
        .map(Setting::variable)
        .chain(flags)
        .chain(["config", "no-config", "profile"].map(variable_of))
        .collect();
    let texts = variables
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value.to_str().unwrap_or("?"))));
    match Stray::find(texts, &known) {
        None => Ok(()),
        Some(Stray { name, nearest }) => {
            let hint = nearest.map_or_else(
                || "unset it; `intune-sync sync --help` lists the flags, and each has a variable of its name".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            Err(Advice::new(format!("`{name}` is not a setting"), hint))
        }
    }
}

/// The variable of a flag: its name and its value; `None` when it is not set or empty.
fn variable(long: &str, variables: Variables<'_>) -> Result<Option<(String, String)>, Advice> {
    let name = variable_of(long);
    let set = variables
        .iter()
        .find(|(known, value)| *known == *name && !value.is_empty());
    match set.map(|(_, value)| value.clone().into_string()) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some((name, value))),
        Some(Err(value)) => Err(Advice::new(
            format!(
                "`{}` is not allowed for `{name}`: it is not UTF-8 text",
                value.display()
            ),
            format!("unset `{name}`, or use `--{long}`"),
        )),
    }
}
