//! The last resort: a panic is a bug, and that is what the user learns. Not what it was about, which may be secret.

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind, set_hook},
    process::ExitCode,
    sync::LazyLock,
    thread,
    time::Duration,
};

use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;
use tokio::sync::watch;

use crate::printer::{self, Printer, Streams};

/// How long a run may take to report what it has done, once another thread has panicked.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a thread other than that of the run has panicked.
static BROKE_ELSEWHERE: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// Runs the program. A panic ends it with an error and an exit code like any other.
pub(crate) fn guard(program: impl FnOnce() -> ExitCode) -> ExitCode {
    install();
    // Nothing of what broke off is looked at any more.
    catch_unwind(AssertUnwindSafe(program)).unwrap_or(ExitStatus::Failed.into())
}

/// What the user learns of a panic: where it was, as far as that is known.
pub(crate) fn bug_at(place: Option<&Location<'_>>) -> Advice {
    let place = match place {
        Some(place) => format!(" at {}:{}", place.file(), place.line()),
        None => String::new(),
    };
    Advice::new(
        format!("intune-sync has a bug: it broke off{place}"),
        "report it with this line and the output of `intune-sync --version`; what was sent so far remains",
    )
}

/// Waits until another thread panics. What it was there for will not happen: a run that goes on may never end.
pub(crate) async fn broke_elsewhere() {
    let mut broke = BROKE_ELSEWHERE.subscribe();
    // The sender is a static.
    let _ = broke.wait_for(|broke| *broke).await;
}

/// A new run in this process: what has panicked before it is not its business.
pub(crate) fn begin() {
    BROKE_ELSEWHERE.send_replace(false);
}

/// Another thread has panicked: the run learns of it, and `end` ends it if it has not reported in time.
pub(crate) fn break_off(end: impl FnOnce() + Clone + Send + 'static) {
    BROKE_ELSEWHERE.send_replace(true);
    let wait = move || {
        thread::sleep(PATIENCE);
        if *BROKE_ELSEWHERE.borrow() {
            end();
        }
    };
    // Without a thread to wait in, the one that has panicked waits.
    if thread::Builder::new().spawn(wait.clone()).is_err() {
        wait();
    }
}

fn install() {
    set_hook(Box::new(|panic| {
        printer::erase_foot();
        Printer::new(Streams::of_process()).error(&bug_at(panic.location()));
        // The main thread unwinds, so that a run can report what it has done. For the others nobody may be waiting.
        if thread::current().name() != Some("main") {
            break_off(|| std::process::exit(ExitStatus::Failed.code().into()));
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Set where a test runs again in a separate process, to panic there.
    const PANICS: &str = "LAST_RESORT_TEST_PANICS";

    /// In a separate process, another thread panics. Elsewhere the test goes on.
    fn panic_in_a_separate_process() -> bool {
        if std::env::var_os(PANICS).is_none() {
            return false;
        }
        install();
        let broken = thread::spawn(|| panic!("the token is s3cret"));
        assert!(broken.join().is_err());
        true
    }

    /// How that process ended: its exit code, and what it wrote.
    fn ended(test: &str) -> (Option<i32>, String, String) {
        let this = std::env::current_exe().expect("this program");
        let ended = Command::new(this)
            .args([
                &format!("last_resort::tests::{test}"),
                "--exact",
                "--nocapture",
            ])
            .env(PANICS, "1")
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            ended.status.code(),
            text(&ended.stdout),
            text(&ended.stderr),
        )
    }

    #[test]
    fn a_run_learns_of_a_panic_of_another_thread() {
        if panic_in_a_separate_process() {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.expect("a runtime").block_on(broke_elsewhere());
            std::io::Write::write_all(&mut std::io::stdout(), b"what was done").expect("stdout");
            std::process::exit(7);
        }
        let (code, stdout, stderr) = ended("a_run_learns_of_a_panic_of_another_thread");
        assert_eq!(code, Some(7), "{stdout}");
        assert!(stdout.contains("what was done"), "{stdout}");
        assert!(stderr.contains("has a bug") && !stderr.contains("s3cret"));
    }

    #[test]
    fn a_panic_is_a_bug_with_an_exit_code_and_without_secrets() {
        if panic_in_a_separate_process() {
            // There is no run that would learn of it, and nothing else that ends the program.
            loop {
                thread::park();
            }
        }
        let (code, _, stderr) = ended("a_panic_is_a_bug_with_an_exit_code_and_without_secrets");
        assert_eq!(code, Some(1), "{stderr}");
        assert!(
            stderr.starts_with(
                "error: intune-sync has a bug: it broke off at host/src/last_resort.rs:"
            ) && stderr.contains("\nhint: report it"),
            "{stderr}"
        );
        assert!(!stderr.contains("s3cret"), "{stderr}");
    }
}
