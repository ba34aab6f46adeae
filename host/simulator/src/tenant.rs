//! The tenant without a clock: it is told the time, and says when it wants to be told next.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use http::Request;

use crate::config::Config;
use crate::reply::{Answer, Reply};
use crate::service::{Arrived, LARGEST_BODY, Service};
use crate::statistics::Statistics;

/// Microsoft Graph and Azure's identity endpoints for one simulated tenant, driven by its caller.
///
/// All times are milliseconds since the start, and never go back. A request arrives with [`send`](Self::send), is
/// carried out after half of its latency, and its answer reaches the caller after the other half. What falls on the
/// same instant happens in the order in which the requests arrived.
///
/// ```
/// # use intune_sync_simulator::{Answer, Config, Tenant};
/// let mut tenant = Tenant::new(Config::default());
/// let request = http::Request::get("/_simulator/statistics").body(bytes::Bytes::new())?;
/// let ticket = tenant.send(5, request);
/// while let Some(now) = tenant.next_at() {
///     for (answered, answer) in tenant.advance(now) {
///         assert_eq!(answered, ticket);
///         assert!(matches!(answer, Answer::Response(response) if response.status() == 200));
///     }
/// }
/// # Ok::<(), http::Error>(())
/// ```
pub struct Tenant {
    service: Service,
    /// The latest time that it was told.
    now: u64,
    tickets: u64,
    /// What happens next to each request, in the order in which it does.
    in_flight: BTreeMap<(u64, Ticket), Pending>,
    /// Answers that left before the caller asked for them.
    left: Vec<(Ticket, Answer)>,
}

/// A request that was sent. A later one is larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

impl Ticket {
    /// Its number, from 0 in the order of arrival.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// What becomes of a request when it is due.
enum Pending {
    CarryOut(Box<Arrived>),
    Leave(Reply),
    /// The answer to a question about the simulation, which is not counted.
    Inspection(Reply),
}

impl Tenant {
    /// Starts a tenant at time 0.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            service: Service::new(config),
            now: 0,
            tickets: 0,
            in_flight: BTreeMap::new(),
            left: Vec::new(),
        }
    }

    /// A request arrives at `now`, after all that was due before, and before what is due at `now` and was not
    /// [advanced](Self::advance) to.
    ///
    /// # Panics
    /// When the time goes back.
    pub fn send(&mut self, now: u64, request: Request<Bytes>) -> Ticket {
        if let Some(before) = now.checked_sub(1).filter(|before| *before >= self.now) {
            self.run(before);
        }
        self.set_now(now);
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        let (parts, body) = request.into_parts();
        let (wait, pending) = if let Some(reply) = self.service.inspect(&parts) {
            (0, Pending::Inspection(reply))
        } else {
            self.service.enter();
            if body.len() > LARGEST_BODY {
                (0, Pending::Leave(Reply::empty(413)))
            } else {
                let arrived = self.service.arrive(now, parts, &body);
                (arrived.before, Pending::CarryOut(Box::new(arrived)))
            }
        };
        self.in_flight.insert((now + wait, ticket), pending);
        ticket
    }

    /// When something happens next to a request in flight, if nothing else is sent: the time to which to
    /// [`advance`](Self::advance). None when nothing is in flight.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        if !self.left.is_empty() {
            return Some(self.now);
        }
        self.in_flight.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does all that is due by `now`, each thing at its own time, and hands over the answers that reached the caller,
    /// in the order of time and then of tickets.
    ///
    /// # Panics
    /// When the time goes back.
    pub fn advance(&mut self, now: u64) -> Vec<(Ticket, Answer)> {
        self.run(now);
        std::mem::take(&mut self.left)
    }

    /// The caller gives a request up: it gets no answer, and is not carried out if it was not yet. Nothing happens if
    /// it was answered.
    pub fn forget(&mut self, ticket: Ticket) {
        self.left.retain(|(left, _)| *left != ticket);
        let due = self.in_flight.keys().find(|(_, other)| *other == ticket);
        if let Some(due) = due.copied()
            && let Some(Pending::CarryOut(_) | Pending::Leave(_)) = self.in_flight.remove(&due)
        {
            self.service.leave();
        }
    }

    /// What came in so far and what became of it.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        self.service.statistics()
    }

    /// The id of a device; none if the fleet has not so many. Devices are numbered from 0.
    #[must_use]
    pub fn device_id(&self, index: u32) -> Option<String> {
        self.service.device_id(index)
    }

    /// How many syncs of each device were carried out, by id; see [`crate::Simulator::devices`].
    #[must_use]
    pub fn devices(&self, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
        self.service.devices(outcome)
    }

    /// Does all that is due by `end`.
    fn run(&mut self, end: u64) {
        self.set_now(end);
        while let Some(first) = self
            .in_flight
            .first_entry()
            .filter(|first| first.key().0 <= end)
        {
            let ((at, ticket), pending) = first.remove_entry();
            match pending {
                Pending::CarryOut(arrived) => {
                    let leaves = at + arrived.after;
                    let reply = self.service.carry_out(at, *arrived);
                    self.in_flight
                        .insert((leaves, ticket), Pending::Leave(reply));
                }
                Pending::Leave(reply) => {
                    let answer = self.service.finish(at, reply);
                    self.service.leave();
                    self.left.push((ticket, answer));
                }
                Pending::Inspection(reply) => self.left.push((ticket, reply.into_answer())),
            }
        }
    }

    fn set_now(&mut self, now: u64) {
        assert!(now >= self.now, "time goes back from {} to {now}", self.now);
        self.now = now;
    }
}
