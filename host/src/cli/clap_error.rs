//! clap's errors in this program's words: the value and what is allowed, then a hint.

use std::{error::Error as _, ffi::OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use intune_sync_ids::{Quoted, without_user_info};
use intune_sync_settings::{Advice, is_alike, nearest, number::Refused, words};

use super::{Command, Page, layers::Layers, parameters};

/// What an error of clap means: a page to show, or wrong usage. `command` is the tree with its own defaults, `layers`
/// are the values that clap read as defaults.
pub(super) fn explain(
    error: &clap::Error,
    command: &clap::Command,
    args: &[OsString],
    layers: &Layers,
) -> Result<Command, Advice> {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let page = error.render();
        return Ok(Command::Show(Page {
            plain: page.to_string(),
            styled: page.ansi().to_string(),
        }));
    }
    if let Some(ContextValue::Strings(texts)) = error.get(ContextKind::Custom)
        && let [message, hint] = texts.as_slice()
    {
        return Err(Advice::new(message, hint));
    }
    let (path, subcommand) = subcommand(command, args);
    Err(Explained {
        error,
        command,
        args,
        path,
        subcommand,
        layers,
    }
    .usage())
}

/// An advice on flags that clap takes one by one, as an error of clap, for [`explain`].
pub(super) fn error_of(Advice { message, hint }: Advice) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::ArgumentConflict);
    let texts = ContextValue::Strings(vec![message, hint]);
    error.insert(ContextKind::Custom, texts);
    error
}

struct Explained<'a> {
    error: &'a clap::Error,
    command: &'a clap::Command,
    args: &'a [OsString],
    /// The names of the subcommands that are given.
    path: Vec<&'a str>,
    subcommand: Option<&'a clap::Command>,
    layers: &'a Layers,
}

