//! What sets a flag that is not given: its `INTUNE_SYNC_*` variable, or else the config file.
//!
//! Both become defaults of clap's arguments, so that the parsers of the flags read them and a flag wins over them.

use std::{collections::BTreeMap, path::Path};

use clap::{ArgAction, ArgMatches, parser::ValueSource};
use intune_sync_files::config::{self, Value};
use intune_sync_settings::{Advice, Setting, Stray, variable as variable_of};

use super::Variables;
use crate::text_file;

/// Flags that set the same thing: if one of them is given, lower layers cannot set the others.
const ALTERNATIVES: [&[&str]; 3] = [
    &["device", "devices-from"],
    &["client-id", "object-id", "resource-id"],
    &["quiet", "verbose"],
];

/// The long flags that a variable or a file cannot set.
const NOT_LAYERED: [&str; 4] = ["config", "help", "resume", "version"];

/// Values that replace defaults, by long flag.
#[derive(Debug, Default)]
pub(super) struct Layers(BTreeMap<String, Layered>);

#[derive(Debug)]
struct Layered {
    values: Vec<String>,
    /// Where they are written, for messages: "`INTUNE_SYNC_BATCH_SIZE`", "`batch-size` in `job.toml`".
    place: String,
}

impl Layers {
    /// Reads the variables, and the config file that the flag or its variable names. `given` are the flags, which win.
    ///
    /// # Errors
    ///
    /// A variable that is not text; a file that cannot be read, is not TOML, or has a key that is not a flag of `sync`.
    pub(super) fn read(
        command: &clap::Command,
        given: &ArgMatches,
        config: Option<&Path>,
        variables: Variables<'_>,
    ) -> Result<Self, Advice> {
        let sync = command
            .find_subcommand("sync")
            .expect("the tree has `sync`");
        let known: Vec<Key<'_>> = sync.get_arguments().filter_map(Key::of).collect();
        let is_given = |id: &str| {
            given.try_contains_id(id).is_ok()
                && given.value_source(id) == Some(ValueSource::CommandLine)
        };
        let mut settled: Vec<&str> = known
            .iter()
            .filter(|key| is_given(key.id))
            .map(|key| key.long)
            .collect();

        refuse_strays(&known, variables)?;
        let from_variables = variable_layer(&known, variables)?;
        let variable_config = variable("config", variables)?;
        let from_file = match config.or(variable_config.as_ref().map(|(_, path)| Path::new(path))) {
            Some(path) => file_layer(path, &known)?,
            None => BTreeMap::new(),
        };

        let mut layers = BTreeMap::new();
        for layer in [from_variables, from_file] {
            let open: Vec<&str> = known
                .iter()
                .map(|key| key.long)
                .filter(|long| !settles(&settled, long))
                .collect();
            for (long, layered) in layer {
                if let Some(long) = open.iter().find(|open| **open == long) {
                    settled.push(long);
                    layers.insert((*long).to_owned(), layered);
                }
            }
        }
        Ok(Self(layers))
    }

    /// Replaces the subcommand's defaults by the values. Flags that the subcommand does not have are skipped: `rehearse`
    /// reads the same file as `sync`.
    pub(super) fn apply(&self, subcommand: clap::Command) -> clap::Command {
        subcommand.mut_args(
            |arg| match arg.get_long().and_then(|long| self.0.get(long)) {
                Some(layered) => arg.default_values(layered.values.clone()),
                None => arg,
            },
        )
    }

    /// Where the value of a flag is written, if not on the command line.
    pub(super) fn place(&self, long: &str) -> Option<&str> {
        self.0.get(long).map(|layered| layered.place.as_str())
    }
}

/// A flag that a variable or the file can set.
struct Key<'a> {
    long: &'a str,
    id: &'a str,
    /// Whether it can be given more than once.
    is_list: bool,
}

impl<'a> Key<'a> {
    fn of(arg: &'a clap::Arg) -> Option<Self> {
        let long = arg.get_long().filter(|long| !NOT_LAYERED.contains(long))?;
        Some(Self {
            long,
            id: arg.get_id().as_str(),
            is_list: matches!(arg.get_action(), ArgAction::Append),
        })
    }
}

/// Whether one of the flags in `settled` decides on `long`.
fn settles(settled: &[&str], long: &str) -> bool {
    settled.iter().any(|settled| {
        *settled == long
            || ALTERNATIVES
                .iter()
                .any(|group| group.contains(settled) && group.contains(&long))
    })
}

fn variable_layer(
    known: &[Key<'_>],
    variables: Variables<'_>,
) -> Result<BTreeMap<String, Layered>, Advice> {
    let mut layer = BTreeMap::new();
    for Key { long, .. } in known {
        if let Some((name, value)) = variable(long, variables)? {
            layer.insert(
                (*long).to_owned(),
                Layered {
                    values: vec![value],
                    place: format!("`{name}`"),
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
        .chain([variable_of("config")])
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

fn file_layer(path: &Path, known: &[Key<'_>]) -> Result<BTreeMap<String, Layered>, Advice> {
    let file = path.display();
    let text = text_file::read(path).map_err(|error| {
        Advice::new(
            format!("`{file}` cannot be read: {error}"),
            "`--config` takes a TOML file",
        )
    })?;
    let entries = config::parse(&text, &format!("`{file}`"))?;
    let layered = |(key, value): (String, Value)| {
        let Some(Key { is_list, .. }) = known.iter().find(|known| known.long == key) else {
            return Err(unknown_key(&key, path, known));
        };
        let place = format!("`{key}` in `{file}`");
        let what = match value {
            Value::One(text) => {
                let values = vec![text];
                return Ok((key, Layered { values, place }));
            }
            Value::List(values) if *is_list && values.is_empty() => {
                return Err(Advice::new(
                    format!("{place} is an empty list, which would narrow nothing"),
                    "remove the line, or write a value into the list",
                ));
            }
            Value::List(values) if *is_list => return Ok((key, Layered { values, place })),
            Value::List(_) => "a list",
            Value::Other(what) => what,
        };
        let or_list = if *is_list { ", or a list of these" } else { "" };
        Err(Advice::new(
            format!(
                "{what} is not allowed for {place}: it takes a text, a number or a boolean{or_list}"
            ),
            format!("write the value as you would after `--{key}`"),
        ))
    };
    entries.into_iter().map(layered).collect()
}

fn unknown_key(key: &str, path: &Path, known: &[Key<'_>]) -> Advice {
    let kebab = key.to_ascii_lowercase().replace('_', "-");
    let hint = match known.iter().find(|known| known.long == kebab) {
        Some(Key { long, .. }) => format!("write `{long}`: the keys are the long flags' names"),
        None if NOT_LAYERED.contains(&kebab.as_str()) => {
            format!("`--{kebab}` is for the command line alone")
        }
        None => {
            "the keys are the long flags' names: `intune-sync sync --help` lists them".to_owned()
        }
    };
    Advice::new(
        format!("`{key}` is not a known key in `{}`", path.display()),
        hint,
    )
}
