//! The text of `docs/benchmarks.md`.

use std::{fmt::Write as _, process::Command, thread, time::Duration};

use anyhow::{Context, ensure};

use crate::{bulk, loopback, neighbours, program, usage};

const METHOD: &str = "\
# Benchmarks

`make bench` writes this file; no figure in it was typed by hand.

## Method

- **Use of the quota** is measured on a virtual clock: the engine's core, run natively, and other clients send to the same
  simulated tenants for 40 minutes of virtual time. Responses take 100 to 400 ms, rejected calls count against the quota,
  and `Retry-After` is in whole seconds. *Used* is the admitted share of what is allowed (the smaller of the quota and
  the ceiling of 9.75 per second); *throttled* is the throttled share of what was sent. A steady quota is measured after a
  warm-up of three windows of 20 s. The changing quota is 200 in 20 s, 100 from second 600, and 200 again from second
  1,500. `single` sends one sync per request, `batch` 20 in a `$batch`; the other clients send single ones. The *oracle* knows the
  limiter and when each request will arrive: no client can use more.
- **The sandbox's cost** is the CPU time of one thread, as the kernel reports it: the component compared with the same
  core run natively, both behind the same gate, token cache and scheduler; medians of five alternating runs of each.
  *Loopback* sends over HTTP to a tenant on another thread without quota or latency, as fast as it can, with up to 32
  requests in flight with `single` and 16 with `batch`: both figures include the HTTP client. *Virtual* is a rehearsal at
  the quota with a tenant on the same thread, which both figures include. A test shows that both do the same work.
- **Start** is the time from the start of the process to the first byte of its first request on a loopback socket: cold
  with an empty cache of compiled code, warm with the cache of the run before; median and worst of ten.
- **Memory** is the peak resident memory (`VmHWM`) of a rehearsal, including the simulated tenant.
- **Throughput** is a run over loopback HTTP against `intune-sync simulate` in another process, without quota or latency.
- **The history's cost** is the time of such runs with `bulk`, with a history and without: medians of five alternating
  runs. *At the quota* they keep to the documented one, as runs do; *unpaced* they send as fast as they can.
";

/// What is wanted, what was measured, and whether that is enough.
pub(crate) struct Targets(Vec<(String, String, bool)>);

impl Targets {
    pub(crate) fn add(&mut self, what: &str, measured: String, met: bool) {
        self.0.push((what.to_owned(), measured, met));
    }

    fn rows(&self) -> String {
        let mut text = String::new();
        for (what, measured, met) in &self.0 {
            let met = if *met { "yes" } else { "**no**" };
            line(&mut text, &format!("| {what} | {measured} | {met} |"));
        }
        text
    }
}

/// Measures everything.
///
/// # Errors
///
/// When something cannot be measured.
pub(crate) fn write(program: &str, costs: &str) -> anyhow::Result<String> {
    let mut targets = Targets(Vec::new());
    let mut parts = String::new();
    usage::write(&mut parts, &mut targets);
    bulk::write(&mut parts, &mut targets);
    neighbours::write(&mut parts, &mut targets);
    let custody = cost(costs, &mut parts, &mut targets)?;
    start(program, &mut parts, &mut targets)?;
    memory(program, custody, &mut parts, &mut targets)?;
    loopback::throughput(program, &mut parts)?;
    loopback::history(program, &mut parts, &mut targets)?;
    line(
        &mut parts,
        "\n## Repeat it\n\n`make bench` builds the program and rewrites this file.",
    );

    let commit = command("git", &["rev-parse", "--short", "HEAD"]);
    let machine = command("uname", &["-srm"]);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let measured = format!("Measured on {cores} cores, {machine}, commit {commit}.");
    Ok(format!(
        "{METHOD}\n{measured}\n\n## Targets\n\n| target | measured | met |\n|---|---|---|\n{}{parts}",
        targets.rows()
    ))
}

