//! The real component in the real sandbox against a simulated tenant, in this process and on a virtual clock: what
//! takes hours takes seconds, and the same scenario gives the same run.
//!
//! Time stands still while anything computes and jumps when all wait. The outcome therefore depends on the order of
//! things within one instant, which is always the same: the tenant hands over all responses of the instant at once, in
//! the order in which the requests were sent (`tenant_task`); these go all the way to the guest; only then is the guest
//! woken, by them or by its own timer (`settled`).

mod channel;
mod identity;
mod settled;
mod tenant_task;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use intune_sync_egress::{Carrier, TokenCache, sync::Rules};
use intune_sync_sandbox::{Egress, Sandbox, SandboxError, Time};
use intune_sync_simulator::{Config, ExpiresIn, Tenant};
use intune_sync_wit::{Event, Settings, Summary};
use tokio::{
    runtime::{Builder, Handle},
    time::Instant,
};

pub use self::tenant_task::{Recorder, Seen, What};

use self::{
    channel::Channel,
    identity::TenantIdentity,
    settled::{settle, settled},
    tenant_task::TenantTask,
};

/// How long the guest may wait in one turn, in virtual time: an idle turn costs next to nothing.
const TURN: Duration = Duration::from_secs(10 * 60);

/// The most turns at one moment of virtual time. The engine has fewer even at the highest rate, that of a thousand
/// requests in a millisecond.
const TURNS_MAX: u32 = 100_000;

/// What is rehearsed.
#[derive(Clone)]
pub struct Scenario {
    /// The engine's settings.
    pub settings: Settings,
    /// Which requests may leave the sandbox.
    pub rules: Rules,
    /// The tenant. Its time 0 is that of the guest. Whatever it says, its identity endpoint returns `expires_in`, since
    /// a date means nothing on a virtual clock.
    pub tenant: Config,
}

/// What becomes of the run after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It goes on.
    Continue,
    /// It is asked to stop: what is in flight is finished.
    Stop,
    /// It is left as it is.
    Abandon,
}

/// A run that was rehearsed.
pub struct Rehearsed {
    /// The component's summary.
    pub summary: Summary,
    /// What the tenant saw.
    pub tenant: Tenant,
    /// The virtual time that it took.
    pub took: Duration,
}

/// Why a run was not rehearsed to its end.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// There is no runtime for it.
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
    /// The sandbox ended it.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The component keeps returning, and neither waits nor ends.
    #[error(
        "the component returned from `next` {TURNS_MAX} times at one moment, and neither waited nor ended"
    )]
    Standstill,
    /// The caller wanted no more of it.
    #[error("the rehearsal was abandoned")]
    Abandoned,
}

/// Rehearses a run, on this thread. `turn` gets the events, in order, and decides how the run goes on; it is called
/// with none after ten minutes of virtual time without any. `recorder` sees each request and each response.
///
/// # Errors
///
/// When the component does not take the settings, breaks the sandbox's rules, or takes too long; when `turn` abandons
/// the run.
pub fn run(
    sandbox: &Sandbox,
    scenario: Scenario,
    turn: &mut dyn FnMut(&[Event]) -> Next,
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
    turn: &mut dyn FnMut(&[Event]) -> Next,
    recorder: Option<Recorder>,
) -> Result<Rehearsed, RehearsalError> {
    let Wired {
        zero,
        channel,
        settings,
        egress,
    } = wire(scenario, recorder);
    let mut run = sandbox.start(settings, egress, Time::Virtual).await?;
    // A tenant without latency has given a token by then.
    settle().await;
    let mut stopping = false;
    let mut progress = Progress::default();
    while let Some(events) = settled(run.next(TURN)).await? {
        progress.turn(zero.elapsed())?;
        match turn(&events) {
            Next::Continue => {}
            Next::Stop if stopping => {}
            Next::Stop => {
                stopping = true;
                run.stop().await?;
            }
            Next::Abandon => return Err(RehearsalError::Abandoned),
        }
    }
    let summary = run.summary().await?;
    let took = zero.elapsed();
    Ok(Rehearsed {
        summary,
        tenant: channel.close().await,
        took,
    })
}

/// How many turns there have been at the present moment.
#[derive(Debug, Default)]
struct Progress {
    now: Duration,
    turns: u32,
}

impl Progress {
    /// A turn is over. Virtual time only goes on while the guest waits.
    fn turn(&mut self, now: Duration) -> Result<(), RehearsalError> {
        if now > self.now {
            *self = Self { now, turns: 0 };
        }
        self.turns += 1;
        if self.turns > TURNS_MAX {
            return Err(RehearsalError::Standstill);
        }
        Ok(())
    }
}

/// A run's egress with a tenant behind it.
struct Wired {
    /// The tenant's time 0.
    zero: Instant,
    channel: Channel,
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
    let channel = TenantTask::start(Tenant::new(tenant), zero, recorder);
    // The first token is not waited for: that would move the guest's zero away from the tenant's.
    let tokens = TokenCache::new(
        Arc::new(TenantIdentity::new(channel.clone(), &header)),
        settings.scope.clone(),
        &Handle::current(),
    );
    let carrier = Carrier::other(channel.clone());
    let egress = Egress::new(rules, &settings, tokens, carrier).with_request_ids(settings.seed);
    Wired {
        zero,
        channel,
        settings,
        egress: Arc::new(egress),
    }
}
