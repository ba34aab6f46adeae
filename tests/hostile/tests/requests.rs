//! What is requested of Graph: nothing but syncs.

use crate::{guests, harness::attack};

const SYNC_ONLY: &str = "is not on the list of what may leave";

#[test]
pub(crate) fn wipe_by_path() {
    let ended = attack(guests::WIPE_BY_PATH).run();
    ended.refused("`POST /v1.0/deviceManagement/managedDevices/");
    assert!(
        ended.stdout.contains(&format!("/wipe` {SYNC_ONLY}")),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn sync_under_plan() {
    let ended = attack(guests::SYNC_UNDER_PLAN).args(["--dry-run"]).run();
    ended.refused("a run that only plans may send no sync");
}

#[test]
pub(crate) fn retire_by_path() {
    let ended = attack(guests::RETIRE_BY_PATH).run();
    ended.refused("`POST /beta/deviceManagement/managedDevices/");
    assert!(
        ended.stdout.contains(&format!("/retire` {SYNC_ONLY}")),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn delete_device() {
    let ended = attack(guests::DELETE_DEVICE).run();
    ended.refused("`DELETE /v1.0/deviceManagement/managedDevices/");
    assert!(ended.stdout.contains(SYNC_ONLY), "{}", ended.details());
}

#[test]
pub(crate) fn dot_segments() {
    let ended = attack(guests::DOT_SEGMENTS).run();
    ended.refused("`POST /v1.0/deviceManagement/managedDevices/");
    assert!(
        ended.stdout.contains("/syncDevice/../wipe`"),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn encoded_slash() {
    let ended = attack(guests::ENCODED_SLASH).run();
    ended.refused("`POST /v1.0/deviceManagement/managedDevices/");
    assert!(
        ended.stdout.contains("%2fwipe%3f/syncDevice`"),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn crlf_path() {
    let said = attack(guests::CRLF_PATH).run().says();
    assert_eq!(said, "the method, the scheme or the path was not taken");
}

#[test]
pub(crate) fn body_on_sync() {
    let ended = attack(guests::BODY_ON_SYNC).run();
    ended.refused("a body of 22 bytes where none is allowed");
}

#[test]
pub(crate) fn wipe_in_batch() {
    let ended = attack(guests::WIPE_IN_BATCH).run();
    ended.refused("a batch item may be a device's syncDevice only, not `/deviceManagement/");
}

#[test]
pub(crate) fn absolute_url_in_batch() {
    let ended = attack(guests::ABSOLUTE_URL_IN_BATCH).run();
    ended.refused("a batch item may be a device's syncDevice only, not `http://127.0.0.1:");
}

#[test]
pub(crate) fn nested_batch() {
    let ended = attack(guests::NESTED_BATCH).run();
    ended.refused("the body is not of the allowed shape: unknown field \\`body\\`");
}

#[test]
pub(crate) fn duplicate_keys() {
    let ended = attack(guests::DUPLICATE_KEYS).run();
    ended.refused("the body is not of the allowed shape: duplicate field \\`url\\`");
}

#[test]
pub(crate) fn escaped_keys() {
    let ended = attack(guests::ESCAPED_KEYS)
        .args(["--dispatch", "bulk"])
        .run();
    ended.refused("the body is not of the allowed shape: duplicate field \\`actionName\\`");
}

#[test]
pub(crate) fn wipe_by_execute_action() {
    let ended = attack(guests::WIPE_BY_EXECUTE_ACTION)
        .args(["--dispatch", "bulk"])
        .run();
    ended.refused("the bulk action may be `syncDevice` only, not `wipe`");
}

#[test]
pub(crate) fn unasked_execute_action() {
    let ended = attack(guests::UNASKED_EXECUTE_ACTION)
        .args(["--dispatch", "batch"])
        .run();
    ended.refused("`executeAction` is allowed under bulk dispatch only");
}

#[test]
pub(crate) fn too_many_items() {
    attack(guests::TOO_MANY_ITEMS)
        .run()
        .refused("the batch has 21 items, 1 to 20 are allowed");
}

#[test]
pub(crate) fn too_many_ids() {
    let ended = attack(guests::TOO_MANY_IDS)
        .args(["--dispatch", "bulk"])
        .run();
    ended.refused("the bulk action has 101 devices, 1 to 100 are allowed");
}

#[test]
pub(crate) fn dropped_wipe() {
    let ended = attack(guests::DROPPED_WIPE).run();
    ended.refused("`POST /v1.0/deviceManagement/managedDevices/");
    assert!(
        ended.stdout.contains(&format!("/wipe` {SYNC_ONLY}")),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn unfinished_wipe() {
    let ended = attack(guests::UNFINISHED_WIPE).run();
    ended.refused("`POST /v1.0/$batch` was begun, and its body never finished");
}

#[test]
pub(crate) fn false_length() {
    let ended = attack(guests::FALSE_LENGTH).run();
    ended
        .refused("a body that was not finished, or is not as long as its `content-length`: `POST ");
}
