//! A run of the component: start, events, stop, summary.

use std::{mem, sync::Arc, time::Duration};

use intune_sync_wit::{
    Engine, EnginePre, Event, Guid, Learned, Purpose, Selected, Settings, Summary,
};
use tokio::time::Instant;
use wasmtime::{Store, component::ResourceAny};

use crate::{
    SandboxError,
    border::{self, Border},
    egress::Egress,
    limits::{self, Time},
    machine::Lack,
    one_line,
    state::{Outlet, State},
    terms::guid,
    truth,
};

/// A run in an instance of the component.
pub struct Run {
    store: Store<State<Egress>>,
    engine: Engine,
    run: ResourceAny,
    egress: Arc<Egress>,
    time: Time,
    started: Instant,
    stop_requested: Option<Instant>,
    border: Border,
    purpose: Purpose,
    /// What was reported before something that is not true.
    true_events: Vec<Event>,
}

impl Run {
    pub(crate) async fn start(
        component: &EnginePre<State<Egress>>,
        settings: Settings,
        egress: Arc<Egress>,
        time: Time,
    ) -> Result<Self, SandboxError> {
        let state = State::new(Arc::clone(&egress), limits::MEMORY, time);
        let mut store = store(component.engine(), state);
        let instance = component.instantiate_async(&mut store);
        let engine = within(limits::CALL, &*egress, instance).await?;
        let guest = engine.intune_sync_sync();
        let run = guest.run();
        let purpose = settings.purpose;
        let start = run.call_start(&mut store, &settings);
        let run = within(limits::CALL, &*egress, start)
            .await?
            .map_err(|mut error| {
                border::cut(&mut error.setting);
                border::cut(&mut error.problem);
                SandboxError::Settings {
                    setting: error.setting,
                    problem: error.problem,
                }
            })?;
        Ok(Self {
            store,
            engine,
            run,
            egress,
            time,
            started: Instant::now(),
            stop_requested: None,
            border: Border::default(),
            purpose,
            true_events: Vec::new(),
        })
    }

    /// Tokens and requests of the run.
    pub fn egress(&self) -> &Arc<Egress> {
        &self.egress
    }

    /// Works until there are events, or for `max_wait`; `None` when the run is over.
    ///
    /// # Errors
    ///
    /// When the component traps, or does not come back in time.
    pub async fn next(&mut self, max_wait: Duration) -> Result<Option<Vec<Event>>, SandboxError> {
        let most = self.time.of_run();
        if self.started.elapsed() > most {
            return Err(SandboxError::Endless(most));
        }
        if self
            .stop_requested
            .is_some_and(|since| since.elapsed() > limits::STOPPING)
        {
            return Err(SandboxError::DoesNotStop(limits::STOPPING));
        }
        let most = max_wait + limits::SLACK;
        self.store.data_mut().deadline = self.time.deadline(max_wait);
        let millis = u64::try_from(max_wait.as_millis()).unwrap_or(u64::MAX);
        let guest = self.engine.intune_sync_sync();
        let run = guest.run();
        let events = run.call_next(&mut self.store, self.run, millis);
        let mut events = within(most, &*self.egress, events).await?;
        match &mut events {
            Some(events) => {
                self.border.take(events, self.egress.writes().let_out())?;
                let compared = truth::events(self.egress.custody(), events);
                if let Err(untrue) = compared {
                    self.true_events = mem::take(events);
                    return Err(untrue.into());
                }
            }
            None => {
                if let Some(unfinished) = self.egress.unfinished() {
                    return Err(SandboxError::Refused(unfinished));
                }
            }
        }
        Ok(events)
    }

    /// These devices need no sync. To be called before the first [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// When the component traps, or does not come back in time.
    pub async fn skip(&mut self, devices: &[Guid]) -> Result<(), SandboxError> {
        let ids: Vec<_> = devices.iter().copied().map(guid).collect();
        self.egress.custody().skip(&ids);
        self.store.data_mut().deadline = self.time.deadline(Duration::ZERO);
        let guest = self.engine.intune_sync_sync();
        let run = guest.run();
        let skipped = run.call_skip(&mut self.store, self.run, devices);
        within(limits::CALL, &*self.egress, skipped).await
    }

