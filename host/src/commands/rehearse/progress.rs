//! How far a rehearsal is.

use intune_sync_wit::{Event, EventKind};
use jiff::Timestamp;

use crate::{
    cli::duration::display_seconds,
    printer::{Headway, Printer},
};

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
}

impl Progress {
    /// Takes in events, and shows how far it is; `now` is the real time.
    pub(super) fn show(&mut self, printer: &mut Printer, now: Timestamp, events: &[Event]) {
        for event in events {
            self.at = event.at;
            match &event.kind {
                EventKind::Listed(listed) => self.listed = listed.devices,
                EventKind::Planned(plan) => self.to_sync = Some(plan.to_sync),
                EventKind::DeviceDone(device) if device.attempts > 0 => self.done += 1,
                _ => {}
            }
        }
        let headway = Headway {
            done: self.done.into(),
            of: self.to_sync.unwrap_or_default().into(),
            what: "devices",
            text: self.text(),
            parts: vec![format!("{} of virtual time", display_seconds(self.at))],
            ..Headway::default()
        };
        printer.progress(now, &headway);
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
    use jiff::SignedDuration;

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
        let after = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let listed = Listed {
            pages: 1,
            devices: 300,
        };
        let listed = [event(900, EventKind::Listed(listed))];
        progress.show(&mut printer, after(0), &listed);
        progress.show(&mut printer, after(14), &[]);
        assert_eq!(stderr.text(), "");

        progress.show(&mut printer, after(15), &[]);
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
        let planned = [event(61_000, EventKind::Planned(plan))];
        progress.show(&mut printer, after(30), &planned);
        progress.show(&mut printer, after(44), &[]);
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
