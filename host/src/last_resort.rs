//! The last resort: a panic is a bug, and that is what the user learns. Not what it was about, which may be secret.

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind, set_hook},
    process::ExitCode,
};

use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;

use crate::printer::{self, Printer, Streams};

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

fn install() {
    set_hook(Box::new(|panic| {
        printer::erase_foot();
        Printer::new(Streams::of_process()).error(&bug_at(panic.location()));
        // The main thread unwinds, so that a run can report what it has done. For the others nobody may be waiting.
        if std::thread::current().name() != Some("main") {
            std::process::exit(ExitStatus::Failed.code().into());
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
    fn a_panic_is_a_bug_with_an_exit_code_and_without_secrets() {
        if std::env::var_os(PANICS).is_some() {
            install();
            panic!("the token is s3cret");
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
