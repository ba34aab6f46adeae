//! The rate controller: finds out how many syncs a window admits.

mod evidence;
mod trial;

use core::time::Duration;

use self::{
    evidence::{Mark, Throttled},
    trial::{Step, Trial},
};
use super::{Limit, Pacer, SPAN, Trailing, WINDOW, pacer};
use crate::http::RequestId;

/// Finds out how many syncs may leave in a window, and keeps to that allowance.
///
/// A 429 says that too much was sent, but not how much would have been right, and often not even for how long to wait.
/// Early and superfluous calls count against the caller. Another app may take half of the quota, and give it back
/// later. So the controller starts at the ceiling, and learns:
///
/// - **The allowance is what was admitted before.** It learns from each *throttle window*, the time from the first
///   throttled response until a request is admitted again. A server that counts calls in windows refuses a request when
///   the last 20 s are full, and admits one when they are not. So the limit is at most what was admitted in the 20 s
///   before the last refusal, and at least what was admitted in the 20 s before the throttle reopened. The controller
///   tries the most, and falls back to less when that is throttled too.
/// - **Unless the server is a bucket.** A bucket that has run dry has admitted a full bucket more than it admits in the
///   long run. It is empty at each refusal, so all that is sent from one refusal to the next is what has flowed in, the
///   refused calls included, for they drain it too. If that is less than the last 20 s have admitted, it is a bucket.
///   From then on, a trial first drains what the bucket has saved up, and only what is admitted after that counts as a
///   higher limit.
/// - **When unsure, send small requests.** Below the ceiling, a request carries at most half a second's worth of syncs.
///   It carries half of that until a window has passed without a refusal, so that a throttled one costs a few syncs
///   instead of twenty. The first one after a throttle window carries a single sync.
/// - **Probe when there is room.** Where no time is named, a probe that comes too early is refused and counts itself.
///   So it waits until fewer of what has left are in the window than were admitted in it.
/// - **Hold, then try for more, one sync at a time.** Limits rise again, so after 4, 8, 16 … windows the controller
///   tries more. In a [`Trial`], requests leave faster and carry one sync each. A request that would take a window
///   beyond what has been admitted before leaves alone, and the next one waits until it is admitted. So a trial costs a
///   throttled sync or two if the limit is unchanged, and finds the new one exactly if it has risen. (The alternative,
///   bisecting between the last safe rate and the first throttled one, costs a request for each wrong guess: twenty
///   syncs if it is a batch.)
/// - **What a trial has found must last.** The controller treats it as doubtful for four windows. If it is throttled in
///   that time, it goes back.
/// - **What was throttled is paid for.** Each throttled sync puts the next trial off until 2,000 were admitted, so that
///   fewer than one in a thousand are throttled. Only the first trial comes in any case, since what was learned may be
///   too little, and all trials where the limit has fallen, since it may rise again.
///
/// What else was tried, and why not: docs/decisions/rate-controller.md.
///
/// All arithmetic is in whole syncs a window and whole nanoseconds.
#[derive(Debug, Clone)]
pub(super) struct RateController {
    pacer: Pacer,
    phase: Phase,
    /// Windows until the next trial.
    hold: u32,
    /// The limit has fallen: much more was admitted earlier in this run.
    fell: bool,
    /// The tenant has been seen to save up unused quota, as a bucket does.
    saves_up: bool,
    admitted: Trailing,
    /// The longest time that a response has taken lately.
    slowest: Duration,
    /// The throttle window that is not over yet.
    throttled: Option<Throttled>,
    /// All syncs that were ever charged: admitted, or throttled.
    total: u64,
    /// Throttled syncs that the next trial has to wait for.
    unpaid: u64,
    /// The end of the last throttle window.
    reopened: Option<Duration>,
    /// The last refusal of the last throttle window: a bucket was empty then.
    dry: Option<Mark>,
    /// The same of the first throttle window in the latest series of those that followed each other within a [`SPAN`].
    dry_since: Option<Mark>,
    /// `dry` when the last trial began.
    before_trial: Option<Mark>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    AtCeiling {
        /// The safe allowance before the trial that has led here, if one has.
        risen_from: Option<u64>,
    },
    /// At an allowance that is assumed to be safe.
    Holding {
        until: Duration,
        /// Where to go back to, as long as the present allowance is doubtful.
        fallback: Option<Fallback>,
    },
    Trial(Trial),
}

