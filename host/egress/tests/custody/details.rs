//! What a person is shown of the devices that a run takes. The component gets none of it.

use intune_sync_egress::TakenDevice;
use intune_sync_selection::Selection;

use crate::run::{Run, id, page};

const READ_FOR_PEOPLE: [&str; 2] = ["serialNumber", "userPrincipalName"];

/// A run whose list has been read to its end: two devices to sync, one that cannot, and one that is not listed.
fn run_of_four(stalest_first: bool) -> Run {
    let run = Run::new(Selection {
        os: vec!["windows".to_owned(), "linux".to_owned()],
        devices: [1, 2, 3, 9].map(id).to_vec(),
        stalest_first,
        ..Selection::default()
    });
    run.custody.keep_details();
    let row = |n: u32, os: &str, last: &str| {
        format!(
            r#"{{"id":"{}","deviceName":"name {n}","serialNumber":"serial {n}","userPrincipalName":"user {n}",
                "operatingSystem":"{os}","lastSyncDateTime":"{last}"}}"#,
            id(n)
        )
    };
    let rows = [
        row(3, "Linux", "0001-01-01T00:00:00Z"),
        // It matches only when it comes again, and is behind device 2 then.
        row(1, "Android", "2026-11-25T10:00:00Z"),
        row(2, "Windows", "2026-11-26T10:00:00Z"),
        row(1, "Windows", "2026-11-25T10:00:00Z"),
        row(4, "Windows", "2026-11-24T10:00:00Z"),
    ]
    .join(",");
    run.reply(200, &format!(r#"{{"value":[{rows}]}}"#));
    run.list("").expect("the first page");
    run
}

fn taken(n: u32, os: &str, last_sync: u32, skipped: Option<&str>) -> TakenDevice {
    TakenDevice {
        id: id(n),
        name: format!("name {n}"),
        serial_number: format!("serial {n}"),
        user: format!("user {n}"),
        os: os.to_owned(),
        last_sync,
        skipped: skipped.map(str::to_owned),
    }
}

#[test]
fn devices_are_shown_in_the_order_of_the_run_and_behind_them_those_that_it_skips() {
    let unlisted = TakenDevice {
        id: id(9),
        name: String::new(),
        serial_number: String::new(),
        user: String::new(),
        os: String::new(),
        last_sync: 0,
        skipped: Some("not listed".to_owned()),
    };
    let skipped = [taken(3, "Linux", 0, Some("platform Linux")), unlisted];
    // As the seconds of 25 and 26 November 2026, 10:00 UTC.
    let first = taken(1, "Windows", 1_795_600_800, None);
    let second = taken(2, "Windows", 1_795_687_200, None);
    for (stalest_first, synced) in [
        (false, [second.clone(), first.clone()]),
        (true, [first, second]),
    ] {
        let shown = run_of_four(stalest_first).custody.take_details();
        let expected = [synced, skipped.clone()].concat();
        assert_eq!(shown, expected, "stalest first: {stalest_first}");
    }
}

#[test]
fn what_is_read_for_people_leaves_with_the_query_and_does_not_reach_the_component() {
    const QUERY: &str = "$select=id,deviceName";
    for for_people in [false, true] {
        let run = Run::new(Selection::default());
        if for_people {
            run.custody.keep_details();
        }
        let whole = page(&[1], None);
        assert!(whole.contains("serialNumber"), "{whole}");
        run.reply(200, &whole);
        let got = run.list(QUERY).expect("the first page");
        assert!(!got.body.contains("serialNumber"), "{}", got.body);
        let left = run.left().pop().expect("it left");
        let query = left.uri().query().unwrap_or_default();
        for property in READ_FOR_PEOPLE {
            assert_eq!(query.contains(property), for_people, "{query}");
        }
        assert_eq!(run.custody.take_details().len(), usize::from(for_people));
    }
}
