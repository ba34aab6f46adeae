//! The list, the selection and the truth, to which the host holds a component.

use intune_sync_simulator::Share;

use crate::{
    guests,
    harness::{Attack, Ended, attack, attack_on},
};

/// A device's id, in a message.
const ID: &str = "00112233-4455-4677-8899-aabbccddeeff";

/// The list has several pages.
fn paged(component: &str) -> Ended {
    let attack = attack_on(component, |config| {
        config.list.page_size = std::num::NonZeroU32::new(50).expect("it is not 0");
    });
    attack.run()
}

#[test]
pub(crate) fn property_not_known() {
    attack(guests::PROPERTY_NOT_KNOWN)
        .run()
        .refused("the query of the list is refused: `phoneNumber` is not a property that is read");
}

#[test]
pub(crate) fn property_not_selected() {
    attack(guests::PROPERTY_NOT_SELECTED)
        .run()
        .refused("this run does not read `complianceState`, which the query of the list names");
    // Where the user selects by it, it is read.
    let ended = attack(guests::PROPERTY_NOT_SELECTED)
        .args(["--compliance", "compliant"])
        .run();
    assert_eq!(ended.says(), "status 200");
}

#[test]
pub(crate) fn expand() {
    attack(guests::EXPAND)
        .run()
        .refused("the query of the list is refused: `$expand` is not an option of the list");
}

#[test]
pub(crate) fn search() {
    attack(guests::SEARCH)
        .run()
        .refused("the query of the list is refused: `$search` is not an option of the list");
}

#[test]
pub(crate) fn filter_of_its_own() {
    attack(guests::FILTER_OF_ITS_OWN)
        .run()
        .refused("this run does not select by `startswith(deviceName,%27A%27)`");
}

#[test]
pub(crate) fn or_in_filter() {
    attack(guests::OR_IN_FILTER)
        .run()
        .refused("the query of the list is refused: `id eq 'a' or id eq 'b'` is not a comparison");
}

#[test]
pub(crate) fn forged_link() {
    let ended = attack(guests::FORGED_LINK).run();
    ended.refused("`$skiptoken=000000010000000000000000` is not the link to the next page");
    assert_eq!(ended.seen.requests.list, 0, "{}", ended.details());
}

