//! The sandboxes: wasmtime stores in which a component can do what its world names, and nothing else.
//!
//! There are two: a [`Sandbox`] for the engine, and a [`Messenger`] for what sends notifications.
//!
//! The engine is given four things: a token (a surrogate), outgoing HTTP (through the egress gate), a monotonic clock,
//! and the calls of the run itself. No file, no environment, no socket, no standard stream is linked: a component that
//! asks for one is not instantiated. What sends notifications is given HTTP and a clock, and its gate lets one request
//! out.

mod border;
mod bounds;
mod cache;
mod clock;
mod delivery;
mod egress;
mod execution;
mod limits;
mod linker;
mod machine;
mod messenger;
pub mod promise;
mod run;
mod state;
mod terms;
mod truth;
mod writes;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use intune_sync_egress::Untrue;
use intune_sync_wit::{EnginePre, Settings};
use sha2::{Digest, Sha256};
use wasmtime::component::{Component, ResourceTableError};

use self::{promise::Promise, state::State};
pub use intune_sync_egress::{NamesFound, TakenDevice};

pub use self::{
    delivery::Receipt,
    egress::{Egress, Journal},
    execution::Execution,
    limits::{ATTEMPT, Limit, REHEARSED_RUN, RUN, Time, limits_table, notifier_limits_table},
    machine::Lack,
    messenger::Messenger,
    run::Run,
};

/// Threads besides the compiler's: two for I/O, one that ticks, one of the cache, and some that resolve names.
const THREADS: usize = 8;

/// A compiled component, ready to run.
pub struct Sandbox {
    component: EnginePre<State<Egress>>,
    sha256: [u8; 32],
}

/// Why a component cannot run, or why a run broke off.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The file cannot be read.
    #[error("cannot read the component `{path}`: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Its file breaks a bound.
    #[error("the component is refused, since it {0}")]
    Bound(String),
    /// It is not a component of this world.
    #[error("the component cannot run here: {0}")]
    Unfit(String),
    /// It refuses its settings.
    #[error("the component does not take its settings: `{setting}`: {problem}")]
    Settings {
        /// Which one.
        setting: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The system does not give what the sandbox needs.
    #[error("{0}")]
    Machine(Lack),
    /// It trapped.
    #[error("the component broke off: {0}")]
    Broke(String),
    /// It requested something that is not allowed.
    #[error("the egress gate refused a request of the component's: {0}")]
    Refused(String),
    /// A call took too long.
    #[error("the component did not come back within {} s", .0.as_secs())]
    Overran(Duration),
    /// It went on after it was asked to stop.
    #[error("the component did not stop within {} s of being asked to", .0.as_secs())]
    DoesNotStop(Duration),
    /// The run took too long.
    #[error("the run did not end within {} hours", .0.as_secs() / 3600)]
    Endless(Duration),
    /// Its summary or its plan contradicts itself.
    #[error("the component's counts do not add up")]
    WrongCounts,
    /// It ended before its work was done, and says that all is done.
    #[error("the component says that it has completed, with {0} devices pending")]
    Unfinished(u32),
    /// Its report is not what the books say.
    #[error(transparent)]
    Untrue(#[from] Untrue),
    /// It reports more failures than syncs were let out.
    #[error("the component reports more failed devices than it has sent syncs for")]
    Unfounded,
    /// It has sent no message.
    #[error("the component sent no message; {0}")]
    Unsent(String),
}

impl Sandbox {
    /// The embedded component. Compiled code is kept in wasmtime's cache in the user's cache folder, so that only the
    /// first start on a machine takes the time.
    ///
    /// # Errors
    ///
    /// When the system does not give what the sandbox needs.
    pub fn built_in(execution: Execution) -> Result<Self, SandboxError> {
        let component = embedded(Promise::Engine, execution)?;
        Self::new(
            &component,
            Sha256::digest(Promise::Engine.embedded()).into(),
        )
    }

    /// Compiles the component in a file, which can take long and much memory, and returns the digest of the file and
    /// the code, for [`from_compiled`](Self::from_compiled).
    ///
    /// # Errors
    ///
    /// When there is no such file, it breaks a bound, or it is not a component of our world.
    pub fn compile(file: &Path, execution: Execution) -> Result<Vec<u8>, SandboxError> {
        compile(file, Promise::Engine, execution)
    }

    /// The component whose compiled code this is.
    ///
    /// # Errors
    ///
    /// When it was compiled elsewhere, or for another execution, or the system does not give what the sandbox needs.
    ///
    /// # Safety
    ///
    /// `compiled` is what [`compile`](Self::compile) returned: it is run as it is.
    pub unsafe fn from_compiled(
        compiled: &[u8],
        execution: Execution,
    ) -> Result<Self, SandboxError> {
        // SAFETY: the caller's.
        let (component, sha256) = unsafe { deserialize(compiled, execution) }?;
        Self::new(&component, sha256)
    }

    /// The SHA-256 of the component's file, as it was read to be compiled.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    fn new(component: &Component, sha256: [u8; 32]) -> Result<Self, SandboxError> {
        let pre = linker::engine(component).map_err(unfit)?;
        tick(component)?;
        Ok(Self {
            component: pre,
            sha256,
        })
    }

    /// Begins a run in a separate instance. Nothing is sent before its first `next`. `time` is that of the runtime
    /// within which this is called.
    ///
    /// # Errors
    ///
    /// When the component does not take the settings, or traps.
    pub async fn start(
        &self,
        settings: Settings,
        egress: Arc<Egress>,
        time: Time,
    ) -> Result<Run, SandboxError> {
        Run::start(&self.component, settings, egress, time).await
    }
}

