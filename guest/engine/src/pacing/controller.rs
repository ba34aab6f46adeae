use core::time::Duration;

use super::{Pacer, SPAN, Trailing};
use crate::http::RequestId;

/// The window of the documented quota.
const WINDOW: Duration = Duration::from_secs(20);

/// Finds out how many syncs may leave in a window, and keeps to it.
///
/// A 429 says that too much was sent, not how much would have been right; early and superfluous calls are counted
/// against the caller; a neighbour may take half the quota and give it back. So the controller starts at the ceiling,
/// and learns:
///
/// - **What passed before is what is allowed.** Learned from each *closing*, the time from the first throttled answer
///   until a request passes again. A server that counts windows refuses a request because the window that ends there is
///   full, and lets one pass because the window that ends there is not. So what was let through in the 20 s before
///   a request passes again is the limit, to within a few syncs.
/// - **Unless it is a bucket.** A bucket that ran dry has let a full bucket more through than it lets through in the
///   long run. That shows in a second closing soon after the first; then what was let through between the two is what
///   flows into the bucket.
/// - **Doubt goes in small coins.** Until a window has passed without a refusal, requests carry no more than a quarter
///   of a second's worth, so that a throttled one costs a few syncs and not twenty; the first after a closing carries
///   one.
/// - **Hold, then try for more, one sync at a time.** Limits rise again. So after 2, 4, 8 … windows more is tried: in
///   a trial requests leave faster, and whatever would be more in a window than has been let through before goes
///   alone, the next one when it has passed. So a trial costs one throttled sync where nothing has changed, and finds
///   the new limit to the sync where it has risen. (This takes the place of bisecting between the last safe rate and
///   the first throttled one: every wrong guess there costs a request, and twenty syncs where it is a batch.)
/// - **What a trial has found must last.** A bucket saves up what was not taken, and gives it out once; so after
///   a second closing the controller goes back to what was safe before.
///
/// All arithmetic is in whole syncs a window and whole nanoseconds.
#[derive(Debug)]
pub(crate) struct RateController {
    pacer: Pacer,
    phase: Phase,
    /// Windows until the next trial.
    hold: u32,
    /// Much more was let through earlier in this run.
    fell: bool,
    /// The least allowance that did not last.
    refused: Option<u64>,
    let_through: Trailing,
    closing: Option<Closing>,
    /// All that was ever let through.
    total: u64,
    /// The end of the last closing.
    opened: Option<Opening>,
    /// The end of the first of the last closings that followed each other within a [`SPAN`].
    dry_since: Option<Opening>,
    /// The end of the last closing before the last trial began.
    before_trial: Option<Opening>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    AtCeiling,
    /// At an allowance that is taken for safe.
    Holding {
        until: Duration,
        /// Where to go back to, while the present allowance has not lasted for long.
        fallback: Option<Fallback>,
    },
    Trial(Trial),
}

#[derive(Debug, Clone, Copy)]
enum Fallback {
    /// It was held before a trial.
    Held(u64),
    /// It is the least that one closing spoke for.
    Learned(u64),
}

#[derive(Debug, Clone, Copy)]
struct Trial {
    /// The allowance before.
    safe: u64,
    /// The most that was let through in a window, at least `safe`.
    proven: u64,
    /// `proven` as this window of the trial began.
    floor: u64,
    /// How much more is tried in this window, as a part of `floor`: a 32nd, a tenth, a third, all.
    part: u64,
    until: Duration,
    /// The one request that is under way beyond what is proven, and what it will prove.
    beyond: Option<(RequestId, u64)>,
}

/// From the first throttled answer until a request passes.
#[derive(Debug, Clone, Copy)]
struct Closing {
    began: Duration,
    /// The last moment at which a request is known to be refused.
    refused_at: Duration,
    /// Whether that is known from a Retry-After.
    named: bool,
}

/// The end of a closing: the moment at which there was room again for a first sync, and no more.
#[derive(Debug, Clone, Copy)]
struct Opening {
    at: Duration,
    /// All that was let through by then.
    total: u64,
}

/// What became of the syncs of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Passage {
    /// Those that were answered by something else than the quota.
    pub(crate) let_through: u32,
    /// Those that were throttled.
    pub(crate) throttled: u32,
    /// The wait that the throttled ones were told, if they were.
    pub(crate) named_wait: Option<Duration>,
}

