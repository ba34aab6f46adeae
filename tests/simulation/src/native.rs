//! The loop that drives a run and a tenant on one virtual clock.

use intune_sync_engine::{
    Run,
    contract::{self, Event, Summary},
    http::{NoResponse, Request, RequestId, Response},
};
use intune_sync_simulator::Tenant;

use crate::{
    program::{Program, Turn},
    source::Source,
    tokens::Tokens,
};

/// Watches a run while it goes on. All times are milliseconds since its start.
pub trait Observer {
    /// A token was obtained.
    fn token(&mut self, _token: &str) {}

    /// A request leaves.
    fn sent(&mut self, _now: u64, _request: &Request) {}

    /// Its response has come, or there is none.
    fn received(&mut self, _now: u64, _id: RequestId, _response: &Result<Response, NoResponse>) {}

    /// Something happened.
    fn event(&mut self, _event: &Event) {}

    /// Nothing is left to do at this time; the run may be stopped here. False to abandon it.
    fn settled(&mut self, _now: u64, _run: &mut Run, _tenant: &Tenant) -> bool {
        true
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Drives a run to its end.
///
/// # Panics
///
/// As [`drive`].
pub fn run(
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Summary {
    drive(settings, tenant, observer).expect("this observer never abandons the run")
}

/// Drives a run to its end with the tokens of another source than App Service.
///
/// # Panics
///
/// As [`drive`].
pub fn run_with(
    source: Source,
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Summary {
    let tokens = Tokens::of(source, &settings.scope);
    drive_with(tokens, settings, tenant, observer).expect("this observer never abandons the run")
}

/// Drives a run to its end, or until the observer abandons it; then there is no summary.
///
/// At one instant, responses come first, those to all requests together and in the order of their ids; then the run
/// does everything it wants to do.
///
/// # Panics
///
/// When the settings are refused, or when the run waits for something that never comes.
pub fn drive(
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Option<Summary> {
    let tokens = Tokens::new(&settings.scope, "simulator");
    drive_with(tokens, settings, tenant, observer)
}

fn drive_with(
    tokens: Tokens,
    settings: contract::Settings,
    tenant: &mut Tenant,
    observer: &mut impl Observer,
) -> Option<Summary> {
    let mut program = Program::new(tokens, settings);
    let mut now = 0;
    loop {
        program.fetch(now, tenant);
        program.deliver(now, tenant.advance(now), observer);
        let until = match program.turn(now, tenant, observer) {
            Turn::Wait(until) => until,
            Turn::Over => return Some(program.run().summary()),
        };
        if !observer.settled(now, program.run(), tenant) {
            return None;
        }
        let next = [until, tenant.next_at(), program.next_fetch()]
            .into_iter()
            .flatten()
            .min();
        now = next
            .unwrap_or_else(|| panic!("at {now} ms the run waits for nothing"))
            .max(now);
    }
}
