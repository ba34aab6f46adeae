//! The program within another: what its panics come to. Everything else is tested in Python, in tests/python.

use std::{
    ffi::OsString,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use intune_sync::embedded::{self, Ended, Refused, Stop, Streams};

/// One run at a time in a process.
static ALONE: Mutex<()> = Mutex::new(());

/// A stream that is written to on the thread of the run, and does something once it is written a text.
#[derive(Clone)]
struct Acting {
    text: Arc<Mutex<String>>,
    word: &'static str,
    action: fn(),
}

impl Acting {
    fn on(word: &'static str, action: fn()) -> Self {
        Self {
            text: Arc::default(),
            word,
            action,
        }
    }

    fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.clone()
    }
}

impl Write for Acting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let acts = {
            let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            let acted = text.contains(self.word);
            text.push_str(&String::from_utf8_lossy(bytes));
            !acted && text.contains(self.word)
        };
        if acts {
            (self.action)();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn run(arguments: &[&str], stderr: &Acting) -> Result<Ended, Refused> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let arguments = arguments.iter().map(OsString::from).collect();
    let streams = Streams::new(io::sink(), stderr.clone());
    embedded::run(arguments, streams, &Stop::default())
}

fn breaks() {
    panic!("the token is s3cret");
}

/// On a thread for whose end nobody waits.
fn breaks_elsewhere() {
    thread::spawn(breaks);
}

#[test]
fn a_panic_of_the_run_is_an_error_without_secrets_and_the_next_run_is_well() {
    // Its first line, before anything that could report it.
    let broken = run(&["demo", "--devices", "10"], &Acting::on("note", breaks));
    let error = broken.expect_err("it broke off");
    assert!(matches!(error, Refused::Bug(_)), "{error}");
    let said = error.to_string();
    assert!(
        said.starts_with("intune-sync has a bug: it broke off at ")
            && said.contains("embedded/main.rs:"),
        "{said}"
    );
    assert!(!said.contains("s3cret"), "{said}");
    let well = run(&["--version"], &Acting::on("never", breaks)).expect("it runs");
    assert_eq!(well.exit_code, 0);
}

/// It has broken off, and says what it has done.
fn assert_has_reported(ended: Result<Ended, Refused>, stderr: &Acting) {
    let ended = ended.expect("it reports");
    assert_eq!(ended.exit_code, 1);
    let object: serde_json::Value =
        serde_json::from_str(&ended.object.expect("a run has one")).expect("it is JSON");
    assert_eq!(object["TotalDevices"], 100);
    assert_ne!(object["PendingCount"], 0);
    assert!(stderr.text().contains("has a bug"), "{}", stderr.text());
}

#[test]
fn a_run_that_panics_reports_what_it_has_done() {
    let stderr = Acting::on("Processing batch 2", breaks);
    let ended = run(
        &[
            "demo",
            "--devices",
            "100",
            "--batch-size",
            "50",
            "--seed",
            "1",
        ],
        &stderr,
    );
    assert_has_reported(ended, &stderr);
}

#[test]
fn a_run_reports_what_it_has_done_when_another_thread_panics() {
    // It would pause for an hour.
    let endless = [
        "demo",
        "--devices",
        "100",
        "--batch-size",
        "50",
        "--batch-delay-seconds",
        "1h",
    ];
    let stderr = Acting::on("Processing batch 1", breaks_elsewhere);
    let ended = run(&endless, &stderr);
    assert_has_reported(ended, &stderr);
    // The next run is well.
    let well = run(&["--version"], &Acting::on("never", breaks)).expect("it runs");
    assert_eq!(well.exit_code, 0);
}