impl RateController {
    /// Windows until the first trial.
    const HOLD: u32 = 2;
    /// In its first window a trial looks for a 32nd more.
    const FIRST_PART: u64 = 32;
    /// The most windows until a trial where the limit has been seen to fall: it will be noticed within ten windows that
    /// it has risen again.
    const HOLD_FELL: u32 = 5;
    /// And where it has not.
    const HOLD_MAX: u64 = 32;
    /// A trial costs a sync. In as many syncs there is no more than one, so that it is less than one in a thousand.
    const SYNCS_PER_TRIAL: u64 = 1_600;
    /// How far back it is known what was let through.
    const MEMORY: u32 = 5;

    /// A controller that never exceeds this ceiling, in syncs per 1,000 seconds.
    pub(crate) fn new(ceiling: u64) -> Self {
        Self {
            pacer: Pacer::new(ceiling),
            phase: Phase::AtCeiling,
            hold: Self::HOLD,
            fell: false,
            refused: None,
            let_through: Trailing::default(),
            closing: None,
            total: 0,
            opened: None,
            dry_since: None,
            before_trial: None,
        }
    }

    /// When the next request may leave, as far as the rate is concerned and if no answer comes before.
    pub(crate) fn free_at(&self, now: Duration, most: u32) -> Duration {
        match self.phase {
            Phase::Trial(trial) if self.closing.is_none() => {
                let counted = trial.beyond.map(|_| self.pacer.down_to(trial.proven - 1));
                self.pacer.free_at(1).max(counted.unwrap_or_default())
            }
            _ => self.pacer.free_at(self.largest(now, most).div_ceil(2)),
        }
    }

    /// How many syncs, at most `most`, a request that leaves now may carry; at least 1.
    pub(crate) fn portion(&mut self, now: Duration, most: u32) -> u32 {
        self.advance(now);
        let mut portion = self.largest(now, most).min(self.pacer.room(now));
        if let Phase::Trial(trial) = self.phase {
            let known = trial.proven.saturating_sub(self.pacer.sent());
            portion = portion.min(if known > 0 { known } else { trial.step() });
        }
        u32::try_from(portion).unwrap_or(u32::MAX)
    }

    /// A request with so many syncs leaves.
    pub(crate) fn sent(&mut self, now: Duration, id: RequestId, syncs: u32) {
        self.pacer.take(now, syncs);
        if let Phase::Trial(trial) = &mut self.phase
            && self.pacer.sent() > trial.proven
        {
            trial.beyond = Some((id, self.pacer.sent()));
        }
    }

    /// A request that had left at `left` was answered, or will not be. An answer that throttles closes the gate.
    pub(crate) fn answered(
        &mut self,
        now: Duration,
        id: RequestId,
        left: Duration,
        passage: Passage,
    ) {
        self.let_through.add(now, passage.let_through);
        self.total += u64::from(passage.let_through);
        if let Phase::Trial(trial) = &mut self.phase
            && let Some((_, count)) = trial.beyond.take_if(|(beyond, _)| *beyond == id)
            && passage.throttled == 0
            && passage.let_through > 0
        {
            trial.proven = trial.proven.max(count);
        }
        // What was under way before something passed again says nothing new.
        if passage.throttled > 0 && self.opened.is_none_or(|opened| opened.at <= left) {
            // Waits are named in whole seconds, rounded up.
            let rounding = Duration::from_secs(1);
            let closing = self.closing.get_or_insert(Closing {
                began: now,
                refused_at: now,
                named: false,
            });
            let named = passage
                .named_wait
                .unwrap_or_default()
                .saturating_sub(rounding);
            closing.refused_at = closing.refused_at.max(now + named);
            closing.named |= passage.named_wait.is_some();
        }
    }

