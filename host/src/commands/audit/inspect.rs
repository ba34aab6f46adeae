//! What a component is made of, what it asks for, and what it is allowed to do: read, not run.

mod json;
mod nested;
mod recorded;
mod text;

use std::path::{Path, PathBuf};

use intune_sync_gate::{Rule, rules_table};
use sha2::{Digest, Sha256};

pub(crate) use self::{json::json, text::text};
use self::{nested::Nested, recorded::Recorded};
use crate::sandbox::{self, Limit, SandboxError, promise::World};

/// An audit of one component.
#[derive(Debug)]
pub(crate) struct Audit {
    /// The component's file; none is the one built in.
    file: Option<PathBuf>,
    /// SHA-256 of the component's bytes, in hexadecimal.
    sha256: String,
    /// In bytes.
    size: usize,
    world: World,
    /// What it is composed of, where the built-in component is a part of it.
    nested: Vec<Nested>,
    recorded: Recorded,
    rules: Vec<Rule>,
    limits: Vec<Limit>,
}

/// What an audit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It asks for nothing beyond the promise, and runs here.
    Pass,
    /// It is made to run without this program: it holds the built-in component, and asks for WASI alone. Neither the
    /// gate nor the limits are about it.
    StandsAlone,
    /// It asks for more, or offers more.
    BeyondThePromise,
    /// It asks for nothing beyond the promise, but cannot run here.
    Unfit,
}

/// Why there is nothing to audit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    #[error("{0}")]
    Read(SandboxError),
    #[error("{} is no component: {problem}", shown(.file.as_deref()))]
    NoComponent {
        file: Option<PathBuf>,
        problem: String,
    },
}

impl Audit {
    /// Audits the component in the file, or else the one built in.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or holds no component.
    pub(crate) fn of(file: Option<&Path>) -> Result<Self, AuditError> {
        let bytes = sandbox::read(file).map_err(AuditError::Read)?;
        let no_component = |problem: String| AuditError::NoComponent {
            file: file.map(Path::to_owned),
            problem,
        };
        let world = World::of(&bytes).map_err(|error| match error {
            SandboxError::Unfit(problem) => no_component(problem),
            error => no_component(error.to_string()),
        })?;
        let nested = Nested::all(&bytes, &sandbox::read(None).map_err(AuditError::Read)?)
            .map_err(|error| no_component(error.to_string()))?;
        let recorded = Recorded::read(&bytes).map_err(|error| no_component(error.to_string()))?;
        Ok(Self {
            file: file.map(Path::to_owned),
            sha256: hexadecimal(&Sha256::digest(&bytes)),
            size: bytes.len(),
            world,
            nested,
            recorded,
            rules: rules_table(),
            limits: sandbox::limits_table(),
        })
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let holds_the_engine = self.nested.iter().any(|nested| nested.built_in);
        if holds_the_engine && self.world.stands_alone() {
            Verdict::StandsAlone
        } else if self.world.beyond().next().is_some() {
            Verdict::BeyondThePromise
        } else if self.world.unfit.is_some() {
            Verdict::Unfit
        } else {
            Verdict::Pass
        }
    }
}

fn shown(file: Option<&Path>) -> String {
    file.map_or_else(
        || "the built-in component".to_owned(),
        |file| format!("`{}`", file.display()),
    )
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
