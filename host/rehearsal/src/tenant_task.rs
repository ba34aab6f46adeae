//! Drives the simulated tenant on virtual time, and delivers its responses.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use intune_sync_simulator::{Delivery, Tenant, Ticket};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, unbounded_channel},
        oneshot,
    },
    task::yield_now,
    time::{Instant, sleep_until},
};

use crate::channel::{Call, CallId, Channel, Message, Outcome};

/// Rounds of the scheduler that pass between the instant at which responses are due and their delivery, so that what is
/// sent at that same instant is sent before.
pub(super) const ROUNDS: u32 = 3;

/// Sees each request as it leaves and each response as it arrives.
pub type Recorder = Box<dyn FnMut(Seen<'_>) + Send>;

/// What a [`Recorder`] sees.
pub struct Seen<'a> {
    /// Milliseconds since the start.
    pub at: u64,
    /// The number of the request, from 0 in the order in which they leave; requests for a token are among them.
    pub number: u64,
    /// What happens to it.
    pub what: What<'a>,
}

/// What happens to a request.
pub enum What<'a> {
    /// It leaves, with its real token and its `client-request-id`.
    Sent(&'a Request<Bytes>),
    /// Its response arrives.
    Arrived(&'a Delivery),
    /// Its response did not arrive in time.
    TimedOut,
    /// Nobody waits for its response any more.
    GivenUp,
}

/// Owns the tenant, hands it what is sent, and sleeps until it has a response.
pub(super) struct TenantTask {
    tenant: Tenant,
    zero: Instant,
    inbox: UnboundedReceiver<Message>,
    /// In the order in which they were sent.
    in_flight: Vec<InFlight>,
    recorder: Option<Recorder>,
}

struct InFlight {
    ticket: Ticket,
    call: CallId,
    /// When it is too late for a response.
    deadline: u64,
    respond_to: oneshot::Sender<Outcome>,
}

impl TenantTask {
    /// Starts a task that serves the tenant, whose time 0 is at `zero`, until the channel is closed.
    pub(super) fn start(tenant: Tenant, zero: Instant, recorder: Option<Recorder>) -> Channel {
        let (outbox, inbox) = unbounded_channel();
        let task = Self {
            tenant,
            zero,
            inbox,
            in_flight: Vec::new(),
            recorder,
        };
        tokio::spawn(task.run());
        Channel::new(outbox)
    }

    async fn run(mut self) {
        let handed_out = loop {
            let due = self.due();
            let message = tokio::select! {
                biased;
                message = self.inbox.recv() => message,
                () = sleep_until_or_for_ever(due) => {
                    if let Some(handed_out) = self.deliver().await {
                        break handed_out;
                    }
                    continue;
                }
            };
            match message {
                Some(Message::Close(handed_out)) => break handed_out,
                Some(message) => self.take(message),
                None => return,
            }
        };
        // It is waited for, or dropped.
        let _ = handed_out.send(self.tenant);
    }

    /// Hands over all responses that are due by now, in the order in which the requests were sent, and then gives up
    /// those that are too late. Returns where the tenant goes, if the channel was closed meanwhile.
    async fn deliver(&mut self) -> Option<oneshot::Sender<Tenant>> {
        for _ in 0..ROUNDS {
            yield_now().await;
        }
        while let Ok(message) = self.inbox.try_recv() {
            match message {
                Message::Close(handed_out) => return Some(handed_out),
                message => self.take(message),
            }
        }
        let now = self.now();
        let mut responses = self.tenant.advance(now);
        responses.sort_by_key(|(ticket, _)| *ticket);
        for (ticket, delivery) in responses {
            let Some(waiting) = self.remove(|waiting| waiting.ticket == ticket) else {
                continue;
            };
            self.record(now, ticket, What::Arrived(&delivery));
            // A caller that has given it up meanwhile reports that next.
            let _ = waiting.respond_to.send(Some(delivery));
        }
        while let Some(late) = self.remove(|waiting| waiting.deadline <= now) {
            self.tenant.forget(late.ticket);
            self.record(now, late.ticket, What::TimedOut);
            let _ = late.respond_to.send(None);
        }
        None
    }

    fn take(&mut self, message: Message) {
        let now = self.now();
        match message {
            Message::Call(call) => {
                let Call {
                    id,
                    request,
                    limits,
                    respond_to,
                } = *call;
                let seen = self.recorder.is_some().then(|| request.clone());
                let ticket = self.tenant.send(now, request);
                if let Some(request) = seen {
                    self.record(now, ticket, What::Sent(&request));
                }
                self.in_flight.push(InFlight {
                    ticket,
                    call: id,
                    deadline: now.saturating_add(millis(limits.first_byte)),
                    respond_to,
                });
            }
            Message::GiveUp(call) => {
                if let Some(given_up) = self.remove(|waiting| waiting.call == call) {
                    self.tenant.forget(given_up.ticket);
                    self.record(now, given_up.ticket, What::GivenUp);
                }
            }
            // Both callers look for it first.
            Message::Close(_) => {}
        }
    }

    /// When there is something to hand over, if nothing else is sent.
    fn due(&self) -> Option<Instant> {
        let late = self.in_flight.iter().map(|waiting| waiting.deadline).min();
        let due = self.tenant.next_at().into_iter().chain(late).min()?;
        self.zero.checked_add(Duration::from_millis(due))
    }

    fn remove(&mut self, which: impl Fn(&InFlight) -> bool) -> Option<InFlight> {
        let at = self.in_flight.iter().position(which)?;
        Some(self.in_flight.remove(at))
    }

    fn record(&mut self, at: u64, ticket: Ticket, what: What<'_>) {
        if let Some(recorder) = &mut self.recorder {
            recorder(Seen {
                at,
                number: ticket.number(),
                what,
            });
        }
    }

    fn now(&self) -> u64 {
        millis(self.zero.elapsed())
    }
}

async fn sleep_until_or_for_ever(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
