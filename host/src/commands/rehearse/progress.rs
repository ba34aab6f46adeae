//! How far a rehearsal is.

use std::time::{Duration, Instant};

use intune_sync_wit::{Event, EventKind};
use jiff::Timestamp;

use crate::{
    cli::duration::display_seconds,
    printer::{Level, Printer},
};

/// Between two updates of the progress bar.
const BAR_EVERY: Duration = Duration::from_millis(50);

/// Between two lines when there is no progress bar.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// How far a rehearsal is: virtual time, shown in intervals of real time.
#[derive(Default)]
pub(super) struct Progress {
    /// Different devices listed so far.
    listed: u32,
    /// Devices that are sent a sync, once that is known.
    to_sync: Option<u32>,
    /// Of these, devices with a final outcome.
    done: u32,
    /// Since the start of the simulated run, in milliseconds.
    at: u64,
    shown: Option<Instant>,
}

impl Progress {
    /// Takes in events, and shows how far it is unless that was done just now.
    pub(super) fn show(&mut self, events: &[Event], printer: &mut Printer) {
        for event in events {
            self.at = event.at;
            match &event.kind {
                EventKind::Listed(listed) => self.listed = listed.devices,
                EventKind::Planned(plan) => self.to_sync = Some(plan.to_sync),
                EventKind::DeviceDone(device) if device.attempts > 0 => self.done += 1,
                _ => {}
            }
        }
        let every = match printer.has_progress() {
            true => BAR_EVERY,
            false => LINE_EVERY,
        };
        let now = Instant::now();
        if now.duration_since(*self.shown.get_or_insert(now)) < every {
            return;
        }
        self.shown = Some(now);
        if printer.has_progress() {
            let of = self.to_sync.unwrap_or_default();
            printer.progress(self.done.into(), of.into(), &self.text());
        } else {
            printer.log(Timestamp::now(), Level::Info, &self.text());
        }
    }

    /// `12000 of 25000 devices done after 21m of virtual time`.
    fn text(&self) -> String {
        let after = display_seconds(self.at);
        match self.to_sync {
            None => format!(
                "{} devices listed after {after} of virtual time",
                self.listed
            ),
            Some(to_sync) => format!(
                "{} of {to_sync} devices done after {after} of virtual time",
                self.done
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use intune_sync_wit::{Listed, Plan};

    use super::*;
    use crate::{cli::OutputOptions, printer::tests::Written};

    fn event(at: u64, kind: EventKind) -> Event {
        Event { at, kind }
    }

    #[test]
    fn it_is_shown_now_and_then_and_without_a_terminal_too() {
        let stderr = Written::default();
        let mut printer = Printer::to(io::sink(), stderr.clone(), &OutputOptions::default());
        let mut progress = Progress::default();
        let listed = Listed {
            pages: 1,
            devices: 300,
        };
        progress.show(&[event(900, EventKind::Listed(listed))], &mut printer);
        assert_eq!(stderr.text(), "");

        let long_ago = |progress: &mut Progress| {
            progress.shown = Instant::now().checked_sub(LINE_EVERY);
            assert!(progress.shown.is_some(), "the machine has run for 15 s");
        };
        long_ago(&mut progress);
        progress.show(&[], &mut printer);
        let plan = Plan {
            listed: 300,
            total: 300,
            to_sync: 250,
            skipped: Vec::new(),
            platforms: Vec::new(),
            batches: 5,
            requests: 13,
            expected: 1,
        };
        long_ago(&mut progress);
        progress.show(&[event(61_000, EventKind::Planned(plan))], &mut printer);
        let texts: Vec<String> = stderr
            .text()
            .lines()
            .filter_map(|line| Some(line.split_once("[INFO] ")?.1.to_owned()))
            .collect();
        assert_eq!(
            texts,
            [
                "300 devices listed after 1s of virtual time",
                "0 of 250 devices done after 1m1s of virtual time"
            ]
        );
    }
}
