//! How far a run is: devices done, their rate, the time left, and whether it is throttled.

use std::{collections::VecDeque, time::Duration};

use intune_sync_settings::number::thousandths;
use intune_sync_wit::{Event, EventKind, Outcome};
use jiff::{SignedDuration, Timestamp};

use super::log::{count, reason};
use crate::{
    cli::duration::display_seconds,
    printer::{Headway, Printer},
};

/// Between two samples of the number of devices done.
const SAMPLE_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// The rate is that of the last minute, which is longer than a batch with its pause.
const SAMPLES: usize = 61;

/// After this time, in milliseconds, what was measured counts for all, and what was planned for nothing.
const TRUSTED_AFTER: u64 = 60_000;

#[derive(Default)]
pub(super) struct Progress {
    /// The ceiling on the rate, in syncs in 1,000 seconds.
    ceiling: Option<u64>,
    /// When it began: later by the time that a question has taken.
    began: Option<Timestamp>,
    /// Different devices listed so far.
    listed: u32,
    /// Devices that will be sent a sync, and how long that is expected to take in milliseconds, once it is known.
    planned: Option<(u32, u64)>,
    /// Of these, devices with a final outcome.
    done: u32,
    /// Devices that have failed, and the last of them with the reason.
    failed: u64,
    last_failure: String,
    throttled_until: Option<Timestamp>,
    /// How many were done when, the oldest first.
    samples: VecDeque<(Timestamp, u32)>,
}

impl Progress {
    pub(super) fn set_ceiling(&mut self, ceiling: Option<u64>) {
        self.ceiling = ceiling;
    }

    pub(super) fn event(&mut self, now: Timestamp, event: &Event) {
        self.began.get_or_insert(now);
        match &event.kind {
            EventKind::Listed(listed) => self.listed = listed.devices,
            EventKind::Planned(plan) => {
                self.planned = Some((plan.to_sync, plan.expected));
                self.samples.push_back((now, 0));
            }
            EventKind::DeviceDone(device) => {
                if let Outcome::Failed(failure) = &device.outcome {
                    self.failed += 1;
                    self.last_failure = reason(device, failure);
                }
                // Skipped devices are done without a sync.
                self.done += u32::from(device.attempts > 0);
            }
            EventKind::Throttled(throttled) => {
                let wait = Duration::from_millis(throttled.wait);
                self.throttled_until = self.throttled_until.max(now.checked_add(wait).ok());
            }
            _ => {}
        }
    }

    /// Nothing went on from then until now: somebody was asked.
    pub(super) fn waited(&mut self, since: Timestamp, now: Timestamp) {
        let wait = now.duration_since(since);
        self.began = self.began.and_then(|began| began.checked_add(wait).ok());
        for (at, _) in &mut self.samples {
            *at = at.checked_add(wait).unwrap_or(*at);
        }
    }

    pub(super) fn tick(&mut self, printer: &mut Printer, now: Timestamp) {
        self.began.get_or_insert(now);
        if self.planned.is_some()
            && self
                .samples
                .back()
                .is_none_or(|(last, _)| now.duration_since(*last) >= SAMPLE_EVERY)
        {
            self.samples.push_back((now, self.done));
            if self.samples.len() > SAMPLES {
                self.samples.pop_front();
            }
        }
        printer.progress(now, &self.headway(now));
    }

    /// How far it is now.
    pub(super) fn headway(&self, now: Timestamp) -> Headway {
        let so_far = self.began.map_or(0, |began| since(began, now));
        let so_far = format!("{} so far", display_seconds(so_far));
        let wait = self.throttled_for(now);
        let mut parts = Vec::new();
        if wait > 0 {
            parts.push(format!("throttled for {}", display_seconds(wait)));
        }
        if let Some(left) = self.left(now) {
            parts.push(format!("{} left", display_seconds(left)));
        }
        if let Some(rate) = self.rate(now).map(per_second) {
            parts.push(match self.ceiling {
                Some(ceiling) => format!("{rate}/s of {}/s", thousandths(ceiling)),
                None => format!("{rate}/s"),
            });
        }
        let end = self.left(now).map(Duration::from_millis);
        if let Some(end) = end.and_then(|left| now.checked_add(left).ok()) {
            parts.push(format!("until {} UTC", end.strftime("%H:%M:%S")));
        }
        parts.push(so_far);
        Headway {
            done: self.done.into(),
            of: self.planned.map_or(0, |(to_sync, _)| to_sync).into(),
            failed: self.failed,
            what: "devices",
            text: self.text(now),
            parts,
            last_failure: self.last_failure.clone(),
        }
    }