#[derive(Debug, Clone, Copy)]
enum Fallback {
    /// The allowance before a trial.
    Held(u64),
    /// The least that a throttle window has shown to be admitted.
    Learned(u64),
}

/// How the quota took the syncs of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Admission {
    /// Those that were not refused by the quota.
    pub(super) admitted: u32,
    /// Those that were throttled.
    pub(super) throttled: u32,
    /// The longest wait that the response names for them, if any.
    pub(super) named_wait: Option<Duration>,
}

impl RateController {
    /// Windows until the first trial.
    const HOLD: u32 = 4;
    /// The most windows until a trial where the limit has been seen to fall: within ten windows, the controller notices
    /// that it has risen again.
    const HOLD_FELL: u32 = 5;
    /// The most windows where it has not.
    const HOLD_MAX: u64 = 32;
    /// Windows until the next trial if the limit may be higher by a whole request.
    const HOLD_IN_DOUBT: u32 = 2;
    /// At most one sync in this many is throttled for trials, so that it is fewer than one in a thousand in all.
    const SYNCS_PER_THROTTLED: u64 = 2_000;
    /// The most windows for which throttled syncs put off a trial.
    const PAY_MAX: u64 = 120;
    /// How far back the log of admitted syncs goes, in windows.
    const MEMORY: u32 = 5;

    /// A controller that never exceeds this ceiling, in syncs per 1,000 seconds.
    pub(super) fn new(ceiling: u64) -> Self {
        Self {
            pacer: Pacer::new(ceiling),
            phase: Phase::AtCeiling { risen_from: None },
            hold: Self::HOLD,
            fell: false,
            saves_up: false,
            admitted: Trailing::default(),
            slowest: Duration::ZERO,
            throttled: None,
            total: 0,
            unpaid: 0,
            reopened: None,
            dry: None,
            dry_since: None,
            before_trial: None,
        }
    }

    /// Begins with this rate, in syncs per 1,000 seconds, which an earlier part of the run has learned.
    pub(super) fn begin_at(&mut self, rate: u64) {
        self.pacer.allow(pacer::allowance(rate));
        if self.pacer.allowance() < self.pacer.ceiling() {
            self.settle(Duration::ZERO);
        }
    }

    /// The rate that is known to be admitted, in syncs per 1,000 seconds, once something was learned.
    pub(super) fn learned(&self) -> Option<u64> {
        let safe = match self.phase {
            Phase::AtCeiling { .. } => return None,
            Phase::Holding {
                fallback: Some(Fallback::Held(safe) | Fallback::Learned(safe)),
                ..
            } => safe,
            Phase::Holding { fallback: None, .. } => self.pacer.allowance(),
            Phase::Trial(trial) => trial.safe,
        };
        Some(pacer::rate(safe))
    }

    /// What is known of the limit.
    pub(super) fn limit(&self, now: Duration) -> Limit {
        if self.has_learned() {
            Limit::Learned {
                room_at: self.room_at(now),
            }
        } else {
            Limit::Unknown
        }
    }

    fn has_learned(&self) -> bool {
        match self.phase {
            Phase::AtCeiling { risen_from: None } => false,
            Phase::AtCeiling { .. } | Phase::Holding { .. } | Phase::Trial(_) => true,
        }
    }