#[test]
pub(crate) fn altered_link() {
    let ended = paged(guests::ALTERED_LINK);
    ended.refused("`$skiptoken=");
    assert!(
        ended
            .stdout
            .contains("&$expand=users` is not the link to the next page"),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn reused_link() {
    let ended = paged(guests::REUSED_LINK);
    ended.refused("`$skiptoken=");
    assert_eq!(ended.seen.requests.list, 2, "{}", ended.details());
}

#[test]
pub(crate) fn endless_reads() {
    let ended = attack(guests::ENDLESS_READS).run();
    ended.refused("the list of devices was begun before");
    assert_eq!(ended.seen.requests.list, 1, "{}", ended.details());
}

#[test]
pub(crate) fn sync_before_list() {
    attack(guests::SYNC_BEFORE_LIST).run().refused(&format!(
        "a sync of `{ID}` before the list of devices was read to its end"
    ));
}

#[test]
pub(crate) fn sync_before_last_page() {
    let ended = paged(guests::SYNC_BEFORE_LAST_PAGE);
    ended.refused("a sync of `");
    assert!(
        ended
            .stdout
            .contains("` before the list of devices was read to its end"),
        "{}",
        ended.details()
    );
}

#[test]
pub(crate) fn outside_list() {
    attack(guests::OUTSIDE_LIST).run().refused(&format!(
        "a sync of `{ID}`, which is not in the list of devices"
    ));
}

/// What is refused ends the run, with this reason behind the id of a device, after as many syncs as the tenant saw.
fn ends(ended: &Ended, before: &str, behind: &str) {
    let syncs = ended.seen.syncs_accepted;
    ended.stopped_after(
        syncs,
        &format!("the egress gate refused a request of the component's: {before} `"),
    );
    assert!(ended.stdout.contains(behind), "{}", ended.details());
}

#[test]
pub(crate) fn outside_selection() {
    let ended = attack(guests::OUTSIDE_SELECTION)
        .args(["--os", "iOS"])
        .run();
    ends(&ended, "a sync of", "`, which the selection does not match");
}

#[test]
pub(crate) fn over_limit() {
    let ended = attack(guests::OVER_LIMIT)
        .args(["--limit", "3", "--order", "listed"])
        .run();
    ends(
        &ended,
        "a sync of",
        "`, which is not among the first 3 (`--limit`)",
    );
    assert_eq!(ended.seen.syncs_requested, 3, "{}", ended.details());
}

#[test]
pub(crate) fn unsupported_device() {
    let attack = attack_on(guests::UNSUPPORTED_DEVICE, |config| {
        config.fleet.platforms.linux = 20;
    });
    ends(
        &attack.run(),
        "a sync of",
        "`, which cannot sync and is to be skipped",
    );
}

#[test]
pub(crate) fn hundred_times() {
    let ended = attack(guests::HUNDRED_TIMES).run();
    ends(&ended, "a further sync of", "`, which was accepted");
    assert_eq!(ended.seen.syncs_requested, 1, "{}", ended.details());
}

#[test]
pub(crate) fn sync_after_404() {
    let attack = attack_on(guests::SYNC_AFTER_404, |config| {
        config.fleet.gone = Share::percent(100);
    });
    let ended = attack.run();
    ends(&ended, "a further sync of", "`, which was gone");
    assert_eq!(ended.seen.syncs_requested, 1, "{}", ended.details());
}

#[test]
pub(crate) fn endless_retries() {
    let attack = attack_on(guests::ENDLESS_RETRIES, |config| {
        config.fleet.failing = Share::percent(100);
    });
    let ended = attack.args(["--max-retries", "2"]).run();
    ends(
        &ended,
        "a further sync of",
        "` after 5: more than retries and throttled responses explain",
    );
}

#[test]
pub(crate) fn same_device_at_once() {
    let ended = attack(guests::SAME_DEVICE_AT_ONCE).run();
    // On a slow machine the first is accepted before the second is judged.
    let refused = ["a second sync of `", "a further sync of `"]
        .iter()
        .any(|refusal| ended.stdout.contains(refusal));
    assert!(refused, "{}", ended.details());
    assert!(ended.seen.syncs_requested <= 1, "{}", ended.details());
}

#[test]
pub(crate) fn twice_in_batch() {
    attack(guests::TWICE_IN_BATCH)
        .run()
        .refused("a second sync of `");
}

#[test]
pub(crate) fn twice_in_bulk() {
    attack(guests::TWICE_IN_BULK)
        .args(["--dispatch", "bulk"])
        .run()
        .refused("a second sync of `");
}

/// This is what is left to a component: the order of the devices that it syncs.
#[test]
pub(crate) fn bulk_in_another_order() {
    let ended = attack(guests::BULK_IN_ANOTHER_ORDER)
        .args(["--dispatch", "bulk"])
        .run();
    assert_eq!(ended.says(), "status 200");
    assert_eq!(ended.seen.syncs_accepted, 20, "{}", ended.details());
}

#[test]
pub(crate) fn success_never_sent() {
    let ended = attack(guests::SUCCESS_NEVER_SENT).run();
    ended.stopped_after(5, "the component reports `");
    ended.tells("` as synced, and Graph has accepted no sync of it");
}

#[test]
pub(crate) fn invented_failure() {
    let ended = attack(guests::INVENTED_FAILURE).run();
    ended.stopped_after(5, "the component reports `");
    ended.tells("` as failed, and no sync of it has left");
}

#[test]
pub(crate) fn given_up_early() {
    let attack = attack_on(guests::GIVEN_UP_EARLY, |config| {
        config.fleet.failing = Share::percent(100);
    });
    let ended = attack.run();
    ended.stopped_after(0, "the component reports `");
    ended.tells("` as failed, and has not tried it as often as `--max-retries` says");
}

#[test]
pub(crate) fn invented_gone() {
    let ended = attack(guests::INVENTED_GONE).run();
    ended.stopped_after(5, "the component reports `");
    ended.tells("` as gone, and Graph has not said so");
}

#[test]
pub(crate) fn invented_skip() {
    let ended = attack(guests::INVENTED_SKIP).run();
    ended.stopped_after(5, "the component reports `");
    ended.tells("` as skipped, which can be synced");
}

#[test]
pub(crate) fn foreign_device() {
    let ended = attack(guests::FOREIGN_DEVICE).run();
    ended.stopped_after(
        5,
        &format!("the component reports `{ID}`, which is not a device of this run"),
    );
}

#[test]
pub(crate) fn reported_twice() {
    let ended = attack(guests::REPORTED_TWICE).run();
    ended.stopped_after(5, "the component reports `");
    ended.tells("` twice");
}

/// The sync that was not reported is in the summary nevertheless.
#[test]
pub(crate) fn success_withheld() {
    let ended = attack(guests::SUCCESS_WITHHELD).run();
    ended.stopped_after(6, "the component does not report `");
    ended.tells("`, which was synced");
}

#[test]
pub(crate) fn device_left_out() {
    let ended = attack(guests::DEVICE_LEFT_OUT).run();
    ended.stopped_after(
        119,
        "the component says that it has completed, and has passed over `",
    );
    let report = ended.report().expect("a report");
    assert_eq!(report["PendingCount"], 1, "{}", ended.details());
}

#[test]
pub(crate) fn nothing_done() {
    attack(guests::NOTHING_DONE).run().stopped(
        "the component says that it has completed, and has not read the list of devices to its end",
    );
}

#[test]
pub(crate) fn one_success_more() {
    let ended = attack(guests::ONE_SUCCESS_MORE).run();
    ended.stopped_after(
        5,
        "the component counts 6 devices synced, where the books have 5",
    );
}

#[test]
pub(crate) fn smaller_plan() {
    attack(guests::SMALLER_PLAN)
        .run()
        .stopped("the component counts 119 devices to sync, where the books have 120");
}

#[test]
pub(crate) fn longer_list() {
    attack(guests::LONGER_LIST)
        .run()
        .stopped("the component counts 121 devices in the list, where the books have 120");
}

/// The list says that it has 949 devices.
fn attack_on_short_list(component: &str) -> Attack {
    attack_on(component, |config| config.list.count = Some(949))
}

#[test]
pub(crate) fn shortfall_hidden() {
    attack_on_short_list(guests::SHORTFALL_HIDDEN).run().stopped(
        "the component does not report that the list of devices has 120 rows and says that it has more",
    );
}

#[test]
pub(crate) fn shortfall_invented() {
    attack(guests::SHORTFALL_INVENTED)
        .run()
        .stopped("the component reports the list of devices as incomplete, and it is not");
}

/// The list is short, and by more.
#[test]
fn shortfall_altered() {
    attack_on_short_list(guests::SHORTFALL_INVENTED)
        .run()
        .stopped("the component reports the list of devices as incomplete, with other numbers than it has");
}

/// Without these devices the history would not know that they are pending.
#[test]
pub(crate) fn selection_withheld() {
    let place = tempfile::tempdir().expect("a folder");
    attack(guests::SELECTION_WITHHELD)
        .recorded_in(place.path().to_str().expect("UTF-8"))
        .run()
        .stopped("the component counts 5 devices that it will sync, where the books have 120");
}

#[test]
pub(crate) fn selected_twice() {
    let place = tempfile::tempdir().expect("a folder");
    let ended = attack(guests::SELECTED_TWICE)
        .recorded_in(place.path().to_str().expect("UTF-8"))
        .run();
    ended.stopped("the component hands over `");
    ended.tells("` again, or not in the order of the ids");
}

#[test]
pub(crate) fn one_in_ten_thousand() {
    let attack = attack_on(guests::ONE_IN_TEN_THOUSAND, |config| {
        config.fleet.devices = 10_000;
    });
    let ended = attack.run();
    ended.stopped_after(9_999, "the component reports `");
    ended.tells("` as synced, and Graph has accepted no sync of it");
    // The one that the component has left out.
    ended.tells(&ended.device(7_777));
    let report = ended.report().expect("a report");
    assert_eq!(report["PendingCount"], 1, "{}", ended.details());
}

/// Neither id leaves: the host's own do, and the component gets its own back.
#[test]
pub(crate) fn ids_as_channel() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let attack = crate::harness::attack_behind(guests::IDS_AS_CHANNEL, |tenant| {
        watched(tenant.clone(), std::sync::Arc::clone(&seen))
    });
    let said = attack.run().says();
    assert!(said.contains(r#""id":"leaked-1""#), "{said}");
    assert!(said.contains(r#""id":"leaked-2""#), "{said}");
    let seen = seen.lock().expect("no panic");
    assert!(seen.contains("syncDevice"), "{seen}");
    assert!(
        !seen.contains("leaked") && !seen.contains("1eaced"),
        "{seen}"
    );
}

/// Writes down the heads and bodies of all requests.
fn watched(
    tenant: intune_sync_simulator::Simulator,
    seen: std::sync::Arc<std::sync::Mutex<String>>,
) -> axum::Router {
    use std::fmt::Write as _;

    axum::Router::new().fallback(async move |request: http::Request<axum::body::Body>| {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a body");
        {
            let mut seen = seen.lock().expect("no panic");
            let text = String::from_utf8_lossy(&body);
            write!(seen, "{} {:?} {text}", head.uri, head.headers).expect("a text");
        }
        tenant
            .respond(http::Request::from_parts(head, body.into()))
            .await
    })
}