    /// `350 of 1000 devices done, 9.4 a second, 1m9s left, throttled for another 12s, 4 failed`.
    fn text(&self, now: Timestamp) -> String {
        let mut text = match self.planned {
            None => format!("{} listed", count(self.listed, "device")),
            Some((to_sync, _)) => {
                let done = self.done.min(to_sync);
                let mut text = format!("{done} of {} done", count(to_sync, "device"));
                if let Some(rate) = self.rate(now).map(per_second) {
                    text += &format!(", {rate} a second");
                }
                if let Some(left) = self.left(now) {
                    text += &format!(", {} left", display_seconds(left));
                }
                text
            }
        };
        let wait = self.throttled_for(now);
        if wait > 0 {
            text += &format!(", throttled for another {}", display_seconds(wait));
        }
        if self.failed > 0 {
            text += &format!(", {} failed", self.failed);
        }
        text
    }

    /// How long it will still take, in milliseconds, once it is planned: by the plan at first, which knows of batches
    /// and pauses, and by what was measured in the last minute the more of that there is.
    fn left(&self, now: Timestamp) -> Option<u64> {
        let (to_sync, expected) = self.planned?;
        let (to_sync, rest) = (
            u64::from(to_sync),
            u64::from(to_sync.saturating_sub(self.done)),
        );
        if rest == 0 {
            return Some(0);
        }
        let by_plan = by(expected, rest, to_sync);
        let left = match self.rate(now) {
            None => by_plan,
            Some((devices, length)) => {
                let trust = length.min(TRUSTED_AFTER);
                let measured = by(length, rest, devices);
                by(by_plan, TRUSTED_AFTER - trust, TRUSTED_AFTER)
                    + by(measured, trust, TRUSTED_AFTER)
            }
        };
        Some(left + self.throttled_for(now))
    }

    /// How long the throttle is still closed, in milliseconds.
    fn throttled_for(&self, now: Timestamp) -> u64 {
        self.throttled_until.map_or(0, |until| since(now, until))
    }

    /// The devices done in the time that the samples span, in milliseconds; neither is 0.
    fn rate(&self, now: Timestamp) -> Option<(u64, u64)> {
        let (first, before) = self.samples.front()?;
        let devices = u64::from(self.done.saturating_sub(*before));
        let length = since(*first, now);
        (devices > 0 && length > 0).then_some((devices, length))
    }
}

/// `9.4`.
fn per_second((devices, length): (u64, u64)) -> String {
    let tenths = devices * 10_000 / length;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Milliseconds between two moments; 0 if they are the other way round.
fn since(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from(later.duration_since(earlier).as_millis()).unwrap_or(0)
}

/// `value` times `part` of `whole`, which is not 0.
fn by(value: u64, part: u64, whole: u64) -> u64 {
    let product = u128::from(value) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(product).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use intune_sync_wit::{DeviceDone, Guid, Plan};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn planned(to_sync: u32, expected: u64) -> Event {
        let plan = Plan {
            listed: to_sync,
            total: to_sync,
            to_sync,
            skipped: Vec::new(),
            platforms: Vec::new(),
            batches: 1,
            requests: 1,
            expected,
        };
        Event {
            at: 0,
            kind: EventKind::Planned(plan),
        }
    }

    fn done() -> Event {
        let device = DeviceDone {
            id: Guid { hi: 0, lo: 0 },
            name: String::new(),
            os: String::new(),
            last_sync: None,
            attempts: 1,
            outcome: Outcome::Accepted,
        };
        Event {
            at: 0,
            kind: EventKind::DeviceDone(device),
        }
    }

    /// A thousand devices in batches of 50: five seconds at the ceiling, then a pause of ten, so 300 seconds in all.
    fn left_at(progress: &mut Progress, seconds: i64) -> i64 {
        let before = i64::from(progress.done);
        let should = (seconds / 15) * 50 + (seconds % 15).min(5) * 10;
        for _ in before..should.min(1_000) {
            progress.event(at(seconds), &done());
        }
        let printer = &mut Printer::to(
            std::io::sink(),
            std::io::sink(),
            &crate::cli::OutputOptions::default(),
        );
        progress.tick(printer, at(seconds));
        i64::try_from(progress.left(at(seconds)).expect("it is planned")).expect("it is small")
            / 1_000
    }

    #[test]
    fn the_time_left_is_right_from_the_first_second_to_the_last() {
        let mut progress = Progress::default();
        progress.event(at(0), &planned(1_000, 300_000));
        for seconds in 0..300 {
            let left = left_at(&mut progress, seconds);
            // A batch is done at the start of its fifteen seconds.
            let off = left - (300 - seconds);
            assert!((-45..=45).contains(&off), "after {seconds}s: {left}s left");
        }
    }

    #[test]
    fn the_time_at_a_question_is_left_out() {
        let mut progress = Progress::default();
        progress.event(at(0), &planned(1_000, 300_000));
        progress.waited(at(0), at(600));
        for _ in 0..10 {
            progress.event(at(601), &done());
        }
        let headway = progress.headway(at(601));
        assert!(
            headway.parts.contains(&"1s so far".to_owned()),
            "{headway:?}"
        );
        let left = progress.left(at(601)).expect("it is planned");
        assert!((290_000..=310_000).contains(&left), "{left}");
    }
}