/// Reads what the test has printed: `sandbox-cost loopback single 52.3 39.9`. Returns what custody takes of a device in
/// a batch.
fn cost(costs: &str, text: &mut String, targets: &mut Targets) -> anyhow::Result<Duration> {
    line(
        text,
        "\n## The sandbox's cost\n\nCPU time per device.\n\n| way | dispatch | component in its sandbox | core natively | ratio |\n|---|---|---|---|---|",
    );
    let mut of_the_program = Vec::new();
    for words in costs
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
    {
        let ["sandbox-cost", way, dispatch, component, native] = words[..] else {
            continue;
        };
        let number = |text: &str| {
            text.parse::<f64>()
                .with_context(|| format!("`{text}` is not a number"))
        };
        let (component, native) = (number(component)?, number(native)?);
        let ratio = component / native;
        line(
            text,
            &format!("| {way} | {dispatch} | {component:.2} µs | {native:.2} µs | {ratio:.2} |"),
        );
        if way == "loopback" {
            of_the_program.push((dispatch.to_owned(), ratio));
        }
    }
    let custody = custody(costs, text)?;
    ensure!(
        !of_the_program.is_empty(),
        "the test of the sandbox's cost has printed no line over loopback"
    );
    for (dispatch, ratio) in of_the_program {
        targets.add(
            &format!("`{dispatch}` over loopback: the component takes at most 1.6 times the CPU of the native core"),
            format!("{ratio:.2}"),
            ratio <= 1.6,
        );
    }
    Ok(custody)
}

/// Reads what custody takes, `sandbox-custody single 2.1`. Returns it for a batch.
fn custody(costs: &str, text: &mut String) -> anyhow::Result<Duration> {
    line(
        text,
        "\nOf both, custody takes this, its part of the list included:\n\n| dispatch | custody |\n|---|---|",
    );
    let mut of_a_batch = None;
    for row in costs.lines() {
        if let ["sandbox-custody", dispatch, share] = row.split_whitespace().collect::<Vec<_>>()[..]
        {
            let share: f64 = share
                .parse()
                .with_context(|| format!("`{share}` is not a number"))?;
            line(text, &format!("| {dispatch} | {share:.2} µs |"));
            if dispatch == "batch" {
                of_a_batch = Some(Duration::from_secs_f64(share / 1e6));
            }
        }
    }
    of_a_batch.context("the test of the sandbox's cost has not printed what custody takes")
}

fn start(program: &str, text: &mut String, targets: &mut Targets) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let home = home.path().to_string_lossy();
    let cold = program::first_request(program, &home)?;
    let mut warm = (0..10)
        .map(|_| program::first_request(program, &home))
        .collect::<Result<Vec<_>, _>>()?;
    warm.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let (median, worst) = (millis(warm[warm.len() / 2]), millis(warm[warm.len() - 1]));
    line(
        text,
        &format!(
            "\n## Start to the first request\n\n| cold | warm, median | warm, worst |\n|---|---|---|\n| {:.0} ms | {median:.1} ms | {worst:.1} ms |",
            millis(cold)
        ),
    );
    targets.add(
        "warm start to the first request under 30 ms",
        format!("{median:.1} ms"),
        median < 30.0,
    );
    Ok(())
}

fn memory(
    program: &str,
    custody: Duration,
    text: &mut String,
    targets: &mut Targets,
) -> anyhow::Result<()> {
    line(
        text,
        "\n## Memory\n\n`intune-sync rehearse --pace quota --no-alternatives`.\n\n| devices | peak | time |\n|---|---|---|",
    );
    for devices in [10_000, 100_000, 1_000_000] {
        let took = program::rehearse(program, devices, "batch")?;
        let (megabytes, seconds) = (took.memory as f64 / 1e6, took.wall.as_secs_f64());
        line(
            text,
            &format!("| {devices} | {megabytes:.1} MB | {seconds:.2} s |"),
        );
        if devices == 1_000_000 {
            targets.add(
                "a rehearsal of 1,000,000 devices under 10 s, with under 150 MB",
                format!("{seconds:.2} s, {megabytes:.1} MB"),
                seconds < 10.0 && megabytes < 150.0,
            );
            let without = took.wall.saturating_sub(custody * devices);
            let ratio = seconds / without.as_secs_f64();
            targets.add(
                "the same: at most 1.25 times what it takes without custody",
                format!("{ratio:.2}"),
                ratio <= 1.25,
            );
        }
    }
    Ok(())
}

fn command(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(name).args(arguments).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// Writing to a text does not fail.
pub(crate) fn line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}
