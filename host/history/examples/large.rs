//! Records many large runs, and says what they cost: `large DIRECTORY RUNS DEVICES`.

#![expect(clippy::print_stdout, reason = "it reports to a person")]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use intune_sync_history::{History, Recorder, RunFilter, StateDir};
use intune_sync_wit::{Outcome, RunStatus};

use self::support::{NOW, done, exchange, header, selected, summary};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, directory, runs, devices] = &args[..] else {
        return Err("large DIRECTORY RUNS DEVICES".into());
    };
    let place = StateDir::at(directory);
    let devices: u64 = devices.parse()?;
    let begun = Instant::now();
    for number in 1..=runs.parse()? {
        let recorder = Recorder::begin(History::open(&place)?, &header(number), None)?;
        for first in (0..devices).step_by(10_000) {
            recorder.selected(selected(first..devices.min(first + 10_000)), NOW);
        }
        for device in 0..devices {
            exchange(&recorder, [device]);
            recorder.done(done(device, Outcome::Accepted), NOW);
        }
        let total = u32::try_from(devices)?;
        let summary = summary(total, total, 0, RunStatus::Completed);
        recorder
            .end(&summary, "completed", "now")
            .map_err(|(error, _)| error)?;
    }
    println!("written in {:?}", begun.elapsed());
    println!("{} bytes", std::fs::metadata(place.file())?.len());
    let begun = Instant::now();
    let history = History::open(&place)?;
    println!("opened in {:?}", begun.elapsed());
    let begun = Instant::now();
    let listed = history.runs(&RunFilter::default())?;
    println!("{} runs listed in {:?}", listed.len(), begun.elapsed());
    let begun = Instant::now();
    println!("{:?} in {:?}", history.verify(&listed[0])?, begun.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("{}", peak.unwrap_or_default());
    Ok(())
}
