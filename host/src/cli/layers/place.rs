//! Where the config file is, and which profile of it is meant.

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use intune_sync_settings::{Advice, variable as variable_of};

use super::variable;
use crate::cli::Variables;

/// Which config file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// None.
    Nowhere,
    /// This one; `profile` is the one that is wanted.
    At {
        path: PathBuf,
        profile: Option<Wanted>,
    },
}

/// The profile that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    /// Where it is wanted: "`--profile`", "`INTUNE_SYNC_PROFILE`".
    pub(super) by: String,
}

impl Place {
    /// What the flags say, else the variables, else the first default place at which there is a file.
    ///
    /// # Errors
    ///
    /// Variables that do not go together; a profile of no file.
    pub(super) fn of(given: &ArgMatches, variables: Variables<'_>) -> Result<Self, Advice> {
        let none = given.get_flag("no_config");
        let named: Option<&PathBuf> = given.get_one("config");
        let path = match (none, named) {
            (true, _) => return Ok(Self::Nowhere),
            (false, Some(path)) => Some(path.clone()),
            (false, None) => of_variables(variables)?,
        };
        let flag: Option<&String> = given.get_one("profile");
        let profile = match flag {
            Some(name) => Some(Wanted {
                name: name.clone(),
                by: "`--profile`".to_owned(),
            }),
            None => variable("profile", variables)?.map(|(by, name)| Wanted {
                name,
                by: format!("`{by}`"),
            }),
        };
        match (path, profile) {
            (Some(path), profile) => Ok(Self::At { path, profile }),
            (None, None) => Ok(Self::Nowhere),
            (None, Some(Wanted { name, by })) => Err(Advice::new(
                format!("{by} names `{name}`, but there is no config file"),
                "`intune-sync config init` writes one; `--config FILE` names another",
            )),
        }
    }
}

/// The file that the variables name, or else the first that there is in a default place.
///
/// # Errors
///
/// Variables that do not go together.
pub(super) fn of_variables(variables: Variables<'_>) -> Result<Option<PathBuf>, Advice> {
    let named = variable("config", variables)?.map(|(_, path)| PathBuf::from(path));
    let (name, none) = variable("no-config", variables)?.unzip();
    match (none.as_deref(), named) {
        (None | Some("false"), named) => Ok(named.or_else(|| existing(variables))),
        (Some("true"), None) => Ok(None),
        (Some("true"), Some(_)) => Err(Advice::new(
            format!(
                "`{}` and `{}` are not allowed together",
                variable_of("config"),
                variable_of("no-config")
            ),
            "unset one of them",
        )),
        (Some(value), _) => Err(Advice::new(
            format!(
                "`{value}` is not allowed for `{}`: it takes `true` or `false`",
                name.unwrap_or_default()
            ),
            "correct it, or unset it",
        )),
    }
}

/// The first default place at which there is a file.
fn existing(variables: Variables<'_>) -> Option<PathBuf> {
    // A place that may not be looked at is somebody else's.
    let is_there = |path: &PathBuf| path.try_exists().unwrap_or(false);
    defaults(variables).into_iter().find(is_there)
}

/// The default places, the user's own first.
///
/// On Windows there is only that one: every user may create folders in `%ProgramData%`, and a file that decides where
/// tokens are sent must not be anybody's.
pub(crate) fn defaults(variables: Variables<'_>) -> Vec<PathBuf> {
    let systems = (!cfg!(windows)).then(|| within(Path::new("/etc")));
    users(variables).into_iter().chain(systems).collect()
}

/// The place of the user's own file.
pub(crate) fn users(variables: Variables<'_>) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let set = variables.iter().find(|(known, _)| *known == *name);
        set.map(|(_, value)| PathBuf::from(value))
            .filter(|path| path.is_absolute())
    };
    let folder = if cfg!(windows) {
        absolute("APPDATA")
    } else {
        absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))
    };
    folder.map(|folder| within(&folder))
}

fn within(folder: &Path) -> PathBuf {
    folder.join("intune-sync").join("config.toml")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_file_comes_before_the_systems() {
        let places = |variables: &[(&str, &str)]| {
            let variables: Vec<_> = variables
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect();
            defaults(&variables)
        };
        let system = PathBuf::from("/etc/intune-sync/config.toml");
        assert_eq!(places(&[]), std::slice::from_ref(&system));
        let home = ("HOME", "/home/a");
        let own = PathBuf::from("/home/a/.config/intune-sync/config.toml");
        assert_eq!(places(&[home]), [own.clone(), system.clone()]);
        let relative = ("XDG_CONFIG_HOME", "config");
        assert_eq!(places(&[home, relative]), [own, system.clone()]);
        let named = ("XDG_CONFIG_HOME", "/c");
        let own = PathBuf::from("/c/intune-sync/config.toml");
        assert_eq!(places(&[home, named]), [own, system]);
    }
}
