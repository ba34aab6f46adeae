//! Which component runs, and what executes it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What executes the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Engine {
    /// `native`, unless the system forbids executable memory: then `pulley`
    #[default]
    Auto,
    /// The processor, which takes executable memory
    Native,
    /// An interpreter, which takes none
    Pulley,
}

/// The component of a command.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub(crate) struct ComponentOptions {
    /// Run this component instead of the built-in one, in the same sandbox
    #[arg(long = "component", value_name = "FILE", help_heading = "Job")]
    pub(crate) file: Option<PathBuf>,
    /// What executes the component; what it does is the same
    #[arg(
        long,
        value_name = "ENGINE",
        value_enum,
        default_value_t,
        help_heading = "Job"
    )]
    pub(crate) engine: Engine,
}