impl Explained<'_> {
    fn usage(&self) -> Advice {
        match self.error.kind() {
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Advice::new(
                    "no command is given",
                    "`intune-sync demo` shows it at work without Azure, `intune-sync --help` lists the commands",
                )
            }
            ErrorKind::InvalidSubcommand => self.unknown_command(),
            ErrorKind::UnknownArgument => self.unknown_argument(),
            ErrorKind::ValueValidation | ErrorKind::InvalidValue => self.bad_value(),
            ErrorKind::ArgumentConflict => self.conflict(),
            ErrorKind::MissingRequiredArgument => Advice::new(
                format!("`{}` needs {}", self.path(), self.flag()),
                self.see_help(),
            ),
            ErrorKind::TooManyValues => Advice::new(
                format!(
                    "`{}` takes no value, but `{}` is given",
                    self.flag(),
                    self.value()
                ),
                format!("write `{}` alone", self.flag()),
            ),
            ErrorKind::InvalidUtf8 => Advice::new("an argument is not UTF-8 text", self.see_help()),
            // No flag leads to another kind; if one ever does, clap's own words are better than nothing.
            _ => {
                let text = self.error.to_string();
                let line = text.lines().next().unwrap_or_default();
                Advice::new(
                    format!(
                        "cannot read the command line: {}",
                        line.trim_start_matches("error: ")
                    ),
                    self.see_help(),
                )
            }
        }
    }

    fn conflict(&self) -> Advice {
        let flag = self.flag();
        let others = self.texts(ContextKind::PriorArg);
        match others
            .iter()
            .map(|other| first_word(other))
            .find(|other| *other != flag)
        {
            Some(other) => Advice::new(
                format!("`{flag}` and `{other}` are not allowed together"),
                format!("leave `{flag}` or `{other}` out"),
            ),
            None => Advice::new(
                format!("`{flag}` is given more than once"),
                format!("give `{flag}` once"),
            ),
        }
    }

    fn unknown_command(&self) -> Advice {
        let hint = match self.texts(ContextKind::SuggestedSubcommand).as_slice() {
            [] => format!("`{} --help` lists the commands", self.path()),
            similar => format!("did you mean {}?", words(similar)),
        };
        let name = self.texts(ContextKind::InvalidSubcommand).concat();
        Advice::new(
            format!("`{name}` is not a command of `{}`", self.path()),
            hint,
        )
    }

    fn unknown_argument(&self) -> Advice {
        let flag = self.flag();
        let flags = self.subcommand.unwrap_or(self.command).get_arguments();
        let longs: Vec<&str> = flags.filter_map(clap::Arg::get_long).collect();
        if let Some(advice) = parameters::meant(self.args, &longs) {
            return advice;
        }
        let similar = self.texts(ContextKind::SuggestedArg);
        let similar: Vec<String> = similar.iter().map(|flag| first_word(flag)).collect();
        // clap sees likeness where people see none.
        let own = |flag: &str| flag.trim_start_matches('-').to_owned();
        let are_alike = similar
            .iter()
            .all(|known| is_alike(&own(&flag), &own(known)));
        let hint = match nearest(&own(&flag), longs.iter().copied()) {
            _ if are_alike && !similar.is_empty() => format!("did you mean {}?", words(&similar)),
            Some(nearest) if flag.starts_with("--") => format!("did you mean `--{nearest}`?"),
            _ => self.see_help(),
        };
        let message = if flag.starts_with('-') {
            format!("`{flag}` is not a flag of `{}`", self.path())
        } else {
            format!("`{flag}` is not an argument of `{}`", self.path())
        };
        Advice::new(message, hint)
    }

    fn bad_value(&self) -> Advice {
        let flag = self.flag();
        let long = flag.trim_start_matches('-');
        let place = self
            .layers
            .place(long)
            .unwrap_or_else(|| format!("`{flag}`"));
        let value = match (long, self.value()) {
            ("graph-url" | "listen", value) => Quoted::address(&value).to_string(),
            (_, value) => value,
        };
        let allowed = match self
            .error
            .source()
            .and_then(|source| source.downcast_ref::<Refused>())
        {
            Some(Refused(allowed)) => format!(": {allowed}"),
            None => match self.texts(ContextKind::ValidValue).as_slice() {
                [] => String::new(),
                valid => format!(": it takes {}", words(valid)),
            },
        };
        let message = if value.is_empty() {
            format!("{place} needs a value{allowed}")
        } else {
            format!("`{value}` is not allowed for {place}{allowed}")
        };
        let is_layered = self.layers.place(long).is_some();
        let hint = match (
            self.texts(ContextKind::SuggestedValue).as_slice(),
            self.default_of(long),
        ) {
            ([similar, ..], _) => format!("did you mean `{similar}`?"),
            ([], Some(default)) if is_layered => {
                format!("correct it, or remove it for the default, `{default}`")
            }
            ([], None) if is_layered => "correct it, or remove it".to_owned(),
            ([], Some(default)) => format!("leave `{flag}` out for the default, `{default}`"),
            ([], None) => self.see_help(),
        };
        Advice::new(message, hint)
    }

    fn see_help(&self) -> String {
        format!("see `{} --help`", self.path())
    }

    /// `intune-sync sync`.
    fn path(&self) -> String {
        let names = std::iter::once(&super::NAME).chain(&self.path);
        names.copied().collect::<Vec<_>>().join(" ")
    }

    fn default_of(&self, long: &str) -> Option<String> {
        let arg = self
            .subcommand
            .unwrap_or(self.command)
            .get_arguments()
            .find(|arg| arg.get_long() == Some(long))?;
        let default = arg.get_default_values().first()?.to_str()?;
        (arg.get_action().takes_values()).then(|| default.to_owned())
    }

    /// The flag that the error is about, without the names of its values: `--batch-size`.
    fn flag(&self) -> String {
        first_word(&self.texts(ContextKind::InvalidArg).concat())
    }

    fn value(&self) -> String {
        self.texts(ContextKind::InvalidValue).concat()
    }

    /// What clap says of the error. What is given may be an address, wherever it is given.
    fn texts(&self, kind: ContextKind) -> Vec<String> {
        let texts = match self.error.get(kind) {
            Some(ContextValue::String(text)) => std::slice::from_ref(text),
            Some(ContextValue::Strings(texts)) => texts.as_slice(),
            _ => &[],
        };
        texts.iter().map(|text| without_user_info(text)).collect()
    }
}

/// The subcommand that `args` name, and its names on the way there.
fn subcommand<'a>(
    command: &'a clap::Command,
    args: &[OsString],
) -> (Vec<&'a str>, Option<&'a clap::Command>) {
    let (mut path, mut found) = (Vec::new(), None);
    for arg in args.iter().skip(1) {
        let within: &clap::Command = found.unwrap_or(command);
        let below = arg.to_str().and_then(|arg| within.find_subcommand(arg));
        if let Some(below) = below {
            path.push(below.get_name());
            found = Some(below);
        }
    }
    (path, found)
}

fn first_word(text: &str) -> String {
    text.split([' ', '=', '['])
        .next()
        .unwrap_or_default()
        .to_owned()
}
