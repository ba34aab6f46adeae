mod trial;

use core::time::Duration;

use super::{Pacer, SPAN, Trailing};
use crate::http::RequestId;

use self::trial::{Step, Trial};

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
///   long run. That shows in a second closing: what was let through between the two is what flows into the bucket, and
///   is less than what the last window let through. From then on a trial first drains what was saved up, and only what
///   comes after that is taken for more.
/// - **Doubt goes in small coins.** Below the ceiling a request carries no more than half a second's worth, and half of
///   that until a window has passed without a refusal, so that a throttled one costs a few syncs and not twenty; the
///   first after a closing carries one.
/// - **Hold, then try for more, one sync at a time.** Limits rise again. So after 4, 8, 16 … windows more is tried: in
///   a [`Trial`] requests leave faster, and whatever would be more in a window than has been let through before goes
///   alone, the next one when it has passed. So a trial costs a throttled sync or two where nothing has changed, and
///   finds the new limit to the sync where it has risen. (This takes the place of bisecting between the last safe rate
///   and the first throttled one: every wrong guess there costs a request, and twenty syncs where it is a batch.)
/// - **What a trial has found must last.** It is held with care for four windows; a second closing takes it back.
///
/// All arithmetic is in whole syncs a window and whole nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct RateController {
    pacer: Pacer,
    phase: Phase,
    /// Windows until the next trial.
    hold: u32,
    /// Much more was let through earlier in this run.
    fell: bool,
    /// The tenant has been seen to save up what was not taken, as a bucket does.
    saves_up: bool,
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
    AtCeiling {
        /// What was safe before the trial that has led here, if one has.
        risen_from: Option<u64>,
    },
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

/// From the first throttled answer until a request passes.
#[derive(Debug, Clone, Copy)]
struct Closing {
    began: Duration,
    /// The last moment at which a request is known to be refused.
    refused_at: Duration,
    /// Whether that is known from a Retry-After.
    named: bool,
    /// How many syncs the request held that was refused first: so much more than what was let through may be allowed.
    in_doubt: u64,
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
    const HOLD: u32 = 4;
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
            phase: Phase::AtCeiling { risen_from: None },
            hold: Self::HOLD,
            fell: false,
            saves_up: false,
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
    pub(crate) fn portion(&mut self, now: Duration, most: u32) -> u32 {
        self.advance(now);
        let mut portion = self.largest(now, most).min(self.pacer.room(now));
        if let Phase::Trial(trial) = self.phase {
            let known = trial.proven.saturating_sub(self.pacer.sent());
            portion = portion.min(if known > 0 { known } else { trial.at_once() });
        }
        u32::try_from(portion).unwrap_or(u32::MAX)
    }

