//! The sandbox: a wasmtime store in which the engine component can do what its world names, and nothing else.
//!
//! It is given four things: a token (a surrogate), outgoing HTTP (through the egress gate), a monotonic clock, and the
//! calls of the run itself. No file, no environment, no socket, no standard stream is linked: a component that asks
//! for one is not instantiated.

mod clock;
mod egress;
mod limits;
mod linker;
pub mod promise;
mod run;
mod state;

use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use intune_sync_wit::{EnginePre, Settings};
use wasmtime::{Config, Engine, component::Component};

use self::state::State;
pub use self::{
    egress::Egress,
    limits::{Limit, REHEARSED_RUN, RUN, Time, limits_table},
    run::Run,
};

/// The engine component that ships in the program.
const EMBEDDED: &[u8] = include_bytes!(env!("INTUNE_SYNC_ENGINE"));

/// A compiled component, ready to run.
pub struct Sandbox {
    component: EnginePre<State>,
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
    /// Its summary contradicts itself.
    #[error("the component's counts do not add up")]
    WrongCounts,
}

impl Sandbox {
    /// Compiles a component: the one in the file, or else the embedded one. Compiled code is kept in wasmtime's cache
    /// in the user's cache folder, so that only the first start on a machine takes the time.
    ///
    /// # Errors
    ///
    /// When there is no such file, or when it is not a component of our world.
    pub fn new(file: Option<PathBuf>) -> Result<Self, SandboxError> {
        let engine = engine()?;
        let component = Component::new(&engine, read(file.as_deref())?).map_err(unfit)?;
        let component = linker::pre_instantiate(&engine, &component).map_err(unfit)?;
        limits::tick(&engine);
        Ok(Self { component })
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

/// The bytes of a component: the one in the file, or else the embedded one.
///
/// # Errors
///
/// When the file cannot be read.
pub fn read(file: Option<&Path>) -> Result<Cow<'static, [u8]>, SandboxError> {
    let Some(path) = file else {
        return Ok(Cow::Borrowed(EMBEDDED));
    };
    fs::read(path)
        .map(Cow::Owned)
        .map_err(|error| SandboxError::Read {
            path: path.to_owned(),
            error,
        })
}

fn engine() -> Result<Engine, SandboxError> {
    Engine::new(&config()).map_err(unfit)
}

fn config() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    // Without a home folder there is no cache, and each start compiles.
    if has_home()
        && let Ok(cache) = wasmtime::Cache::new(wasmtime::CacheConfig::new())
    {
        config.cache(Some(cache));
    }
    config
}

/// Whether the user has a folder for caches. A missing home folder is not created: it may be missing on purpose.
fn has_home() -> bool {
    let named = std::env::var_os("XDG_CACHE_HOME").is_some_and(|folder| !folder.is_empty());
    named || std::env::home_dir().is_some_and(|home| home.is_dir())
}

fn unfit(error: wasmtime::Error) -> SandboxError {
    SandboxError::Unfit(one_line(&error))
}

/// An error of wasmtime's and its causes, without the frames of the guest's stack.
fn one_line(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error
        .chain()
        .map(ToString::to_string)
        .filter(|cause| !cause.starts_with("error while executing at"))
        .collect();
    causes.join(": ").lines().collect::<Vec<_>>().join(" ")
}
