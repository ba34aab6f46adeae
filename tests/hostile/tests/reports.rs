//! What a component reports, and what is kept of what was done before.

use crate::{guests, harness::attack};

#[test]
pub(crate) fn trap() {
    let ended = attack(guests::TRAP).run();
    ended.stopped_after(5, "the component broke off: wasm trap: wasm `unreachable`");
    let report = ended.report().expect("a report");
    assert_eq!(report["PendingCount"], crate::harness::DEVICES - 5);
}

#[test]
pub(crate) fn wipe_after_syncs() {
    let ended = attack(guests::WIPE_AFTER_SYNCS).run();
    ended.stopped_after(
        5,
        "the egress gate refused a request of the component's: `POST ",
    );
}

#[test]
pub(crate) fn wipe_in_summary() {
    attack(guests::WIPE_IN_SUMMARY).run().refused("`POST ");
}

#[test]
pub(crate) fn wrong_counts() {
    attack(guests::WRONG_COUNTS)
        .run()
        .stopped("the component's counts do not add up");
}

#[test]
pub(crate) fn overflowing_plan() {
    attack(guests::OVERFLOWING_PLAN)
        .run()
        .stopped_after(5, "the component's counts do not add up");
}

#[test]
pub(crate) fn false_completion() {
    attack(guests::FALSE_COMPLETION).run().stopped_after(
        5,
        "the component says that it has completed, with 115 devices pending",
    );
}

#[test]
pub(crate) fn invalid_text() {
    attack(guests::INVALID_TEXT)
        .run()
        .stopped("the component broke off: invalid utf-8 sequence");
}

#[test]
pub(crate) fn text_beyond_memory() {
    attack(guests::TEXT_BEYOND_MEMORY)
        .run()
        .stopped("the component broke off: string pointer/length out of bounds of memory");
}

#[test]
pub(crate) fn terminal_codes() {
    let ended = attack(guests::TERMINAL_CODES).run();
    assert_eq!(ended.says(), "it came this far");
    assert!(ended.stderr.contains("all is well"), "{}", ended.details());
    let code = |c: char| c.is_control() && c != '\n';
    assert!(!ended.stderr.contains(code), "{}", ended.details());
    assert!(
        !ended.stderr.contains("\nerror: forged"),
        "{}",
        ended.details()
    );
}
