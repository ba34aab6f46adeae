//! How a run ends: what it must not leave out, and when a device may be given up.

use http::Method;
use intune_sync_egress::{
    Conclusion::{self, Completed, Planned, Unfinished},
    Counts, NamesFound, ReportedOutcome as Outcome, Untrue,
};
use intune_sync_selection::Selection;

use crate::run::{DEVICES, Run, id, page};

const CONCLUSIONS: [Conclusion; 3] = [Completed, Planned, Unfinished];

/// A run whose list holds a device that cannot sync, and not one that is named.
fn run_of_skipped_and_unlisted() -> Run {
    let run = Run::new(Selection {
        os: vec!["linux".to_owned()],
        devices: vec![id(1), id(2)],
        ..Selection::default()
    });
    let row = format!(r#"{{"id":"{}","operatingSystem":"Linux"}}"#, id(1));
    run.reply(200, &format!(r#"{{"value":[{row}]}}"#));
    run.list("").expect("the first page");
    run
}

fn withheld(n: u32, outcome: &'static str) -> Result<(), Untrue> {
    let device = id(n);
    Err(Untrue::Withheld { device, outcome })
}

#[test]
fn what_graph_has_said_of_a_device_is_left_out_by_no_end() {
    for (status, outcome) in [(204, "was synced"), (404, "is gone"), (409, "has failed")] {
        let run = Run::of(&[1]);
        run.reply(status, "");
        run.sync(id(1)).expect("listed");
        for conclusion in CONCLUSIONS {
            let said = Counts {
                total: 1,
                ..Counts::default()
            };
            let concluded = run.custody.conclude(&said, conclusion);
            assert_eq!(concluded, withheld(1, outcome), "{conclusion:?}");
        }
    }
}

#[test]
fn a_plan_has_what_it_skips_and_what_is_not_listed() {
    let run = run_of_skipped_and_unlisted();
    let nothing = Counts::default();
    assert_eq!(run.custody.conclude(&nothing, Unfinished), Ok(()));
    let mut said = Counts {
        total: 2,
        ..Counts::default()
    };
    for (n, outcome, left_out) in [
        (1, Outcome::Skipped, "is to be skipped"),
        (2, Outcome::Gone, "is not in the list"),
    ] {
        for conclusion in [Completed, Planned] {
            let concluded = run.custody.conclude(&said, conclusion);
            assert_eq!(concluded, withheld(n, left_out), "{conclusion:?}");
        }
        run.custody.device_done(id(n), outcome).expect("true");
        match outcome {
            Outcome::Skipped => said.skipped += 1,
            _ => said.gone += 1,
        }
    }
    for conclusion in CONCLUSIONS {
        assert_eq!(run.custody.conclude(&said, conclusion), Ok(()));
    }
}

/// Its reports show that it has seen the list, whatever it has sent.
#[test]
fn a_component_that_reports_a_device_knows_how_many_there_are() {
    for (n, outcome) in [(1, Outcome::Skipped), (2, Outcome::Gone)] {
        let run = run_of_skipped_and_unlisted();
        assert_eq!(run.custody.counts().total, 0);
        run.custody.device_done(id(n), outcome).expect("true");
        assert_eq!(run.custody.counts().total, 2);
    }
}

#[test]
fn a_device_that_is_forbidden_is_reported_or_passed_over() {
    let run = Run::of(&[1]);
    run.reply(403, "");
    run.sync(id(1)).expect("listed");
    let mut said = Counts {
        total: 1,
        ..Counts::default()
    };
    assert_eq!(run.custody.conclude(&said, Unfinished), Ok(()));
    let passed_over = Err(Untrue::PassedOver(id(1)));
    assert_eq!(run.custody.conclude(&said, Completed), passed_over);
    run.custody
        .device_done(id(1), Outcome::Failed)
        .expect("true");
    said.error = 1;
    assert_eq!(run.custody.conclude(&said, Completed), Ok(()));
}

#[test]
fn a_device_that_is_gone_or_on_its_way_has_not_failed() {
    let run = Run::of(&[1, 2]);
    run.reply(404, "");
    run.sync(id(1)).expect("listed");
    let path = format!("{DEVICES}/{}/syncDevice", id(2));
    let _held = run.hold(Method::POST, &path, "").expect("listed");
    for (n, instead) in [
        (1, "and Graph does not know it"),
        (2, "while a sync of it is on its way"),
    ] {
        let device = id(n);
        let failed = run.custody.device_done(device, Outcome::Failed);
        assert_eq!(failed, Err(Untrue::Failure { device, instead }));
    }
}

/// A token that is refused is renewed: it says something of the device only once that was in vain several times.
#[test]
fn a_device_is_given_up_after_six_refused_tokens_and_not_before() {
    let run = Run::of(&[1]);
    for refusals in 1..=6 {
        run.reply(401, "");
        run.sync(id(1)).expect("it explains itself");
        let failed = run.custody.device_done(id(1), Outcome::Failed);
        assert_eq!(failed.is_ok(), refusals == 6, "{refusals}: {failed:?}");
    }
}

#[test]
fn a_device_that_is_gone_has_its_outcome_even_if_the_run_breaks_off() {
    let run = Run::of(&[1]);
    run.reply(404, "");
    run.sync(id(1)).expect("listed");
    let settled = run.custody.settle();
    let settled: Vec<_> = settled
        .iter()
        .map(|(id, outcome, _)| (*id, *outcome))
        .collect();
    assert_eq!(settled, [(id(1), Outcome::Gone)]);
}

#[test]
fn pending_are_those_without_any_outcome() {
    let counts = Counts {
        total: 30,
        success: 7,
        error: 5,
        skipped: 3,
        gone: 2,
        ..Counts::default()
    };
    assert_eq!(counts.pending(), 13);
}

#[test]
fn once_the_list_is_complete_it_is_known_which_names_are_no_device_s() {
    let run = Run::new(Selection {
        device_names: vec!["device 1".to_owned(), "device 8".to_owned()],
        exclude_devices: vec![id(9)],
        ..Selection::default()
    });
    run.reply(200, &page(&[1], Some("$skiptoken=x")));
    run.list("").expect("the first page");
    assert_eq!(run.custody.names_found(), None);
    run.reply(200, &page(&[2], None));
    run.list("$skiptoken=x").expect("the link");
    let found = NamesFound {
        unlisted: vec!["device 8".to_owned()],
        unlisted_exclusions: vec![id(9).to_string()],
        ..NamesFound::default()
    };
    assert_eq!(run.custody.names_found(), Some(found));
}
