//! Everything that a simulated tenant consists of.

use crate::{
    clock::{Clock, Millis},
    config::{Config, QuotaKind},
    dice::Dice,
    entra::{
        directory::Directory, groups::Groups, job_tokens::JobTokens,
        managed_identity::ManagedIdentity, token_endpoint::TokenEndpoint, tokens::Tokens,
    },
    fleet::{Fleet, Index},
    quota::throttle::Throttle,
    statistics::Ledger,
};

/// One tenant: its behaviour, which never changes, and its state. Each request borrows it while it is executed.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    pub(crate) state: State,
}

/// The parts of a tenant that change.
pub(crate) struct State {
    pub(crate) fleet: Fleet,
    pub(crate) throttle: Throttle,
    pub(crate) tokens: Tokens,
    pub(crate) managed_identity: ManagedIdentity,
    pub(crate) token_endpoint: TokenEndpoint,
    pub(crate) job_tokens: JobTokens,
    pub(crate) directory: Directory,
    pub(crate) groups: Groups,
    pub(crate) ledger: Ledger,
    /// Requests that have arrived.
    pub(crate) requests: u64,
    /// The link to the second page has been refused once.
    pub(crate) link_expired: bool,
}

/// The window over which writes are counted where there is no quota: that of the documented one.
const DOCUMENTED_WINDOW_MS: Millis = 20_000;

impl World {
    pub(crate) fn new(config: Config) -> Self {
        let clock = Clock::new(config.started_at, config.clock_ahead_ms);
        let dice = Dice::new(config.seed);
        let window = match config.quota.kind {
            QuotaKind::Off => DOCUMENTED_WINDOW_MS,
            _ => config.quota.window_ms.get().into(),
        };
        let state = State {
            fleet: Fleet::new(config.fleet.clone(), dice, clock),
            throttle: Throttle::new(&config),
            tokens: Tokens::new(config.tokens.clone(), &config.directory, dice, clock),
            managed_identity: ManagedIdentity::new(config.identity.clone()),
            token_endpoint: TokenEndpoint::new(config.entra.clone(), clock),
            job_tokens: JobTokens::new(config.pipelines.clone(), dice, clock),
            directory: Directory::new(&config.directory, &config.tokens, dice),
            groups: Groups::new(&config.groups),
            ledger: Ledger::new(window),
            requests: 0,
            link_expired: false,
        };
        Self {
            config,
            clock,
            dice,
            state,
        }
    }

    /// The id of a device; `None` if the fleet is smaller.
    pub(crate) fn device_id(&self, index: Index) -> Option<String> {
        let fleet = &self.state.fleet;
        (index < fleet.devices()).then(|| fleet.id(index).to_string())
    }
}

impl State {
    /// Another role was assigned to the identity, or one was revoked: tokens issued from now on reflect it.
    pub(crate) fn roles_changed(&mut self) {
        self.tokens.set_roles(self.directory.roles());
    }
}
