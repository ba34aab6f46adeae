//! `config`: its commands and their flags, and what they mean.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Subcommand, parser::ValueSource};
use intune_sync_settings::Advice;

use super::{
    Variables, clap_error,
    groups::output::ReportFormat,
    layers::{ConfigFile, File, Key, Layers, Source, default_places, users_place},
    tree::Context,
};

/// `config`.
#[derive(Debug)]
pub(crate) enum ConfigOptions {
    /// The settings that a `sync` with these flags would have.
    Show {
        file: Option<ConfigFile>,
        settings: Vec<Shown>,
        format: ReportFormat,
    },
    /// What is wrong with a file.
    Check {
        path: PathBuf,
        /// How many keys it has, those of all profiles together.
        keys: usize,
        profiles: Vec<String>,
        problems: Vec<Advice>,
    },
    /// Write a commented file.
    Init(PathBuf),
    /// Print the JSON Schema of the file.
    Schema,
}

/// A setting, as it is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) from: From,
}

/// The value of a setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value {
    NotSet,
    Switch(bool),
    One(String),
    List(Vec<String>),
}

/// Where a value comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Nowhere: it is not set.
    Nowhere,
    /// The flag.
    Flag,
    /// A variable, or the file.
    Written(Source),
    /// The table of settings.
    Default,
}

/// What comes after the help of `config show`.
pub(super) const SHOW: &str = "Examples:
  intune-sync config show
  intune-sync config show --profile nightly --limit 10

It takes all flags of `sync`, and does with them what `sync` would. \
    Nothing is sent, and no file is read but the config file. \
    Secrets are in files, of which only the paths are settings.";

/// What comes after the help of `config`.
pub(super) const FILE: &str = "Examples:
  intune-sync config init                       write a file with each key as a comment
  intune-sync config check                      find what is wrong with it
  intune-sync config show --profile nightly     see each value, and where it comes from

A key is the name of a long flag of `sync`, and its value is written as after the flag. Paths \
    are relative to the file. A profile is a table whose keys win over the rest of the file:

  tenant-id = \"contoso.com\"
  ca-file = \"proxy.pem\"

  [profile.nightly]
  stale-for = \"7d\"

`intune-sync sync --profile nightly` chooses it. `sync`, `plan`, `rehearse` and `doctor` read the file.

Exit codes:
  0    it was done; of `check`: nothing is wrong with the file
  1    the file cannot be written
  2    wrong usage; of `check`: something is wrong with the file, or there is none";

/// `config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Debug, Subcommand)]
enum Commands {
    /// Show the settings that `sync` would have, and where each comes from
    #[command(after_help = SHOW)]
    Show(ShowArgs),
    /// Check each key and each value of a config file, those of all profiles too
    #[command(after_long_help = "Examples:
  intune-sync config check
  intune-sync config check job.toml")]
    Check {
        /// The file, instead of the one that `sync` would read
        file: Option<PathBuf>,
    },
    /// Write a config file with each key as a comment
    #[command(after_long_help = "Examples:
  intune-sync config init
  intune-sync config init job.toml")]
    Init {
        /// The file, instead of the user's own; one that exists is left as it is
        file: Option<PathBuf>,
    },
    /// Print the JSON Schema of the config file, for editors
    #[command(after_long_help = "Examples:
  intune-sync config schema > config.schema.json")]
    Schema,
}

/// `config show`, besides the flags of `sync`.
#[derive(Debug, Args)]
struct ShowArgs {
    /// What stdout gets
    #[arg(
        long = "output",
        short = 'o',
        value_name = "FORMAT",
        value_enum,
        default_value_t
    )]
    format: ReportFormat,
}

/// Gives `config show` the flags of `sync`, all but `--output`, of which its help shows those that say which file.
pub(super) fn with_flags_of_sync(tree: clap::Command) -> clap::Command {
    let sync = tree.find_subcommand("sync");
    let flags: Vec<Arg> = sync
        .into_iter()
        .flat_map(clap::Command::get_arguments)
        .filter(|arg| arg.get_id() != "format")
        .map(|arg| {
            let says_which = ["config", "no_config", "profile"].contains(&arg.get_id().as_str());
            arg.clone().hide(!says_which)
        })
        .collect();
    tree.mut_subcommand("config", |config| {
        config.mut_subcommand("show", |show| show.args(flags))
    })
}