    /// A request with so many syncs leaves.
    pub(crate) fn sent(&mut self, now: Duration, id: RequestId, syncs: u32) {
        self.pacer.take(now, syncs);
        if let Phase::Trial(trial) = &mut self.phase
            && self.pacer.sent() > trial.proven
        {
            trial.ventures(now, id, self.pacer.sent());
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
        if let Phase::Trial(trial) = &mut self.phase {
            trial.answered(id, passage.throttled == 0 && passage.let_through > 0);
        }
        // What was under way before something passed again says nothing new.
        if passage.throttled > 0 && self.opened.is_none_or(|opened| opened.at <= left) {
            // Waits are named in whole seconds, rounded up.
            let rounding = Duration::from_secs(1);
            let closing = self.closing.get_or_insert(Closing {
                began: now,
                refused_at: now,
                named: false,
                in_doubt: passage.throttled.into(),
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
            Phase::Trial(trial) if self.saves_up => {
                let flow = self.flow(trial.emptied, now, self.pacer.allowance());
                self.pacer.allow(flow.max(trial.safe));
                self.settle(now);
            }
            Phase::Trial(trial) => {
                let (_, most) = self.window(now, closing, self.pacer.allowance());
                let lasting = most.min(trial.proven).max(trial.safe);
                self.confirm(now, Fallback::Held(trial.safe), lasting);
            }
            Phase::Holding {
                fallback: Some(Fallback::Held(safe)),
                ..
            } => {
                let refused = self.pacer.allowance();
                match self.bucket(now, before.unwrap_or(opening), refused) {
                    Some(flow) => {
                        self.pacer.allow(flow.max(safe));
                        self.settle(now);
                    }
                    None => {
                        let (_, most) = self.window(now, closing, refused);
                        self.confirm(now, Fallback::Held(safe), most.max(safe));
                    }
                }
            }
            Phase::AtCeiling {
                risen_from: Some(safe),
            } => {
                // A bucket had saved it up. What has flowed since the closing before the trial is allowed in any case.
                let since = self.before_trial.take().unwrap_or(opening);
                let flow = self.flow(since, now, self.pacer.allowance());
                self.saves_up = true;
                self.pacer.allow(flow.max(safe));
                self.settle(now);
            }
            Phase::AtCeiling { risen_from: None } | Phase::Holding { .. } => {
                let dry_since = dry_since.or(before.filter(|_| self.saves_up));
                self.learn(now, closing, dry_since);
            }
        }
    }

    /// Something was throttled at a rate that was taken for safe. `dry_since` is when a bucket may have been empty last.
    fn learn(&mut self, now: Duration, closing: Closing, dry_since: Option<Opening>) {
        let before = self.pacer.allowance();
        let (mut least, mut most) = self.window(now, closing, before);
        if let Some(flow) = dry_since.and_then(|since| self.bucket(now, since, before)) {
            (least, most) = (flow, flow);
        }
        let long = self
            .let_through
            .after(closing.began.saturating_sub(WINDOW * Self::MEMORY));
        let bucket_and_all = u64::from(Self::MEMORY + 1) * least;
        self.fell |= long > bucket_and_all + bucket_and_all / 4;
        if closing.in_doubt > before / 16 {
            self.hold = 1;
        } else if most < before - before / 16 {
            self.hold = Self::HOLD;
        }
        self.confirm(now, Fallback::Learned(least), most);
    }

    /// Holds an allowance that is more than what is safe, and goes back to that if it does not last. One more is not
    /// worth the doubt.
    fn confirm(&mut self, now: Duration, fallback: Fallback, allowance: u64) {
        let (safe, windows) = match fallback {
            Fallback::Held(safe) => (safe, 4),
            Fallback::Learned(safe) => (safe, 2),
        };
        if allowance > safe + 1 {
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
            in_doubt: 0,
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
                self.before_trial = self.opened;
                let here = Opening {
                    at: now,
                    total: self.total,
                };
                let emptied = self.opened.unwrap_or(here);
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

    /// Holds what is safe until the next trial.
    fn settle(&mut self, now: Duration) {
        let most = if self.fell {
            Self::HOLD_FELL
        } else {
            let most = Self::HOLD_MAX.max(Self::SYNCS_PER_TRIAL / self.pacer.allowance());
            u32::try_from(most).unwrap_or(u32::MAX)
        };
        let windows = self.hold.min(most);
        self.hold = (2 * windows).max(Self::HOLD).min(most);
        self.phase = Phase::Holding {
            until: now + SPAN * windows,
            fallback: None,
        };
    }

    /// What flows into a bucket that was empty at `dry` and is empty again, if it is one: then the last window let
    /// through what was saved up, and more than what has flowed since. A limiter that counts windows lets through the
    /// same in each.
    fn bucket(&mut self, now: Duration, dry: Opening, before: u64) -> Option<u64> {
        let flow = self.flow(dry, now, before);
        if self.last_window(now) <= flow + flow / 16 {
            return None;
        }
        self.saves_up = true;
        // It was empty before the last trial, too: a longer time tells it better.
        let since = self.before_trial.take().unwrap_or(dry);
        Some(self.flow(since, now, before))
    }

    /// Tries more than what is proven.
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
            // As few as hold a window's worth, all of one size: so they fill it to the brim.
            let smooth = match self.phase {
                Phase::AtCeiling { .. } => allowance / 2,
                Phase::Holding { .. } | Phase::Trial(_) => allowance / 40,
            };
            let most = u64::from(most).min(smooth).max(1);
            allowance.div_ceil(allowance.div_ceil(most))
        };
        most.max(1)
    }
}

#[cfg(test)]
mod tests;