    /// The first request after a closing has passed.
    pub(crate) fn opened(&mut self, now: Duration) {
        let Some(closing) = self.closing.take() else {
            return;
        };
        let opening = Opening {
            at: now,
            total: self.total,
        };
        let before = self.opened.replace(opening);
        let soon = before.is_some_and(|opened| closing.began < opened.at + SPAN);
        let dry_since = self.dry_since.filter(|_| soon);
        self.dry_since = dry_since.or(Some(opening));
        match self.phase {
            Phase::Trial(trial) => {
                let lasting = self.lasting(now, &trial);
                self.confirm(now, Fallback::Held(trial.safe), lasting);
            }
            Phase::Holding {
                fallback: Some(Fallback::Held(safe)),
                ..
            } => {
                let refused = self.pacer.allowance();
                self.refused = Some(refused);
                // It was saved up: a bucket that is empty now, and was before the trial, has let through what flowed
                // into it.
                let flow = self
                    .before_trial
                    .map(|since| self.flow(since, now, refused));
                self.pacer.allow(flow.map_or(safe, |flow| flow.max(safe)));
                self.settle(now);
            }
            Phase::AtCeiling | Phase::Holding { .. } => self.learn(now, closing, dry_since),
        }
    }

    /// Something was throttled at a rate that was taken for safe.
    fn learn(&mut self, now: Duration, closing: Closing, dry_since: Option<Opening>) {
        let before = self.pacer.allowance();
        let (least, most) = match dry_since {
            None => self.window(now, closing, before),
            Some(since) => {
                let since = self.before_trial.take().unwrap_or(since);
                let flow = self.flow(since, now, before);
                (flow, flow)
            }
        };
        let long = self
            .let_through
            .after(closing.began.saturating_sub(WINDOW * Self::MEMORY));
        let bucket_and_all = u64::from(Self::MEMORY + 1) * least;
        self.fell |= long > bucket_and_all + bucket_and_all / 4;
        self.refused = None;
        self.hold = Self::HOLD;
        self.confirm(now, Fallback::Learned(least), most);
    }

    /// How much of what a refused trial has found can be expected to last.
    fn lasting(&self, now: Duration, trial: &Trial) -> u64 {
        let proven = self.refused.map_or(trial.proven, |refused| {
            // What did not last, half as much beyond what is safe may.
            let middle = trial.safe + refused.saturating_sub(trial.safe) / 2;
            trial.proven.min(middle)
        });
        // A window that had just ended when a request passed again was full to the limit.
        let window = self.last_window(now).min(proven);
        let floor = trial.floor.min(proven);
        if window > floor {
            window
        } else {
            floor + (proven - floor) / 2
        }
    }

    /// Holds an allowance that is more than what is safe, and goes back to that if it does not last.
    fn confirm(&mut self, now: Duration, fallback: Fallback, allowance: u64) {
        let (Fallback::Held(safe) | Fallback::Learned(safe)) = fallback;
        if allowance > safe + 1 + safe / 64 {
            self.pacer.allow(allowance);
            self.phase = Phase::Holding {
                until: now + 2 * SPAN,
                fallback: Some(fallback),
            };
        } else {
            self.pacer.allow(safe);
            self.settle(now);
        }
    }

    /// What was let through in the window that ended when a request passed again; that one counts in the next.
    fn last_window(&self, now: Duration) -> u64 {
        self.let_through
            .after(now.saturating_sub(WINDOW))
            .saturating_sub(1)
    }

    /// The most syncs that may ever leave in a window.
    pub(crate) fn ceiling(&self) -> u64 {
        self.pacer.ceiling()
    }

    /// Begins anew with calls that count as one sync for each device that they carry, after one was throttled that was
    /// taken for a single one; `devices` were let through in the last window.
    pub(crate) fn count_devices(&mut self, now: Duration, ceiling: u64, devices: u32) {
        *self = Self::new(ceiling);
        self.let_through.add(now, devices);
        self.total = devices.into();
        self.closing = Some(Closing {
            began: now,
            refused_at: now,
            named: false,
        });
    }

    /// What a limiter that counts windows would allow, at least and at most. A single closing takes no more than half,
    /// in case that it meant something else.
    fn window(&self, now: Duration, closing: Closing, before: u64) -> (u64, u64) {
        let low = self.low(before);
        let high = before.saturating_sub(1 + before / 64).max(low);
        let least = self.last_window(now).clamp(low, high);
        let refused_at = closing.refused_at.min(now).saturating_sub(WINDOW);
        let most = self
            .let_through
            .after(refused_at)
            .saturating_sub(1)
            .clamp(least, high);
        // Where it was let through before, and no wait is named, the limit has fallen to nobody knows what.
        let known = closing.named || most < before - before / 16;
        (least, if known { most } else { least })
    }

