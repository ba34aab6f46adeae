//! The component around an attack, which behaves well otherwise.

use core::{cell::RefCell, marker::PhantomData};

use crate::{
    Event, EventKind, Graph, RunStatus, Settings, Summary,
    bindings::exports::intune::sync::sync::{
        DeviceDone, Failure, GroupCount, Guest, GuestRun, Guid, Incomplete, Learned, Outcome, Plan,
        Problem, Run, Selected, SettingsError,
    },
};

/// What a component tries. By default, everything is as in a well-behaved component.
pub trait Attack: 'static {
    /// How many devices it syncs, honestly, in its first `next`.
    const SYNCED: u32 = 0;

    /// What it does in `start`.
    fn start() {}

    /// The attempt, in the `next` after the honest ones. Its outcome becomes a notice, and the message with which the
    /// run fails, so that a test sees it.
    fn attempt(graph: &Graph) -> String;

    /// The events that the attempt's `next` returns.
    fn events() -> Vec<Event> {
        Vec::new()
    }

    /// The same, for what depends on the list.
    fn report(_graph: &Graph) -> Vec<Event> {
        Self::events()
    }

    /// What it does in each `next` after that. By default the run is over.
    fn afterwards(_graph: &Graph) -> Option<Vec<Event>> {
        None
    }

    /// The devices that it says it will sync, given the honest ones.
    fn selected(honest: Vec<Selected>) -> Vec<Selected> {
        honest
    }

    /// The counts it reports, given the honest ones.
    fn summary(honest: Summary) -> Summary {
        honest
    }
}

/// Makes a component of a function that is all of an attack, or of a type that implements [`Attack`](crate::Attack).
#[macro_export]
macro_rules! attack {
    (type $attack:ty) => {
        type Component = $crate::Component<$attack>;
        $crate::bindings::export!(Component with_types_in $crate::bindings);
    };
    ($attempt:ident) => {
        struct Attempt;

        impl $crate::Attack for Attempt {
            fn attempt(graph: &$crate::Graph) -> String {
                $attempt(graph)
            }
        }

        $crate::attack!(type Attempt);
    };
}

/// A plan that syncs this many devices, and skips as many as this for each of these reasons.
pub fn planned(to_sync: u32, skipped: &[u32]) -> Event {
    let group = |devices: &u32| GroupCount {
        label: "a reason".to_owned(),
        devices: *devices,
    };
    Event {
        at: 0,
        kind: EventKind::Planned(Plan {
            listed: to_sync,
            total: to_sync,
            to_sync,
            skipped: skipped.iter().map(group).collect(),
            platforms: Vec::new(),
            batches: 1,
            requests: 1,
            expected: 0,
        }),
    }
}

/// A list of this many rows, which says that it has this many devices.
pub fn incomplete(listed: u32, counted: u32) -> Event {
    Event {
        at: 0,
        kind: EventKind::Incomplete(Incomplete {
            listed,
            counted: Some(counted),
        }),
    }
}

/// A device that has failed, with a text for all that can be said of it.
pub fn failed(text: &str) -> Event {
    let text = || text.to_owned();
    Event {
        at: 0,
        kind: EventKind::DeviceDone(DeviceDone {
            id: Guid { hi: 1, lo: 2 },
            name: text(),
            os: text(),
            last_sync: None,
            attempts: 1,
            outcome: Outcome::Failed(Failure {
                status: None,
                code: text(),
                message: text(),
                request_id: text(),
                client_request_id: text(),
            }),
        }),
    }
}

/// A device that has this outcome.
pub fn device_done(device: &str, outcome: Outcome) -> Event {
    Event {
        at: 0,
        kind: EventKind::DeviceDone(DeviceDone {
            id: guid(device),
            name: String::new(),
            os: String::new(),
            last_sync: None,
            attempts: 1,
            outcome,
        }),
    }
}

/// A failure, as it is reported.
pub fn failure() -> Outcome {
    Outcome::Failed(Failure {
        status: Some(500),
        code: "InternalServerError".to_owned(),
        message: "invented".to_owned(),
        request_id: String::new(),
        client_request_id: String::new(),
    })
}

