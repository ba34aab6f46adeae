//! The real component in the real sandbox against a simulated tenant, in this process and on a virtual clock: what
//! takes hours takes seconds, and the same scenario gives the same run.
//!
//! Time stands still while anything computes and jumps when all wait. What decides the outcome is therefore the order
//! of things within one instant, which is always the same: the tenant hands over all answers of the instant at once, in
//! the order in which the requests were sent ([`pump`]); these go all the way to the guest; then only is the guest
//! woken, be it by them or by its own timer ([`settled`]).

mod identity;
mod line;
mod pump;
mod settled;
#[cfg(test)]
mod tests;

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use intune_sync_egress::{Carrier, sync::Rules};
use intune_sync_simulator::{Config, ExpiresIn, Tenant};
use tokio::{
    runtime::{Builder, Handle},
    time::Instant,
};

#[cfg(test)]
pub(crate) use self::pump::{Seen, What};
use self::{
    identity::TenantIdentity,
    pump::Pump,
    settled::{settle, settled},
};
pub(crate) use self::{line::Line, pump::Recorder};
use crate::{
    identity::TokenCache,
    sandbox::{
        Egress, Sandbox, SandboxError, Time,
        bindings::sync::{Event, Settings, Summary},
    },
};

/// How long the guest may wait in one turn, in virtual time: an idle turn costs next to nothing.
const TURN: Duration = Duration::from_secs(10 * 60);

/// What is rehearsed.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Scenario {
    /// What the engine is told.
    pub(crate) settings: Settings,
    /// What may leave the sandbox.
    pub(crate) rules: Rules,
    /// The tenant. Its time 0 is that of the guest. Whatever it says, its identity endpoint answers `expires_in`, since
    /// a date means nothing on a virtual clock.
    pub(crate) tenant: Config,
}

/// What becomes of the run after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// It goes on.
    GoOn,
    /// It is asked to stop: what is in flight is finished.
    #[cfg_attr(not(test), expect(dead_code, reason = "the simulation tests need it"))]
    Stop,
    /// It is left where it stands.
    Abandon,
}

/// A run that was rehearsed.
pub(crate) struct Rehearsed {
    /// What the component says of it.
    pub(crate) summary: Summary,
    /// What the tenant saw.
    pub(crate) tenant: Tenant,
    /// The virtual time that it took.
    #[cfg_attr(not(test), expect(dead_code, reason = "the simulation tests need it"))]
    pub(crate) took: Duration,
}

/// Why a run was not rehearsed to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RehearsalError {
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the rehearsal was abandoned")]
    Abandoned,
}

/// Rehearses a run, on this thread. `turn` is told what has happened, in order, and says what becomes of the run; it is
/// called with nothing when nothing has happened for ten minutes of virtual time. `recorder` sees each request and each
/// answer.
///
/// # Errors
///
/// When the component does not take the settings, breaks the sandbox's rules, or takes too long; when `turn` abandons
/// the run.
pub(crate) fn run(
    sandbox: &Sandbox,
    scenario: Scenario,
    turn: &mut dyn FnMut(&[Event]) -> Wish,
    recorder: Option<Recorder>,
) -> Result<Rehearsed, RehearsalError> {
    // No socket, no signal: the clock is all that this runtime drives.
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(rehearse(sandbox, scenario, turn, recorder))
}

async fn rehearse(
    sandbox: &Sandbox,
    scenario: Scenario,
    turn: &mut dyn FnMut(&[Event]) -> Wish,
    recorder: Option<Recorder>,
) -> Result<Rehearsed, RehearsalError> {
    let Wired {
        zero,
        line,
        settings,
        egress,
    } = wire(scenario, recorder);
    let mut run = sandbox.start(settings, egress, Time::Virtual).await?;
    // A tenant without latency has given a token by then.
    settle().await;
    let mut stopping = false;
    while let Some(events) = settled(run.next(TURN)).await? {
        match turn(&events) {
            Wish::GoOn => {}
            Wish::Stop if stopping => {}
            Wish::Stop => {
                stopping = true;
                run.stop().await?;
            }
            Wish::Abandon => return Err(RehearsalError::Abandoned),
        }
    }
    let summary = run.summary().await?;
    let took = zero.elapsed();
    Ok(Rehearsed {
        summary,
        tenant: line.hang_up().await,
        took,
    })
}

/// A tenant at the other end of a way out.
struct Wired {
    /// The tenant's time 0.
    zero: Instant,
    line: Line,
    settings: Settings,
    egress: Arc<Egress>,
}

fn wire(scenario: Scenario, recorder: Option<Recorder>) -> Wired {
    let Scenario {
        settings,
        rules,
        mut tenant,
    } = scenario;
    tenant.identity.expires_in = ExpiresIn::Text;
    let header = tenant.identity.header.clone();
    let zero = Instant::now();
    let line = Pump::start(Tenant::new(tenant), zero, recorder);
    // The first token is not waited for: that would move the guest's zero away from the tenant's.
    let tokens = TokenCache::new(
        Arc::new(TenantIdentity::new(line.clone(), &header)),
        settings.scope.clone(),
        &Handle::current(),
    );
    let ceiling = NonZeroU64::new(settings.ceiling).unwrap_or(NonZeroU64::MIN);
    let scope = settings.scope.clone();
    let egress = Egress::new(rules, ceiling, scope, tokens, Carrier::other(line.clone()));
    Wired {
        zero,
        line,
        settings,
        egress: Arc::new(egress),
    }
}
