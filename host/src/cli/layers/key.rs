//! The flags that a variable or the config file can set.

use clap::{Arg, ArgAction, Command, ValueHint};

/// The long flags that a variable or a file cannot set, or that say which file is read.
pub(super) const NOT_LAYERED: [&str; 6] = [
    "config",
    "help",
    "no-config",
    "profile",
    "resume",
    "version",
];

/// A flag that a variable or the config file can set.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    /// Its long name, which is the key.
    pub(crate) long: &'a str,
    /// The flag.
    pub(crate) arg: &'a Arg,
}

impl<'a> Key<'a> {
    /// The keys of a config file: all flags of `sync` that it can set, in the order of its help.
    pub(crate) fn all(tree: &'a Command) -> Vec<Self> {
        let sync = tree.find_subcommand("sync").expect("the tree has `sync`");
        sync.get_arguments().filter_map(Self::of).collect()
    }

    fn of(arg: &'a Arg) -> Option<Self> {
        let long = arg.get_long().filter(|long| !NOT_LAYERED.contains(long))?;
        Some(Self { long, arg })
    }

    /// Whether it can be given more than once.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.arg.get_action(), ArgAction::Append)
    }

    /// Whether it takes no value on the command line, and `true` or `false` elsewhere.
    pub(crate) fn is_switch(&self) -> bool {
        !self.arg.get_action().takes_values()
    }

    /// Whether its value names a file or a directory.
    pub(crate) fn is_path(&self) -> bool {
        self.arg.get_value_hint() == ValueHint::AnyPath
    }
}