/// An event with a text.
pub fn notice(text: String) -> Event {
    Event {
        at: 0,
        kind: EventKind::Notice(text),
    }
}

/// The most devices that are handed over at once.
const PART: usize = 50;

/// The component that an attack is in.
pub struct Component<A>(PhantomData<A>);

impl<A: Attack> Guest for Component<A> {
    type Run = Driver<A>;
}

/// The run of an attack.
pub struct Driver<A> {
    graph: Graph,
    progress: RefCell<Progress>,
    attack: PhantomData<A>,
}

#[derive(Default)]
struct Progress {
    listed: u32,
    synced: u32,
    /// What came of the attempt.
    outcome: Option<String>,
    /// `next` has returned none.
    is_over: bool,
}

impl<A: Attack> GuestRun for Driver<A> {
    fn start(settings: Settings) -> Result<Run, SettingsError> {
        A::start();
        Ok(Run::new(Self {
            graph: Graph::new(settings),
            progress: RefCell::default(),
            attack: PhantomData,
        }))
    }

    fn skip(&self, _devices: Vec<Guid>) {}

    fn selected(&self, first: u32) -> Vec<Selected> {
        let mut ids: Vec<Guid> = self.graph.listed().iter().map(|id| guid(id)).collect();
        ids.sort_by_key(|id| (id.hi, id.lo));
        let device = |id| Selected {
            id,
            name: String::new(),
            os: String::new(),
            last_sync: None,
        };
        let devices = ids.into_iter().map(device);
        let devices = A::selected(devices.collect()).into_iter();
        devices.skip(first as usize).take(PART).collect()
    }

    fn learned(&self) -> Option<Learned> {
        None
    }

    fn next(&self, _max_wait: u64) -> Option<Vec<Event>> {
        let mut progress = self.progress.borrow_mut();
        if progress.synced < A::SYNCED {
            return Some(progress.work(&self.graph, A::SYNCED));
        }
        if progress.outcome.is_some() {
            let events = A::afterwards(&self.graph);
            progress.is_over = events.is_none();
            return events;
        }
        let outcome = A::attempt(&self.graph);
        let mut events = A::report(&self.graph);
        for event in &events {
            if let EventKind::Planned(plan) = &event.kind {
                progress.listed = plan.total;
            }
        }
        events.push(notice(format!("the component says: {outcome}")));
        progress.outcome = Some(outcome);
        Some(events)
    }

    fn stop(&self) {}

    fn summary(&self) -> Summary {
        A::summary(self.progress.borrow().summary())
    }
}

impl Progress {
    /// Syncs this many devices.
    fn work(&mut self, graph: &Graph, devices: u32) -> Vec<Event> {
        let listed = graph.devices();
        self.listed = u32::try_from(listed.len()).unwrap_or(u32::MAX);
        let mut events = vec![planned(self.listed, &[])];
        for id in listed.iter().take(devices as usize) {
            graph.sync(id).send().expect("an honest sync is let out");
            self.synced += 1;
            events.push(device_done(id, Outcome::Accepted));
        }
        events
    }

    fn summary(&self) -> Summary {
        let outcome = self.outcome.as_ref().filter(|_| self.is_over);
        let status = outcome.map(|outcome| {
            RunStatus::Failed(Problem {
                message: format!("the component says: {outcome}"),
                hint: "none".to_owned(),
            })
        });
        Summary {
            total: self.listed,
            success: self.synced,
            error: 0,
            skipped: 0,
            gone: 0,
            pending: self.listed - self.synced,
            batches: 0,
            retries: 0,
            throttled: 0,
            requests: 0,
            duration: 0,
            status: status.unwrap_or(RunStatus::Running),
        }
    }
}

fn guid(text: &str) -> Guid {
    let digits = text.replace('-', "");
    let half = |digits| u64::from_str_radix(digits, 16).unwrap_or_default();
    Guid {
        hi: half(&digits[..16]),
        lo: half(&digits[16..]),
    }
}
