//! Which config file is read, and which profile of it.

use std::path::PathBuf;

use clap::Args;

/// The config file. What is given here is read by the layers, before the other flags are.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Config file")]
pub(crate) struct ConfigFileArgs {
    /// TOML file with defaults: its keys are the long flags' names
    ///
    /// Without it, the first that there is of `$XDG_CONFIG_HOME/intune-sync/config.toml` (`~/.config` if that is not
    /// set), on Windows `%APPDATA%\intune-sync\config.toml`, and `/etc/intune-sync/config.toml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The profile of the config file that wins over the rest of it: `[profile.nightly]` is `nightly`
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Read no config file
    #[arg(long, conflicts_with_all = ["config", "profile"])]
    no_config: bool,
}

impl ConfigFileArgs {
    /// The flags as they are given, for a command that is to read the same file.
    pub(crate) fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if let Some(path) = &self.config {
            flags.extend(["--config".to_owned(), path.to_string_lossy().into_owned()]);
        }
        if let Some(profile) = &self.profile {
            flags.extend(["--profile".to_owned(), profile.clone()]);
        }
        if self.no_config {
            flags.push("--no-config".to_owned());
        }
        flags
    }
}
