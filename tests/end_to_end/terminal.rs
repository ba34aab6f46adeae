//! What a person sees of a run at a terminal, as the screen shows it.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use vt100::Parser;

use crate::{
    program::Program,
    tenant::{Tenant, healthy},
};

/// A program on a terminal, and what the screen shows.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    output: ChildStdout,
    screen: Parser,
    device: String,
}

impl Terminal {
    /// Starts a program on a terminal of this width.
    fn start(program: Program, width: u16) -> Self {
        let script = format!("tty; stty cols {width} rows 50; ");
        let mut command = program.under_script_after(&script).into_command();
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("`script` starts");
        let mut terminal = Self {
            keys: child.stdin.take().expect("it is piped"),
            output: child.stdout.take().expect("it is piped"),
            child,
            screen: Parser::new(50, width, 0),
            device: String::new(),
        };
        terminal.until("its name is shown", |rows| {
            !rows.is_empty() && rows[0].starts_with("/dev/")
        });
        terminal.device = terminal.rows()[0].clone();
        terminal
    }

    /// Makes the window wider or narrower.
    fn resize(&mut self, width: u16) {
        let set = Command::new("stty")
            .args(["-F", &self.device, "cols", &width.to_string()])
            .status();
        assert!(set.is_ok_and(|status| status.success()));
        self.screen.screen_mut().set_size(50, width);
    }

    /// Reads until the screen shows something; `what` is said if it never does.
    fn until(&mut self, what: &str, shows: impl Fn(&[String]) -> bool) {
        while !shows(&self.rows()) {
            assert!(self.read(), "{what}: {:#?}", self.rows());
        }
    }

    /// Reads on; returns whether there is more to come.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 256];
        // The end of a terminal is an error on some systems.
        let read = self.output.read(&mut bytes).unwrap_or(0);
        self.screen.process(&bytes[..read]);
        read > 0
    }

    /// What the screen shows when the program has ended, and its exit code.
    fn finish(mut self) -> (Vec<String>, Option<i32>) {
        while self.read() {}
        let code = self.child.wait().expect("it ends").code();
        (self.rows(), code)
    }

    fn rows(&self) -> Vec<String> {
        let screen = self.screen.screen();
        let rows = screen.rows(0, screen.size().1);
        let mut rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }
}

fn is_missing() -> bool {
    let is_missing = !Path::new("/usr/bin/script").exists();
    if is_missing {
        eprintln!("skipped: there is no `script` here");
    }
    is_missing
}

/// A run that takes long: a device a second.
fn slow(tenant: &Tenant) -> Program {
    let pace = ["--batch-size", "1", "--batch-delay-seconds", "1s"];
    tenant.surround().args(["sync", "--yes"]).args(pace)
}

fn has_bar(row: &str) -> bool {
    row.contains('─') || row.contains('━')
}

#[test]
fn one_bar_is_at_the_foot_whatever_happens_and_none_is_left() {
    if is_missing() {
        return;
    }
    for (width, other) in [(200, 40), (40, 200)] {
        let tenant = Tenant::new(healthy(500));
        let mut terminal = Terminal::start(slow(&tenant), width);
        let fits = |rows: &[String], width: u16| {
            let bars: Vec<&String> = rows.iter().filter(|row| has_bar(row)).collect();
            let count = match width {
                200 => " of 500 devices",
                _ => "/500",
            };
            bars.len() == 1
                && bars[0].contains(count)
                && rows.iter().any(|row| row.contains(" left"))
        };
        terminal.until("a bar", |rows| fits(rows, width));
        terminal.resize(other);
        terminal.until("a bar that fits", |rows| fits(rows, other));
        terminal.keys.write_all(b"\x03").expect("it is read");
        let (rows, code) = terminal.finish();
        assert_eq!(code, Some(130), "{rows:#?}");
        assert!(!rows.iter().any(|row| has_bar(row)), "{rows:#?}");
        assert!(!rows.iter().any(|row| row.contains("^C")), "{rows:#?}");
        let text = rows.join("\n");
        assert!(text.contains("note: stopping"), "{text}");
        assert!(text.contains("TotalDevices"), "{text}");
        assert!(text.contains("intune-sync runs resume "), "{text}");
    }
}

#[test]
fn a_second_ctrl_c_leaves_no_bar_either() {
    if is_missing() {
        return;
    }
    let mut config = healthy(100);
    // So that something is in flight when it is to stop.
    config.latency.min_ms = 3_000;
    config.latency.max_ms = 3_000;
    let tenant = Tenant::new(config);
    let program = tenant
        .sync()
        .args(["--dispatch", "single", "--batch-size", "100"]);
    let mut terminal = Terminal::start(program, 100);
    terminal.until("a bar", |rows| rows.iter().any(|row| has_bar(row)));
    terminal.keys.write_all(b"\x03").expect("it is read");
    terminal.until("that it stops", |rows| {
        rows.iter().any(|row| row.contains("note: stopping"))
    });
    // Where the machine is slow, it may have ended by now.
    let _ = terminal.keys.write_all(b"\x03");
    let (rows, code) = terminal.finish();
    assert_eq!(code, Some(130), "{rows:#?}");
    assert!(!rows.iter().any(|row| has_bar(row)), "{rows:#?}");
}

#[test]
fn a_bar_needs_no_colour_and_a_dumb_terminal_gets_lines() {
    if is_missing() {
        return;
    }
    let tenant = Tenant::new(healthy(500));
    let mut terminal = Terminal::start(slow(&tenant).env("NO_COLOR", "1"), 100);
    terminal.until("a bar", |rows| rows.iter().any(|row| has_bar(row)));
    let row = terminal
        .rows()
        .iter()
        .position(|row| has_bar(row))
        .expect("it is there");
    let row = u16::try_from(row).expect("it is small");
    let cell = terminal
        .screen
        .screen()
        .cell(row, 0)
        .expect("it is on the screen")
        .clone();
    assert_eq!(cell.fgcolor(), vt100::Color::Default);
    terminal.keys.write_all(b"\x03").expect("it is read");
    let _ = terminal.finish();

    let tenant = Tenant::new(healthy(3));
    let program = tenant.sync().env("TERM", "dumb");
    let (rows, code) = Terminal::start(program, 100).finish();
    assert_eq!(code, Some(0), "{rows:#?}");
    assert!(!rows.iter().any(|row| has_bar(row)), "{rows:#?}");
}

#[test]
fn the_end_says_what_can_be_done_next() {
    if is_missing() {
        return;
    }
    let tenant = Tenant::new(healthy(3));
    let (rows, code) = Terminal::start(tenant.sync(), 100).finish();
    assert_eq!(code, Some(0), "{rows:#?}");
    let last = rows.last().expect("it has said something");
    assert!(
        last.starts_with("note: `intune-sync runs confirm "),
        "{rows:#?}"
    );
}
