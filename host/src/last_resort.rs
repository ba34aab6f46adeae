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
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

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

/// Notes whether another thread has panicked. A new run in the same process begins without.
pub(crate) fn set_broke_elsewhere(broke: bool) {
    BROKE_ELSEWHERE.send_replace(broke);
}

fn install() {
    set_hook(Box::new(|panic| {
        printer::erase_foot();
        Printer::new(Streams::of_process()).error(&bug_at(panic.location()));
        // The main thread unwinds, so that a run can report what it has done. For the others nobody may be waiting: the
        // run is told, and the program ends even if there is none.
        if thread::current().name() != Some("main") {
            set_broke_elsewhere(true);
            let end = || {
                thread::sleep(PATIENCE);
                std::process::exit(ExitStatus::Failed.code().into());
            };
            if thread::Builder::new().spawn(end).is_err() {
                end();
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Set where this test runs again in a separate process, to panic there.
    const PANICS: &str = "LAST_RESORT_TEST_PANICS";

    #[test]
    fn a_run_learns_of_a_panic_of_another_thread() {
        if std::env::var_os(PANICS).is_some() {
            install();
            let broken = thread::spawn(|| panic!("the token is s3cret"));
            assert!(broken.join().is_err());
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.expect("a runtime").block_on(broke_elsewhere());
            std::io::Write::write_all(&mut std::io::stdout(), b"what was done").expect("stdout");
            std::process::exit(7);
        }
        let this = std::env::current_exe().expect("this program");
        let test = "last_resort::tests::a_run_learns_of_a_panic_of_another_thread";
        let ended = Command::new(this)
            .args([test, "--exact", "--nocapture"])
            .env(PANICS, "1")
            .output()
            .expect("it runs");
        let stdout = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(7), "{stdout}");
        assert!(stdout.contains("what was done"), "{stdout}");
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert!(stderr.contains("has a bug") && !stderr.contains("s3cret"));
    }

    #[test]
    fn a_panic_is_a_bug_with_an_exit_code_and_without_secrets() {
        if std::env::var_os(PANICS).is_some() {
            install();
            let broken = thread::spawn(|| panic!("the token is s3cret"));
            assert!(broken.join().is_err());
            // There is no run that would learn of it, and nothing else that ends the program.
            loop {
                thread::park();
            }
        }
        let this = std::env::current_exe().expect("this program");
        let test = "last_resort::tests::a_panic_is_a_bug_with_an_exit_code_and_without_secrets";
        let ended = Command::new(this)
            .args([test, "--exact", "--nocapture"])
            .env(PANICS, "1")
            .output()
            .expect("it runs");
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.starts_with(
                "error: intune-sync has a bug: it broke off at host/src/last_resort.rs:"
            ) && stderr.contains("\nhint: report it"),
            "{stderr}"
        );
        assert!(!stderr.contains("s3cret"), "{stderr}");
    }
}
