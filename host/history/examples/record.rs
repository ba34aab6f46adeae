//! Records a run until it is killed: what `tests/kill.rs` kills. It prints how many devices are known to be on the
//! disk.

#![expect(clippy::print_stdout, reason = "the test reads it")]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::io::Write;

use intune_sync_history::{History, Recorder, RunFilter, StateDir};
use intune_sync_wit::{Outcome, RunStatus};

use self::support::{NOW, done, exchange, header, selected, summary};

/// How many devices each part finishes before it ends, if nothing kills it.
const DEVICES: u64 = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("which directory?")?;
    let history = History::open(&StateDir::at(directory))?;
    let runs = history.runs(&RunFilter::default())?;
    let number = u32::try_from(runs.len())? + 1;
    let earlier = match runs.first() {
        Some(run) => Some(history.to_resume(&run.id)?),
        None => None,
    };
    let first = earlier.as_ref().map_or(0, |earlier| earlier.totals.success);
    let recorder = Recorder::begin(history, &header(number), earlier.as_ref())?;
    recorder.selected(selected(first..DEVICES), NOW);
    for number in first..DEVICES {
        exchange(&recorder, [number]);
        recorder.done(done(number, Outcome::Accepted), NOW);
        if number.is_multiple_of(47) {
            recorder.flush()?;
            println!("{}", number + 1);
            std::io::stdout().flush()?;
        }
    }
    let total = u32::try_from(DEVICES)?;
    let summary = summary(total, total, 0, RunStatus::Completed);
    recorder
        .end(&summary, "completed", "now")
        .map_err(|(error, _)| error)?;
    println!("end");
    Ok(())
}
