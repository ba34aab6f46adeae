//! What runs the composed components.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

/// The speed of a hurried clock: a minute is three seconds.
const SPEED: u32 = 20;

/// A run that goes on for longer than this never ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// Something that runs components, on this machine or not.
pub(crate) trait Runtime: Sync {
    /// What it is called where one names it: in the report, and as an argument.
    fn name(&self) -> &'static str;

    /// Which one there is, in a few words; or why there is none.
    fn find(&self) -> Result<String, Skipped>;

    /// Serves the service.
    fn serve(&self, environment: &Environment) -> Serving;

    /// Runs the job to its end; none where the runtime runs no commands.
    fn run(&self, environment: &Environment, arguments: &[&str]) -> Option<Ended>;

    /// Whether it lets requests out to the places of [`Environment::egress`] only.
    fn has_an_allow_list(&self) -> bool {
        false
    }

    /// Whether it denies `https` requests to this machine, rather than trying them.
    fn denies_https(&self) -> bool {
        self.has_an_allow_list()
    }

    /// Whether it notifies the component when its caller disconnects.
    fn tells_of_a_caller_that_left(&self) -> bool {
        true
    }
}

/// Why a runtime is not there.
#[derive(Debug)]
pub(crate) struct Skipped(pub(crate) String);

/// The component's environment, and where it may send requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: Vec<(String, String)>,
    egress: Vec<String>,
    hurried: bool,
}

impl Environment {
    /// Adds a variable, or replaces it.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self
    }

    /// Lets requests out to this origin, where the runtime has an allow-list.
    pub(crate) fn reaching(mut self, origin: String) -> Self {
        self.egress.push(origin);
        self
    }

    /// Lets the component's monotonic clock run [`SPEED`] times as fast, where the runtime can be made to.
    pub(crate) fn hurried(mut self) -> Self {
        self.hurried = true;
        self
    }

    /// How many times as fast the component's monotonic clock is to run.
    pub(crate) fn speed(&self) -> u32 {
        if self.hurried { SPEED } else { 1 }
    }

    pub(crate) fn as_slice(&self) -> &[(String, String)] {
        &self.variables
    }

    pub(crate) fn egress(&self) -> &[String] {
        &self.egress
    }
}

/// A service that is served until this is dropped.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    idle: Option<Box<dyn Fn() -> bool>>,
    _server: Box<dyn Send>,
}

impl Serving {
    pub(crate) fn new(address: SocketAddr, server: impl Send + 'static) -> Self {
        Self {
            address,
            idle: None,
            _server: Box::new(server),
        }
    }

    /// It can be seen whether a run goes on.
    pub(crate) fn seen_idle(mut self, idle: impl Fn() -> bool + 'static) -> Self {
        self.idle = Some(Box::new(idle));
        self
    }

    /// Waits until no run goes on; false where that cannot be seen.
    pub(crate) fn wait_until_idle(&self) -> bool {
        let Some(idle) = &self.idle else {
            return false;
        };
        let started = Instant::now();
        while !idle() {
            assert!(started.elapsed() < PATIENCE, "a run goes on for ever");
            thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

/// A job that came to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit status was 0.
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}