    /// When a server that counts calls in a sliding window has room again, if what it has admitted in the last 20 s is
    /// the most: when fewer of those that have left are that young. The refused ones are among them, since they may
    /// count as well; and so are those that are on the wire or have failed, since nobody knows.
    fn room_at(&self, now: Duration) -> Duration {
        let admitted = self.admitted.after(now.saturating_sub(WINDOW));
        // A bucket has room at once. And where less than half of the allowance was admitted, others have filled the
        // window, or the refusal has another cause.
        if self.saves_up || 2 * admitted < self.pacer.allowance() {
            return Duration::ZERO;
        }
        self.pacer.down_to(admitted.saturating_sub(1))
    }

    /// When the next request may leave, as far as the rate is concerned and unless a response comes before.
    pub(super) fn free_at(&self, now: Duration, most: u32) -> Duration {
        match self.phase {
            Phase::Trial(trial) if self.throttled.is_none() => {
                let doubtful = trial.beyond.map(|beyond| {
                    let counted = self.pacer.down_to(trial.proven - 1);
                    counted.max(beyond.alone_until)
                });
                self.pacer.free_at(1).max(doubtful.unwrap_or_default())
            }
            _ => self.pacer.free_at(self.largest(now, most).div_ceil(2)),
        }
    }

    /// How many syncs, at most `most`, a request that leaves now may carry; at least 1.
    pub(super) fn portion(&mut self, now: Duration, most: u32) -> u32 {
        self.advance(now);
        let portion = self.largest(now, most).min(self.pacer.room(now));
        u32::try_from(portion).unwrap_or(u32::MAX)
    }

    /// A request with this many syncs leaves.
    pub(super) fn sent(&mut self, now: Duration, id: RequestId, syncs: u32) {
        self.pacer.take(now, syncs);
        if let Phase::Trial(trial) = &mut self.phase
            && self.pacer.sent() > trial.proven
        {
            trial.probes(now, id, self.pacer.sent());
        }
    }

    /// A request that left at `sent_at` has its response, or never will. A throttled one begins a throttle window.
    pub(super) fn handle_response(
        &mut self,
        now: Duration,
        id: RequestId,
        sent_at: Duration,
        admission: Admission,
    ) {
        self.took(now.saturating_sub(sent_at));
        self.admitted.add(now, admission.admitted);
        self.total += u64::from(admission.admitted) + u64::from(admission.throttled);
        if self.has_learned() {
            self.unpaid += u64::from(admission.throttled);
        }
        if let Phase::Trial(trial) = &mut self.phase {
            trial.handle_response(id, admission.throttled == 0 && admission.admitted > 0);
        }
        // Requests that were in flight when the throttle reopened say nothing new.
        let is_news = self.reopened.is_none_or(|reopened| reopened <= sent_at);
        if admission.throttled > 0 && is_news {
            let total = self.total;
            let throttled = self.throttled.get_or_insert_with(|| {
                Throttled::new(Mark { at: now, total }, admission.throttled)
            });
            throttled.refused(now, sent_at, admission.named_wait);
        }
    }

    /// A response has taken this long. Forgotten a little each time, so that one slow response does not count for ever.
    fn took(&mut self, time: Duration) {
        self.slowest = time.max(self.slowest - self.slowest / 4_096);
        self.pacer.arrive_within(self.slowest);
    }

