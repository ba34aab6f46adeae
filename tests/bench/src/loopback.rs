//! Runs of the program over loopback HTTP: how fast it can be, and what the history costs.

use anyhow::{Context, ensure};

use crate::{
    program::{self, Loopback, Took},
    report::{Targets, line},
};

/// How many runs a figure is the median of.
const RUNS: usize = 5;

/// Writes how fast the program is where nothing slows it down.
pub(crate) fn throughput(program: &str, text: &mut String) -> anyhow::Result<()> {
    const DEVICES: u32 = 20_000;
    line(
        text,
        &format!(
            "\n## Loopback HTTP\n\n{DEVICES} devices.\n\n| dispatch | time | devices per second | requests per second |\n|---|---|---|---|"
        ),
    );
    for dispatch in ["single", "batch", "bulk"] {
        let took = run(
            program,
            Loopback {
                devices: DEVICES,
                dispatch,
                is_unpaced: true,
                has_history: false,
            },
        )?;
        let seconds = took.wall.as_secs_f64();
        let requests = took.output["HttpRequests"]
            .as_f64()
            .context("the output has no count of requests")?;
        line(
            text,
            &format!(
                "| {dispatch} | {seconds:.2} s | {:.0} | {:.0} |",
                f64::from(DEVICES) / seconds,
                requests / seconds
            ),
        );
    }
    Ok(())
}

/// Writes how much longer a run with `bulk` takes if it has a history.
pub(crate) fn history(
    program: &str,
    text: &mut String,
    targets: &mut Targets,
) -> anyhow::Result<()> {
    line(
        text,
        "\n## The history's cost\n\n| run | devices | without | with a history | ratio |\n|---|---|---|---|---|",
    );
    for (name, devices, is_unpaced) in [("at the quota", 10_000, false), ("unpaced", 100_000, true)]
    {
        let mut seconds = [Vec::new(), Vec::new()];
        for turn in 0..2 * RUNS {
            let has_history = turn % 2 == 1;
            let took = run(
                program,
                Loopback {
                    devices,
                    dispatch: "bulk",
                    is_unpaced,
                    has_history,
                },
            )?;
            seconds[usize::from(has_history)].push(took.wall.as_secs_f64());
        }
        let [without, with] = seconds.map(median);
        let ratio = with / without;
        line(
            text,
            &format!("| {name} | {devices} | {without:.2} s | {with:.2} s | {ratio:.3} |"),
        );
        targets.add(
            &format!("`bulk` over loopback, {name}: at most 3 % slower with the history"),
            format!("{:.1} %", (ratio - 1.0) * 100.0),
            ratio <= 1.03,
        );
    }
    Ok(())
}

fn run(program: &str, run: Loopback) -> anyhow::Result<Took> {
    let took = program::loopback(program, run)?;
    ensure!(
        took.output["SuccessCount"] == run.devices,
        "not all devices were synced: {}",
        took.output
    );
    Ok(took)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
