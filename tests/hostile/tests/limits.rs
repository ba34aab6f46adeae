//! What a component may use up.

use serde_json::Value;

use crate::{
    guests,
    harness::{attack, bare, rehearse},
};

const COMPUTED: &str = "the component broke off: it computed for too long without coming back";
const HANDLES: &str = "the component broke off: it holds more than 1024 handles of the host's";
const IN_FLIGHT: &str = "more than 64 requests in flight";

#[test]
pub(crate) fn endless_next() {
    attack(guests::ENDLESS_NEXT).run().stopped(COMPUTED);
}

/// Virtual time stands still as long as a component does not wait: without a bound such a rehearsal would never end.
#[test]
pub(crate) fn busy_next() {
    let (code, stderr) = rehearse(guests::BUSY_NEXT);
    assert_eq!(code, Some(1), "{stderr}");
    let said = "error: the component returned from `next` ";
    let message = stderr.lines().find(|line| line.starts_with(said));
    let message = message.unwrap_or_else(|| panic!("{stderr}"));
    assert!(
        message.ends_with(" times at one moment, and neither waited nor ended"),
        "{stderr}"
    );
}

#[test]
pub(crate) fn endless_start() {
    attack(guests::ENDLESS_START).run().stopped(COMPUTED);
}

#[test]
pub(crate) fn sleeping_next() {
    let ended = attack(guests::SLEEPING_NEXT).run();
    ended.stopped("the component did not come back within ");
}

#[test]
pub(crate) fn sleeping_start() {
    let ended = attack(guests::SLEEPING_START).run();
    ended.stopped("the component did not come back within ");
}

#[test]
pub(crate) fn sleeping_summary() {
    let ended = attack(guests::SLEEPING_SUMMARY).run();
    ended.stopped("the component did not come back within ");
}

#[test]
pub(crate) fn endless_memory() {
    let ended = attack(guests::ENDLESS_MEMORY).run();
    ended.stopped("the component broke off: it asked for more than 512 MiB of memory");
}

#[test]
pub(crate) fn endless_recursion() {
    let ended = attack(guests::ENDLESS_RECURSION).run();
    ended.stopped("the component broke off: wasm trap: call stack exhausted");
}

#[test]
pub(crate) fn endless_handles() {
    let ended = attack(guests::ENDLESS_HANDLES).run();
    ended.stopped(HANDLES);
}

#[test]
pub(crate) fn endless_fields() {
    let ended = attack(guests::ENDLESS_FIELDS).run();
    ended.stopped(HANDLES);
}

#[test]
pub(crate) fn endless_bodies() {
    let ended = attack(guests::ENDLESS_BODIES).run();
    ended.stopped(HANDLES);
}

#[test]
pub(crate) fn giant_failures() {
    let ended = attack(guests::GIANT_FAILURES).run();
    ended.stopped("the component reports more failed devices than it has sent syncs for");
}

#[test]
pub(crate) fn giant_settings_error() {
    let ended = attack(guests::GIANT_SETTINGS_ERROR).run();
    assert!(ended.stderr.len() < 20_000, "{} bytes", ended.stderr.len());
    assert!(ended.stderr.contains("does not take its settings: `xxx"));
}

/// The history knows that it is over, and what was to be written of it is there.
#[test]
fn a_run_that_could_not_begin_has_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_str().expect("a path in UTF-8");
    let page = folder.path().join("page.html");
    let ended = attack(guests::GIANT_SETTINGS_ERROR)
        .recorded_in(place)
        .args(["--report"])
        .args(page.to_str())
        .run();
    assert!(ended.stderr.contains("does not take its settings"));
    assert!(page.exists(), "{}", ended.details());
    let runs = bare()
        .args(["runs", "list", "--state-dir", place, "--output", "json"])
        .output()
        .expect("the program starts");
    let runs: Value = serde_json::from_slice(&runs.stdout).expect("JSON");
    assert_eq!(runs[0]["outcome"], "failed", "{runs}");
}

#[test]
pub(crate) fn endless_requests() {
    // Syncs that wait for the ceiling.
    let ended = attack(guests::ENDLESS_REQUESTS)
        .args(["--max-rate", "1"])
        .run();
    ended.nothing_forbidden();
    assert!(ended.stdout.contains(IN_FLIGHT), "{}", ended.details());
    assert!(ended.seen.syncs_requested < 64, "{}", ended.details());
}

#[test]
pub(crate) fn unread_responses() {
    let ended = attack(guests::UNREAD_RESPONSES).run();
    ended.stopped_after(
        64,
        &format!("the egress gate refused a request of the component's: {IN_FLIGHT}"),
    );
}

#[test]
pub(crate) fn flood() {
    let ended = attack(guests::FLOOD).args(["--max-rate", "1"]).run();
    assert_eq!(ended.says(), "26 responses");
    // The ceiling's burst: the largest batch, and two seconds' worth.
    let burst = 20 + 2;
    let most = burst + ended.took.as_secs() + 1;
    assert!(
        (26..=most).contains(&ended.seen.syncs_requested),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn amplified_response() {
    let ended = attack(guests::AMPLIFIED_RESPONSE).run();
    ended.stopped(
        "the component broke off: too much data is being copied between the host and the guest",
    );
}