    /// The first request after a throttle window was admitted.
    pub(super) fn reopened(&mut self, now: Duration) {
        let Some(throttled) = self.throttled.take() else {
            return;
        };
        let began = throttled.began;
        // All but the sync that has just been admitted.
        let end = Mark {
            at: throttled.refused_at.min(now),
            total: self.total.saturating_sub(1),
        };
        let before = self.dry.replace(end);
        let reopened = self.reopened.replace(now);
        let soon = reopened.is_some_and(|reopened| began.at < reopened + SPAN);
        let dry_since = self.dry_since.filter(|_| soon);
        self.dry_since = dry_since.or(throttled.may_be_bucket().then_some(end));
        let refused = self.pacer.allowance();
        match self.phase {
            Phase::Trial(trial) if self.saves_up => {
                let flow = self.flow(trial.emptied, began, refused);
                self.pacer.allow(flow.max(trial.safe));
                self.settle(now);
            }
            Phase::Trial(trial) => {
                let (_, most) = self.window(now, throttled, refused);
                let lasting = most.min(trial.proven).max(trial.safe);
                self.confirm(now, Fallback::Held(trial.safe), lasting);
            }
            Phase::Holding {
                fallback: Some(Fallback::Held(safe)),
                ..
            } => match self.bucket(began, before.unwrap_or(began), refused) {
                Some(flow) => {
                    self.pacer.allow(flow.max(safe));
                    self.settle(now);
                }
                None => self.confirm_most(now, throttled, safe),
            },
            Phase::AtCeiling {
                risen_from: Some(safe),
            } if self.saves_up => {
                // What has flowed into the bucket since before the trial is safe in any case.
                let since = self.before_trial.take().unwrap_or(began);
                let flow = self.flow(since, began, refused);
                self.pacer.allow(flow.max(safe));
                self.settle(now);
            }
            Phase::AtCeiling {
                risen_from: Some(safe),
            } => self.confirm_most(now, throttled, safe),
            Phase::AtCeiling { risen_from: None } | Phase::Holding { .. } => {
                let dry_since = dry_since.or(before.filter(|_| self.saves_up));
                self.learn(now, throttled, dry_since);
            }
        }
    }

    /// Holds the most that a throttle window leaves possible, above what is safe.
    fn confirm_most(&mut self, now: Duration, throttled: Throttled, safe: u64) {
        let (_, most) = self.window(now, throttled, self.pacer.allowance());
        self.confirm(now, Fallback::Held(safe), most.max(safe));
    }

    /// Learns from a throttle window at an allowance that was assumed to be safe. `dry_since` is when a bucket may have
    /// been empty last.
    fn learn(&mut self, now: Duration, throttled: Throttled, dry_since: Option<Mark>) {
        let before = self.pacer.allowance();
        let (mut least, mut most) = self.window(now, throttled, before);
        if let Some(flow) = dry_since.and_then(|since| self.bucket(throttled.began, since, before))
        {
            (least, most) = (flow, flow);
            // What it cost to learn this says nothing of trials, which drain the bucket and use what it has saved up.
            self.unpaid = 0;
        }
        let long = self
            .admitted
            .after(throttled.began.at.saturating_sub(WINDOW * Self::MEMORY));
        let bucket_and_all = u64::from(Self::MEMORY + 1) * least;
        self.fell |= long > bucket_and_all + bucket_and_all / 4;
        if throttled.in_doubt > before / 16 && !self.fell {
            self.hold = Self::HOLD_IN_DOUBT;
        } else if most < before - before / 16 {
            self.hold = Self::HOLD;
        }
        self.confirm(now, Fallback::Learned(least), most);
    }

    /// Holds an allowance above the safe one, and goes back to that if it does not last.
    fn confirm(&mut self, now: Duration, fallback: Fallback, allowance: u64) {
        let (safe, windows) = match fallback {
            Fallback::Held(safe) => (safe, 4),
            Fallback::Learned(safe) => (safe, 2),
        };
        if allowance > safe {
            self.pacer.allow(allowance);
            self.phase = Phase::Holding {
                until: now + windows * SPAN,
                fallback: Some(fallback),
            };
        } else {
            self.pacer.allow(safe);
            self.settle(now);
        }
    }

    /// The most syncs that may ever leave in a window.
    pub(super) fn ceiling(&self) -> u64 {
        self.pacer.ceiling()
    }

    /// Restarts, charging one sync per device, after a call was throttled that was charged as one sync. `devices` were
    /// admitted in the last window.
    pub(super) fn charge_devices(&mut self, now: Duration, ceiling: u64, devices: u32) {
        *self = Self::new(ceiling);
        self.admitted.add(now, devices);
        self.total = devices.into();
        self.throttled = Some(Throttled::new(self.mark(now), 0));
    }