impl ConfigArgs {
    /// What is wanted. `matches` are those of the whole command line.
    ///
    /// # Errors
    ///
    /// When there is no file to check, or no place for one.
    pub(super) fn options(
        self,
        matches: &ArgMatches,
        Context {
            tree,
            layers,
            variables,
        }: &Context<'_>,
    ) -> Result<ConfigOptions, Advice> {
        let below = matches
            .subcommand()
            .and_then(|(_, config)| config.subcommand());
        let below = below.map_or(matches, |(_, below)| below);
        Ok(match self.command {
            Commands::Show(ShowArgs { format }) => ConfigOptions::Show {
                file: layers.file().cloned(),
                settings: Key::all(tree)
                    .iter()
                    .filter(|key| key.long != "output")
                    .map(|key| shown(key, below, layers))
                    .collect(),
                format,
            },
            Commands::Check { file } => check(tree, file, variables)?,
            Commands::Init { file } => {
                let file = file.or_else(|| users_place(variables));
                ConfigOptions::Init(file.ok_or_else(|| {
                    Advice::new(
                        "there is no place for a user's config file: `HOME` is not set",
                        "name one: `intune-sync config init job.toml`",
                    )
                })?)
            }
            Commands::Schema => ConfigOptions::Schema,
        })
    }
}

/// A setting as clap has it.
fn shown(key: &Key<'_>, matches: &ArgMatches, layers: &Layers) -> Shown {
    let id = key.arg.get_id().as_str();
    let raw = matches.get_raw(id).into_iter().flatten();
    let mut values: Vec<String> = raw.map(|raw| raw.to_string_lossy().into_owned()).collect();
    let value = match key.arg.get_action() {
        _ if key.is_switch() => Value::Switch(matches.get_flag(id)),
        _ if values.is_empty() => Value::NotSet,
        _ if key.is_list() => Value::List(values),
        _ => Value::One(values.pop().unwrap_or_default()),
    };
    let from = match (matches.value_source(id), layers.source(key.long)) {
        (Some(ValueSource::CommandLine), _) => From::Flag,
        (_, Some(source)) => From::Written(source.clone()),
        (_, None) if value == Value::NotSet => From::Nowhere,
        (_, None) => From::Default,
    };
    Shown {
        key: key.long.to_owned(),
        value,
        from,
    }
}

/// Reads a file, and each of its values as `sync` would.
fn check(
    tree: &clap::Command,
    file: Option<PathBuf>,
    variables: Variables<'_>,
) -> Result<ConfigOptions, Advice> {
    let path = match file {
        Some(path) => path,
        None => Layers::path_of_variables(variables)?.ok_or_else(|| {
            let places = default_places(variables);
            let places: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
            Advice::new(
                format!("there is no config file at {}", intune_sync_settings::words(&places)),
                "`intune-sync config init` writes one; `intune-sync config check FILE` checks another",
            )
        })?,
    };
    let file = File::read(path.clone())?;
    let profiles = file.profiles().map(str::to_owned).collect();
    let known = Key::all(tree);
    let entries = file.entries(&known);
    let keys = entries.len();
    let problems = entries
        .into_iter()
        .filter_map(|entry| {
            entry
                .and_then(|(key, layered)| {
                    let layers = Layers::only(&key, layered);
                    let args = ["intune-sync", "sync"].map(Into::into);
                    let layered = tree
                        .clone()
                        .mut_subcommand("sync", |sync| layers.apply(sync));
                    match layered.try_get_matches_from(&args) {
                        Ok(_) => Ok(()),
                        Err(error) => clap_error::explain(&error, tree, &args, &layers).map(|_| ()),
                    }
                })
                .err()
        })
        .collect();
    Ok(ConfigOptions::Check {
        path,
        keys,
        profiles,
        problems,
    })
}