    /// What a bucket would allow that was empty at `since` and is empty again; a little less, so that it fills.
    fn flow(&self, since: Opening, now: Duration, before: u64) -> u64 {
        let time = now.saturating_sub(since.at).as_millis().max(1);
        let passed = u128::from(self.total - since.total);
        let flow = u64::try_from(passed * WINDOW.as_millis() / time).unwrap_or(u64::MAX);
        let low = self.low(before);
        let high = before.saturating_sub(1 + before / 64).max(low);
        (flow - flow / 64).clamp(low, high)
    }

    /// The least that one closing makes of an allowance: half. It never gets below a twentieth of the ceiling: what is
    /// throttled even then is not throttled for its rate.
    fn low(&self, before: u64) -> u64 {
        let least = (self.pacer.ceiling() / 20).max(1);
        (before / 2).max(least).min(before)
    }

    /// Moves on from an allowance that has shown itself safe.
    fn advance(&mut self, now: Duration) {
        if let Some(until) = now.checked_sub(WINDOW * (Self::MEMORY + 1)) {
            self.let_through.forget(until);
        }
        if self.closing.is_some() {
            return;
        }
        match self.phase {
            Phase::Holding {
                until,
                fallback: Some(_),
            } if until <= now => self.settle(now),
            Phase::Holding { until, .. } if until <= now => {
                let safe = self.pacer.allowance();
                self.before_trial = self.opened;
                self.look_for_more(now, safe, safe, Self::FIRST_PART);
            }
            Phase::Trial(trial) if trial.proven + trial.proven / 32 + 1 >= self.pacer.ceiling() => {
                self.pacer.allow(u64::MAX);
                self.phase = Phase::AtCeiling;
            }
            Phase::Trial(trial) if trial.until <= now => {
                if trial.proven > trial.floor {
                    // Far beyond what did not last: the limit has risen.
                    self.refused = self
                        .refused
                        .filter(|refused| trial.proven <= refused + refused / 4);
                    self.look_for_more(now, trial.safe, trial.proven, (trial.part / 3).max(1));
                } else {
                    self.pacer.allow(trial.proven);
                    self.settle(now);
                }
            }
            Phase::AtCeiling | Phase::Holding { .. } | Phase::Trial(_) => {}
        }
    }

    /// Holds what is safe until the next trial.
    fn settle(&mut self, now: Duration) {
        let most = if self.fell {
            Self::HOLD_FELL
        } else {
            let most = Self::HOLD_MAX.max(Self::SYNCS_PER_TRIAL / self.pacer.allowance());
            u32::try_from(most).unwrap_or(u32::MAX)
        };
        let windows = self.hold.min(most);
        self.hold = (2 * windows).min(most);
        self.phase = Phase::Holding {
            until: now + SPAN * windows,
            fallback: None,
        };
    }

    /// Tries more than what is proven, for a window.
    fn look_for_more(&mut self, now: Duration, safe: u64, proven: u64, part: u64) {
        self.pacer.allow(proven + proven / part + 1);
        self.phase = if self.pacer.allowance() > proven {
            Phase::Trial(Trial {
                safe,
                proven,
                floor: proven,
                part,
                until: now + SPAN,
                beyond: None,
            })
        } else {
            Phase::AtCeiling
        };
    }

    /// How many syncs a request may carry.
    fn largest(&self, now: Duration, most: u32) -> u64 {
        let allowance = self.pacer.allowance();
        let fresh = self.opened.is_some_and(|opened| now < opened.at + SPAN);
        let doubtful = matches!(
            self.phase,
            Phase::Trial(_)
                | Phase::Holding {
                    fallback: Some(_),
                    ..
                }
        );
        let most = if self.closing.is_some() {
            1
        } else if fresh || doubtful {
            // A quarter of a second's worth.
            u64::from(most).min(allowance / 80)
        } else {
            // Requests of one size fill a window to the brim when their size divides what it holds.
            let most = u64::from(most).min(allowance / 2);
            (1..=most)
                .rev()
                .find(|size| allowance % size <= allowance / 64)
                .unwrap_or(1)
        };
        most.max(1)
    }
}

impl Trial {
    /// How many syncs may go beyond what is proven at once: one, and more once it is plain that there is room.
    fn step(&self) -> u64 {
        1 + (self.proven - self.safe) / 8
    }
}

#[cfg(test)]
mod tests;
