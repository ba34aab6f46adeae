//! A tenant without a clock: its caller supplies the time, and learns when something happens next.

pub(crate) mod inspection;
pub(crate) mod lifecycle;

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use http::Request;

use self::lifecycle::{Arrived, LARGEST_BODY};
use crate::{
    config::Config,
    response::{Delivery, Response},
    statistics::Statistics,
    world::World,
};

/// Microsoft Graph and Azure's identity endpoints for one simulated tenant, driven by its caller.
///
/// All times are milliseconds since the start, and never go back. A request arrives with [`send`](Self::send), is
/// executed after half of its latency, and its response reaches the caller after the other half. Requests for which
/// something happens at the same instant are processed in the order of their arrival.
///
/// ```
/// # use intune_sync_simulator::{Delivery, Config, Tenant};
/// let mut tenant = Tenant::new(Config::default());
/// let request = http::Request::get("/_simulator/statistics").body(bytes::Bytes::new())?;
/// let ticket = tenant.send(5, request);
/// while let Some(now) = tenant.next_at() {
///     for (sent, delivery) in tenant.advance(now) {
///         assert_eq!(sent, ticket);
///         assert!(matches!(delivery, Delivery::Response(response) if response.status() == 200));
///     }
/// }
/// # Ok::<(), http::Error>(())
/// ```
pub struct Tenant {
    world: World,
    /// The latest time that its caller gave.
    now: u64,
    tickets: u64,
    /// The next step of each request, in order.
    in_flight: BTreeMap<(u64, Ticket), Step>,
    /// Responses that were sent before the caller advanced to them.
    sent: Vec<(Ticket, Delivery)>,
}

/// A request that was sent. Later ones compare greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

impl Ticket {
    /// Its number, from 0 in the order of arrival.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The next step of a request.
enum Step {
    Execute(Box<Arrived>),
    Send(Response),
    /// Send the response to an inspection, which is not counted.
    SendInspection(Response),
}

impl Tenant {
    /// Starts a tenant at time 0.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            world: World::new(config),
            now: 0,
            tickets: 0,
            in_flight: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    /// Sends a request, which arrives at `now`: after everything that was due earlier, and before everything that is
    /// due at `now` and was not [advanced](Self::advance) to.
    ///
    /// # Panics
    ///
    /// If the time goes back.
    pub fn send(&mut self, now: u64, request: Request<Bytes>) -> Ticket {
        if let Some(before) = now.checked_sub(1).filter(|before| *before >= self.now) {
            self.run(before);
        }
        self.set_now(now);
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        let (parts, body) = request.into_parts();
        let state = &mut self.world.state;
        let (wait, step) = if let Some(response) = inspection::respond(state, &parts.uri) {
            (0, Step::SendInspection(response))
        } else {
            state.ledger.enter();
            if body.len() > LARGEST_BODY {
                (0, Step::Send(Response::empty(413)))
            } else {
                let arrived = Arrived::new(&mut self.world, now, parts, &body);
                (arrived.before, Step::Execute(Box::new(arrived)))
            }
        };
        self.in_flight.insert((now + wait, ticket), step);
        ticket
    }

    /// When the next step of a request in flight is due, if nothing else is sent: the time to
    /// [`advance`](Self::advance) to. `None` if nothing is in flight.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        if !self.sent.is_empty() {
            return Some(self.now);
        }
        self.in_flight.first_key_value().map(|((at, _), _)| *at)
    }

    /// Performs everything that is due by `now`, each step at its own time, and returns what reached the caller, in the
    /// order of time and then of tickets.
    ///
    /// # Panics
    ///
    /// If the time goes back.
    pub fn advance(&mut self, now: u64) -> Vec<(Ticket, Delivery)> {
        self.run(now);
        std::mem::take(&mut self.sent)
    }

    /// The caller gives up on a request: it gets no response, and is not executed if it was not yet. Nothing happens if
    /// its response was handed over.
    pub fn forget(&mut self, ticket: Ticket) {
        self.sent.retain(|(sent, _)| *sent != ticket);
        let due = self.in_flight.keys().find(|(_, other)| *other == ticket);
        if let Some(due) = due.copied()
            && let Some(Step::Execute(_) | Step::Send(_)) = self.in_flight.remove(&due)
        {
            self.world.state.ledger.leave();
        }
    }

    /// The requests so far and their outcomes.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.world.state.ledger.statistics
    }

    /// The id of a device; `None` if the fleet is smaller. Devices are numbered from 0.
    #[must_use]
    pub fn device_id(&self, index: u32) -> Option<String> {
        self.world.device_id(index)
    }

    /// How often each device was synced, by id; see [`crate::Simulator::devices`].
    #[must_use]
    pub fn devices(&self, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
        inspection::devices(&self.world.state.fleet, outcome)
    }

    /// Performs everything that is due by `end`.
    fn run(&mut self, end: u64) {
        self.set_now(end);
        while let Some(first) = self
            .in_flight
            .first_entry()
            .filter(|first| first.key().0 <= end)
        {
            let ((at, ticket), step) = first.remove_entry();
            match step {
                Step::Execute(arrived) => {
                    let sent_at = at + arrived.after;
                    let response = arrived.execute(&mut self.world, at);
                    self.in_flight
                        .insert((sent_at, ticket), Step::Send(response));
                }
                Step::Send(response) => {
                    let state = &mut self.world.state;
                    let delivery = lifecycle::send(state, at, response);
                    state.ledger.leave();
                    self.sent.push((ticket, delivery));
                }
                Step::SendInspection(response) => {
                    self.sent.push((ticket, response.into_delivery()));
                }
            }
        }
    }

    fn set_now(&mut self, now: u64) {
        assert!(now >= self.now, "time goes back from {} to {now}", self.now);
        self.now = now;
    }
}