/// Compiles the component that ships in the program with this promise.
fn embedded(promise: Promise, execution: Execution) -> Result<Component, SandboxError> {
    machine::check_address_space().map_err(SandboxError::Machine)?;
    Component::new(&execution.engine()?, promise.embedded()).map_err(unfit)
}

/// Compiles the component in a file, which is to keep this promise. Returns the digest of the file and the code.
fn compile(file: &Path, promise: Promise, execution: Execution) -> Result<Vec<u8>, SandboxError> {
    machine::check_address_space().map_err(SandboxError::Machine)?;
    let bytes = read(file)?;
    bounds::check(&bytes)?;
    let component = Component::new(&execution.engine()?, &bytes).map_err(unfit)?;
    promise.link(&component).map_err(unfit)?;
    let mut compiled = Sha256::digest(&bytes).to_vec();
    compiled.append(&mut component.serialize().map_err(unfit)?);
    Ok(compiled)
}

/// The component whose compiled code this is, and the digest of its file.
///
/// # Safety
///
/// `compiled` is what [`compile`] returned: it is run as it is.
unsafe fn deserialize(
    compiled: &[u8],
    execution: Execution,
) -> Result<(Component, [u8; 32]), SandboxError> {
    let Some((sha256, code)) = compiled.split_first_chunk() else {
        return Err(SandboxError::Unfit("its code is incomplete".to_owned()));
    };
    machine::check_address_space().map_err(SandboxError::Machine)?;
    // SAFETY: the caller's.
    let component = unsafe { Component::deserialize(&execution.engine()?, code) }.map_err(unfit)?;
    Ok((component, *sha256))
}

/// Interrupts a component that computes without end.
fn tick(component: &Component) -> Result<(), SandboxError> {
    limits::tick(component.engine()).map_err(|error| SandboxError::Machine(Lack::threads(&error)))
}

/// The bytes of the component in a file.
///
/// # Errors
///
/// When the file cannot be read, or is too large.
pub fn read(path: &Path) -> Result<Vec<u8>, SandboxError> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(bounds::FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| SandboxError::Read {
            path: path.to_owned(),
            error,
        })?;
    if bytes.len() as u64 > bounds::FILE {
        let most = bounds::FILE >> 20;
        return Err(SandboxError::Bound(format!("has more than {most} MiB")));
    }
    Ok(bytes)
}

/// Checks that the program can start the threads that it needs, before a library finds that it cannot.
///
/// # Errors
///
/// When it cannot.
pub fn check_threads() -> Result<(), SandboxError> {
    machine::can_start(THREADS).map_err(|error| {
        // Their stacks may be what there is no room for.
        let lack = machine::check_address_space().err();
        SandboxError::Machine(lack.unwrap_or_else(|| Lack::threads(&error)))
    })
}

fn unfit(error: wasmtime::Error) -> SandboxError {
    match Lack::of(&error) {
        Some(lack) => SandboxError::Machine(lack),
        None => SandboxError::Unfit(one_line(&error)),
    }
}

/// An error of wasmtime's and its causes, without the frames of the guest's stack.
fn one_line(error: &wasmtime::Error) -> String {
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return format!(
            "it holds more than {} handles of the host's",
            limits::HANDLES
        );
    }
    let causes: Vec<String> = error
        .chain()
        .map(ToString::to_string)
        .filter(|cause| !cause.starts_with("error while executing at"))
        .collect();
    causes.join(": ").lines().collect::<Vec<_>>().join(" ")
}
