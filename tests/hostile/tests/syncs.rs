//! When syncs leave: not before the user has agreed, and none that is new after a stop.

use crate::{guests, harness::attack};

#[test]
pub(crate) fn silent_syncs() {
    let Some(ended) = attack(guests::SILENT_SYNCS).at_a_terminal("n\n") else {
        return;
    };
    let asked = ended
        .stderr
        .contains("sync an unknown number of devices of ");
    assert!(asked, "{}", ended.details());
    assert_eq!(ended.says(), "0 have left");
    assert_eq!(ended.seen.syncs_requested, 0, "{}", ended.details());
    let agreed = attack(guests::SILENT_SYNCS).run();
    assert_eq!(agreed.seen.syncs_requested, 30, "{}", agreed.details());
}

#[test]
pub(crate) fn understated_plan() {
    let Some(ended) = attack(guests::UNDERSTATED_PLAN).at_a_terminal("n\n") else {
        return;
    };
    assert_eq!(ended.seen.syncs_requested, 0, "{}", ended.details());
    ended.stopped("the component counts 0 devices to sync, where the books have 120");
}

#[test]
pub(crate) fn deaf_to_no() {
    let Some(ended) = attack(guests::DEAF_TO_NO).at_a_terminal("n\n") else {
        return;
    };
    let asked = ended.stderr.contains("sync all 120 devices of ");
    assert!(asked, "{}", ended.details());
    ended.refused("a sync after the run was stopped");
    let Some(agreed) = attack(guests::DEAF_TO_NO).at_a_terminal("y\n") else {
        return;
    };
    assert_eq!(agreed.seen.syncs_requested, 30, "{}", agreed.details());
}

/// Its syncs wait for the ceiling: 22 leave at once, and one more each second.
#[cfg(unix)]
#[test]
pub(crate) fn deaf_to_stop() {
    let attack = attack(guests::DEAF_TO_STOP).args(["--max-rate", "1"]);
    let (ended, then) = attack.interrupted_after(22);
    // On a slow machine a few more leave before the signal has arrived. Where the stop is not heeded all sixty do.
    let left = ended.seen.syncs_requested;
    assert!(left < 60, "{then}: {}", ended.details());
    ended.nothing_forbidden();
}

/// The deadline is a stop like any other: where it is not heeded all sixty leave.
#[test]
fn nor_to_a_deadline() {
    let ended = attack(guests::DEAF_TO_STOP)
        .args(["--max-rate", "1", "--deadline", "8s"])
        .run();
    let left = ended.seen.syncs_requested;
    assert!(left < 60, "{}", ended.details());
    ended.nothing_forbidden();
}

#[cfg(not(unix))]
pub(crate) fn deaf_to_stop() {}