    /// Hands over the devices that the run will sync, in the order of their ids, part by part. To be called between the
    /// event `planned` and the next call of [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// When the component traps, does not come back in time, or hands over other devices than it is to sync, and those
    /// of `take`.
    pub async fn each_selected<E: From<SandboxError>>(
        &mut self,
        mut take: impl FnMut(Vec<Selected>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut count, mut last) = (0, None);
        loop {
            let part = self.selected(count).await?;
            let custody = self.egress.custody();
            if part.is_empty() {
                let all = custody.all_selected(count);
                return all.map_err(|untrue| SandboxError::from(untrue).into());
            }
            last = truth::selected(custody, last, &part).map_err(SandboxError::from)?;
            count = count.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX));
            take(part)?;
        }
    }

    /// The devices that the run will sync from number `first` (from 0) on: a part of them, and none after the last.
    async fn selected(&mut self, first: u32) -> Result<Vec<Selected>, SandboxError> {
        self.store.data_mut().deadline = self.time.deadline(Duration::ZERO);
        let guest = self.engine.intune_sync_sync();
        let run = guest.run();
        let selected = run.call_selected(&mut self.store, self.run, first);
        let mut selected = within(limits::CALL, &*self.egress, selected).await?;
        self.border.select(&mut selected, first)?;
        Ok(selected)
    }

    /// What the run has learned about the quota.
    ///
    /// # Errors
    ///
    /// When the component traps, or does not come back in time.
    pub async fn learned(&mut self) -> Result<Option<Learned>, SandboxError> {
        self.store.data_mut().deadline = self.time.deadline(Duration::ZERO);
        let guest = self.engine.intune_sync_sync();
        let run = guest.run();
        let learned = run.call_learned(&mut self.store, self.run);
        within(limits::CALL, &*self.egress, learned).await
    }

    /// Finish what is in flight, start nothing new.
    ///
    /// # Errors
    ///
    /// When the component traps, or does not come back in time.
    pub async fn stop(&mut self) -> Result<(), SandboxError> {
        self.stop_requested.get_or_insert_with(Instant::now);
        self.store.data_mut().deadline = self.time.deadline(Duration::ZERO);
        let guest = self.engine.intune_sync_sync();
        let run = guest.run();
        self.egress.writes().stop();
        let stopped = run.call_stop(&mut self.store, self.run);
        within(limits::CALL, &*self.egress, stopped).await?;
        self.egress.writes().stopped();
        Ok(())
    }

    /// The counts so far, or, once [`next`](Self::next) has returned `None`, of the whole run: those of the books.
    ///
    /// # Errors
    ///
    /// When the component traps, does not come back in time, or returns counts that contradict each other, or at the
    /// end of the run the books.
    pub async fn summary(&mut self) -> Result<Summary, SandboxError> {
        self.store.data_mut().deadline = self.time.deadline(Duration::ZERO);
        let guest = self.engine.intune_sync_sync();
        let run = guest.run();
        let summary = run.call_summary(&mut self.store, self.run);
        let summary = within(limits::CALL, &*self.egress, summary).await?;
        let summary = border::checked(summary, self.purpose)?;
        truth::conclusion(self.egress.custody(), &summary, self.purpose)?;
        Ok(self.counted(summary))
    }

    /// The same with the counts of the books, whatever the component says.
    pub fn counted(&self, summary: Summary) -> Summary {
        truth::counted(self.egress.custody(), summary)
    }

    /// Once the run has broken off: what was reported last as far as it is true, and the outcomes that Graph has given
    /// and the component has not reported. From then on they are in the counts.
    pub fn settle(&mut self) -> Vec<Event> {
        let at = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut events = mem::take(&mut self.true_events);
        events.extend(truth::settled(self.egress.custody(), at));
        events
    }
}

/// A store with all limits, for one instance.
pub(crate) fn store<O: Outlet>(engine: &wasmtime::Engine, state: State<O>) -> Store<State<O>> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limits);
    store.set_hostcall_fuel(limits::CALL_DATA);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| context.data().tick());
    store
}

/// Waits for a call of the guest's, which the epoch ends when it computes for too long, and this when it waits for too
/// long.
pub(crate) async fn within<T>(
    most: Duration,
    outlet: &impl Outlet,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T, SandboxError> {
    let result = tokio::time::timeout(most, call).await;
    match (outlet.refusal(), result) {
        // Whatever the guest returns: a component that tried something forbidden is not run any further.
        (Some(refusal), _) => Err(SandboxError::Refused(refusal)),
        (None, Ok(result)) => result.map_err(|error| match Lack::of(&error) {
            Some(lack) => SandboxError::Machine(lack),
            None => SandboxError::Broke(one_line(&error)),
        }),
        (None, Err(_)) => Err(SandboxError::Overran(most)),
    }
}