    /// Moves on from an allowance that has proved to be safe.
    fn advance(&mut self, now: Duration) {
        if let Some(until) = now.checked_sub(WINDOW * (Self::MEMORY + 1)) {
            self.admitted.forget(until);
        }
        if self.throttled.is_some() {
            return;
        }
        match self.phase {
            Phase::Holding {
                until,
                fallback: Some(_),
            } if until <= now => self.settle(now),
            Phase::Holding { until, .. } if until <= now => {
                self.before_trial = self.dry;
                let here = self.mark(now);
                let emptied = self.dry.unwrap_or(here);
                let safe = self.pacer.allowance();
                self.look_for_more(Trial::new(safe, emptied, here, self.saves_up));
            }
            Phase::Trial(trial) if trial.proven + trial.proven / 32 + 1 >= self.pacer.ceiling() => {
                self.pacer.allow(u64::MAX);
                self.phase = Phase::AtCeiling {
                    risen_from: Some(trial.safe),
                };
            }
            Phase::Trial(trial) if trial.until <= now => {
                if let Some(step) = trial.next(now, self.total) {
                    self.look_for_more(trial.goes_on(now, step));
                } else {
                    self.pacer.allow(trial.proven);
                    self.settle(now);
                }
            }
            Phase::AtCeiling { .. } | Phase::Holding { .. } | Phase::Trial(_) => {}
        }
    }

    /// Holds the allowance until the next trial.
    fn settle(&mut self, now: Duration) {
        let allowance = self.pacer.allowance();
        let (most, unpaid) = if self.fell {
            (Self::HOLD_FELL, 0)
        } else {
            let most = Self::HOLD_MAX.max(Self::SYNCS_PER_THROTTLED / allowance);
            let unpaid = self.unpaid * Self::SYNCS_PER_THROTTLED / allowance;
            (whole(most), whole(unpaid.min(Self::PAY_MAX)))
        };
        let scheduled = self.hold.min(most);
        self.hold = (2 * scheduled).max(Self::HOLD).min(most);
        // The first trial is not put off: what was learned may be too little.
        let windows = if scheduled <= Self::HOLD {
            scheduled
        } else {
            scheduled.max(unpaid)
        };
        // What a hold does not pay is left for the next one.
        let paid = (u64::from(windows) * allowance).div_ceil(Self::SYNCS_PER_THROTTLED);
        self.unpaid = self.unpaid.saturating_sub(paid);
        self.phase = Phase::Holding {
            until: now + SPAN * windows,
            fallback: None,
        };
    }

    /// Tries more than is proven.
    fn look_for_more(&mut self, trial: Trial) {
        self.pacer.allow(trial.allowance());
        self.phase = if self.pacer.allowance() > trial.proven || trial.step == Step::Drain {
            Phase::Trial(trial)
        } else {
            Phase::AtCeiling {
                risen_from: Some(trial.safe),
            }
        };
    }

    /// How many syncs a request may carry.
    fn largest(&self, now: Duration, most: u32) -> u64 {
        let allowance = self.pacer.allowance();
        let fresh = self.reopened.is_some_and(|reopened| now < reopened + SPAN);
        let share = |of: u64| u64::from(most).min(allowance / of).max(1);
        match self.phase {
            _ if self.throttled.is_some() => 1,
            Phase::Trial(_) => 1,
            // A quarter of a second's worth.
            Phase::Holding {
                fallback: Some(_), ..
            } => share(80),
            Phase::AtCeiling { .. } | Phase::Holding { .. } if fresh => share(80),
            Phase::Holding { .. } => even(allowance, share(40)),
            Phase::AtCeiling { .. } => even(allowance, share(2)),
        }
    }
}

/// The size of the requests if as few as possible, none above `most` (at least 1), hold a window's worth: all are of
/// one size, so that they fill it to the brim.
fn even(allowance: u64, most: u64) -> u64 {
    allowance.div_ceil(allowance.div_ceil(most))
}

fn whole(windows: u64) -> u32 {
    u32::try_from(windows).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod decisions;
#[cfg(test)]
mod tests;
