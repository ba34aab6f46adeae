//! How far a run is: devices done, their rate, the time left, and whether it is throttled.

use std::{collections::VecDeque, time::Duration};

use intune_sync_wit::{Event, EventKind};
use jiff::{SignedDuration, Timestamp};

use super::log::count;
use crate::{cli::duration::display_seconds, printer::Printer};

/// Between two samples of the number of devices done.
const SAMPLE_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// The rate is that of the last minute, which is longer than a batch with its pause.
const SAMPLES: usize = 61;

#[derive(Default)]
pub(super) struct Progress {
    /// Different devices listed so far.
    listed: u32,
    /// Devices that will be sent a sync, and how long that is expected to take in milliseconds, once it is known.
    planned: Option<(u32, u64)>,
    /// Of these, devices with a final outcome.
    done: u32,
    throttled_until: Option<Timestamp>,
    /// How many were done when, the oldest first.
    samples: VecDeque<(Timestamp, u32)>,
}

impl Progress {
    pub(super) fn event(&mut self, now: Timestamp, event: &Event) {
        match &event.kind {
            EventKind::Listed(listed) => self.listed = listed.devices,
            EventKind::Planned(plan) => {
                self.planned = Some((plan.to_sync, plan.expected));
                self.samples.push_back((now, 0));
            }
            // Skipped devices are done without a sync.
            EventKind::DeviceDone(device) if device.attempts > 0 => self.done += 1,
            EventKind::Throttled(throttled) => {
                let wait = Duration::from_millis(throttled.wait);
                self.throttled_until = self.throttled_until.max(now.checked_add(wait).ok());
            }
            _ => {}
        }
    }

    pub(super) fn tick(&mut self, printer: &mut Printer, now: Timestamp) {
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
        let of = self.planned.map_or(0, |(to_sync, _)| to_sync);
        printer.progress(now, self.done.into(), of.into(), &self.text(now));
    }

    /// `350 of 1000 devices done, 9.4 a second, 1m9s left, throttled for another 12s`.
    fn text(&self, now: Timestamp) -> String {
        let mut text = match self.planned {
            None => format!("{} listed", count(self.listed, "device")),
            Some((to_sync, expected)) => {
                let done = self.done.min(to_sync);
                let speed = match self.rate(now) {
                    Some((devices, length)) => {
                        let tenths = devices * 10_000 / length;
                        let left = u64::from(to_sync - done) * length / devices;
                        format!(
                            ", {}.{} a second, {} left",
                            tenths / 10,
                            tenths % 10,
                            display_seconds(left)
                        )
                    }
                    None if done == 0 => format!(", {} expected", display_seconds(expected)),
                    None => String::new(),
                };
                format!("{done} of {} done{speed}", count(to_sync, "device"))
            }
        };
        if let Some(until) = self.throttled_until.filter(|until| *until > now) {
            let wait = u64::try_from(until.duration_since(now).as_millis()).unwrap_or_default();
            text += &format!(", throttled for another {}", display_seconds(wait));
        }
        text
    }

    /// The devices done in the time that the samples span, in milliseconds; neither is 0.
    fn rate(&self, now: Timestamp) -> Option<(u64, u64)> {
        let (since, before) = self.samples.front()?;
        let devices = u64::from(self.done - before);
        let length = u64::try_from(now.duration_since(*since).as_millis()).ok()?;
        (devices > 0 && length > 0).then_some((devices, length))
    }
}
