//! The audit itself: what is read from a component, and the verdict.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use intune_sync_egress::{
    groups,
    sync::{Rule, rules_table},
    webhook,
};
use intune_sync_sandbox::{
    self as sandbox, Limit, SandboxError,
    promise::{Promise, World},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{nested::Nested, recorded::Recorded};
use crate::commands::component::hexadecimal;

/// An audit of one component.
#[derive(Debug)]
pub(super) struct Audit {
    /// The component's file; `None` is the built-in component.
    pub(super) file: Option<PathBuf>,
    /// What it is measured by.
    pub(super) promise: Promise,
    /// SHA-256 of the component's bytes, in hexadecimal.
    pub(super) sha256: String,
    /// In bytes.
    pub(super) size: usize,
    pub(super) world: World,
    /// Its parts, where the built-in component is one of them.
    pub(super) nested: Vec<Nested>,
    pub(super) recorded: Recorded,
    pub(super) rules: Vec<Rule>,
    /// What the host sends for `--group`, before the component runs.
    pub(super) group_rules: Vec<Rule>,
    pub(super) limits: Vec<Limit>,
}

/// The outcome of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    /// It asks for nothing beyond the promise, and runs here.
    Pass,
    /// It is made to run without this program: it contains the built-in component and asks for WASI only. Neither the
    /// gate nor the limits apply to it.
    StandsAlone,
    /// It asks for more, or offers more.
    BeyondThePromise,
    /// It asks for nothing beyond the promise, but cannot run here.
    Unfit,
}

/// Why a component cannot be audited.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuditError {
    #[error("{0}")]
    Read(SandboxError),
    /// The system does not give what it takes: nothing is known of the component.
    #[error("{0}")]
    Machine(SandboxError),
    #[error("{} is not audited: {problem}", shown(.file.as_deref()))]
    Refused {
        file: Option<PathBuf>,
        problem: String,
    },
    #[error("{} is not a component: {problem}", shown(.file.as_deref()))]
    NoComponent {
        file: Option<PathBuf>,
        problem: String,
    },
}

impl Audit {
    /// Audits the component in the file, or the built-in one, by what such a component may do.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or does not hold a component, or the system does not give what it takes to see
    /// that.
    pub(super) fn of(file: Option<&Path>, promise: Promise) -> Result<Self, AuditError> {
        let refused = |problem: String| AuditError::Refused {
            file: file.map(Path::to_owned),
            problem,
        };
        let bytes = match file {
            None => Cow::Borrowed(promise.embedded()),
            Some(file) => Cow::Owned(sandbox::read(file).map_err(|error| match error {
                SandboxError::Bound(bound) => refused(format!("it {bound}")),
                error => AuditError::Read(error),
            })?),
        };
        let no_component = |problem: String| AuditError::NoComponent {
            file: file.map(Path::to_owned),
            problem,
        };
        let world = World::of(&bytes, promise).map_err(|error| match error {
            SandboxError::Unfit(problem) => no_component(problem),
            SandboxError::Bound(bound) => refused(format!("it {bound}")),
            error @ SandboxError::Machine(_) => AuditError::Machine(error),
            error => no_component(error.to_string()),
        })?;
        let nested = Nested::all(&bytes).map_err(|error| no_component(error.to_string()))?;
        let recorded = Recorded::read(&bytes).map_err(|error| no_component(error.to_string()))?;
        let (rules, group_rules, limits) = match promise {
            Promise::Engine => (
                rules_table(),
                groups::rules_table(),
                sandbox::limits_table(),
            ),
            Promise::Notifier => (
                webhook::rules_table(),
                Vec::new(),
                sandbox::notifier_limits_table(),
            ),
        };
        Ok(Self {
            file: file.map(Path::to_owned),
            promise,
            sha256: hexadecimal(&Sha256::digest(&bytes)),
            size: bytes.len(),
            world,
            nested,
            recorded,
            rules,
            group_rules,
            limits,
        })
    }

    pub(super) fn verdict(&self) -> Verdict {
        let holds_the_engine = self.nested.iter().any(Nested::is_the_engine);
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

pub(super) fn shown(file: Option<&Path>) -> String {
    file.map_or_else(
        || "the built-in component".to_owned(),
        |file| format!("`{}`", file.display()),
    )
}
