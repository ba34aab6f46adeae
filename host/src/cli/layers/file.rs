//! The config file as layers: its profile, and the rest of it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use intune_sync_files::config::{self, Config, Entry, PROFILE, Value};
use intune_sync_settings::{Advice, nearest, words};

use super::{
    Layered, Source,
    key::{Key, NOT_LAYERED},
    place::Wanted,
};
use crate::text_file;

/// A config file that has been read.
pub(crate) struct File {
    path: PathBuf,
    config: Config,
}

/// The values of a layer, by long flag.
pub(super) type Layer = BTreeMap<String, Layered>;

impl File {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not TOML.
    pub(crate) fn read(path: PathBuf) -> Result<Self, Advice> {
        let shown = path.display();
        let text = text_file::read(&path).map_err(|error| {
            Advice::new(
                format!("`{shown}` cannot be read: {error}"),
                "`--config` takes a TOML file",
            )
        })?;
        let config = config::parse(&text, &format!("`{shown}`"))?;
        Ok(Self { path, config })
    }

    /// The names of its profiles.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = &str> {
        let profiles = self.config.profiles.iter();
        profiles.map(|profile| profile.name.as_str())
    }

    /// Each key with its value, those of all profiles too, and what is wrong with it.
    pub(crate) fn entries(&self, known: &[Key<'_>]) -> Vec<Result<(String, Layered), Advice>> {
        let profiles = self.config.profiles.iter();
        let profiles = profiles.map(|profile| (Some(profile.name.as_str()), &profile.entries));
        std::iter::once((None, &self.config.entries))
            .chain(profiles)
            .flat_map(|(profile, entries)| entries.iter().map(move |entry| (profile, entry)))
            .map(|(profile, entry)| self.layered(entry, profile, known))
            .collect()
    }

    /// The layers: the profile that is wanted, and what holds whichever it is. The keys of the other profiles are
    /// checked as well: a mistake is not to wait for the night in which it matters.
    ///
    /// # Errors
    ///
    /// When there is no such profile, or a key is not one.
    pub(super) fn layers(
        &self,
        wanted: Option<&Wanted>,
        known: &[Key<'_>],
    ) -> Result<[Layer; 2], Advice> {
        if let Some(wanted) = wanted
            && !self.profiles().any(|name| name == wanted.name)
        {
            return Err(self.unknown_profile(wanted));
        }
        let (mut chosen, mut rest) = (Layer::new(), Layer::new());
        for entry in self.entries(known) {
            let (key, layered) = entry?;
            let Source::File { profile, .. } = &layered.source else {
                continue;
            };
            match (profile, wanted) {
                (None, _) => rest.insert(key, layered),
                (Some(profile), Some(wanted)) if *profile == wanted.name => {
                    chosen.insert(key, layered)
                }
                (Some(_), _) => None,
            };
        }
        Ok([chosen, rest])
    }

    fn unknown_profile(&self, Wanted { name, by }: &Wanted) -> Advice {
        let shown = self.path.display();
        let profiles: Vec<String> = self.profiles().map(str::to_owned).collect();
        let hint = match (nearest(name, self.profiles()), profiles.as_slice()) {
            (Some(nearest), _) => format!("did you mean `{nearest}`?"),
            (None, []) => {
                format!("it has no profile: one begins with a line `[{PROFILE}.{name}]`")
            }
            (None, profiles) => format!("it has {}", words(profiles)),
        };
        Advice::new(
            format!("`{name}` is not allowed for {by}: it is not a profile of `{shown}`"),
            hint,
        )
    }

    /// An entry as a value of a layer.
    ///
    /// # Errors
    ///
    /// When its key is not one, or its value is of a kind that no flag takes.
    fn layered(
        &self,
        Entry { key, line, value }: &Entry,
        profile: Option<&str>,
        known: &[Key<'_>],
    ) -> Result<(String, Layered), Advice> {
        let source = Source::File {
            path: self.path.clone(),
            line: *line,
            profile: profile.map(str::to_owned),
        };
        let Some(flag) = known.iter().find(|known| known.long == key) else {
            return Err(unknown_key(key, &source, known));
        };
        let place = format!("`{key}` in {source}");
        let what = match value {
            Value::One(text) => {
                let values = vec![self.resolved(flag, text)];
                return Ok((key.clone(), Layered { values, source }));
            }
            Value::List(values) if flag.is_list() && values.is_empty() => {
                return Err(Advice::new(
                    format!("{place} is an empty list, which would narrow nothing"),
                    "remove the line, or write a value into the list",
                ));
            }
            Value::List(values) if flag.is_list() => {
                let values = values.iter().map(|text| self.resolved(flag, text));
                let values = values.collect();
                return Ok((key.clone(), Layered { values, source }));
            }
            Value::List(_) => "a list",
            Value::Other(what) => what,
        };
        let or_list = match flag.is_list() {
            true => ", or a list of these",
            false => "",
        };
        Err(Advice::new(
            format!(
                "{what} is not allowed for {place}: it takes a text, a number or a boolean{or_list}"
            ),
            format!("write the value as you would after `--{key}`"),
        ))
    }

    /// A value; a path is relative to the file, wherever the program is started. `-` is standard input.
    fn resolved(&self, flag: &Key<'_>, text: &str) -> String {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        match flag.is_path() && text != "-" {
            // What was text twice is text together.
            true => folder.join(text).to_string_lossy().into_owned(),
            false => text.to_owned(),
        }
    }
}

fn unknown_key(key: &str, source: &Source, known: &[Key<'_>]) -> Advice {
    let kebab = key.to_ascii_lowercase().replace('_', "-");
    let keys = known.iter().map(|known| known.long);
    let hint = match keys.clone().find(|long| **long == kebab) {
        Some(long) => format!("write `{long}`: the keys are the long flags' names"),
        None if NOT_LAYERED.contains(&kebab.as_str()) => {
            format!("`--{kebab}` is for the command line alone")
        }
        None => match nearest(&kebab, keys.chain([PROFILE])) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "the keys are the long flags' names: `intune-sync sync --help` lists them"
                .to_owned(),
        },
    };
    Advice::new(format!("`{key}` is not a known key in {source}"), hint)
}
