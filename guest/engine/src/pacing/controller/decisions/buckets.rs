//! How a bucket is recognized, and what flows into it.

use super::*;

#[test]
fn a_flow_is_counted_per_span_and_a_64th_less() {
    let controller = controller();
    // 328 in 41 s are 164 in a SPAN.
    let flow = |before| controller.flow(mark(100, 100), mark(141, 428), before);
    assert_eq!(flow(300), 162);
    assert_eq!(flow(600), 300, "half at least");
    assert_eq!(flow(150), 147, "something is taken");
    let at_once = controller.flow(mark(141, 100), mark(141, 428), 300);
    assert_eq!(at_once, 295, "no time has passed");
}

#[test]
fn throttle_windows_that_follow_each_other_within_a_span_are_a_series() {
    let dry_since = |began: Duration| {
        let mut controller = controller();
        controller.throttled = Some(throttled(99 * SECOND, 99 * SECOND, false, 0));
        controller.reopened(100 * SECOND);
        controller.throttled = Some(throttled(began, began, false, 0));
        controller.reopened(130 * SECOND);
        controller.dry_since.expect("it was dry").at
    };
    // What counts is the refusal: the bucket was empty then.
    assert_eq!(dry_since(100 * SECOND + SPAN - MILLISECOND), 99 * SECOND);
    assert_eq!(dry_since(100 * SECOND + SPAN), 100 * SECOND + SPAN);
}

#[test]
fn a_bucket_has_admitted_more_than_flows_into_it() {
    // 320 in 40 s are 164 in a SPAN, less a 64th: 162. A 16th more in 20 s may be chance.
    let bucket = |last: u32, before_trial: Option<Mark>| {
        let mut controller = controller();
        controller.before_trial = before_trial;
        controller.admitted.add(35 * SECOND, last + 1);
        let flow = controller.bucket(mark(40, 320), mark(0, 0), 250);
        assert_eq!(controller.saves_up, flow.is_some());
        flow
    };
    assert_eq!(bucket(167, None), None);
    assert_eq!(bucket(168, None), Some(162));
    // It was empty before the trial, too: a longer time gives a better estimate.
    assert_eq!(bucket(168, Some(mark(8, 0))), Some(202));
}

#[test]
fn the_ceiling_after_a_trial_is_no_proof_of_a_bucket() {
    let refused_at_the_ceiling = |saves_up| {
        let mut controller = trying(200, saves_up);
        controller.pacer.allow(u64::MAX);
        controller.phase = Phase::AtCeiling {
            risen_from: Some(200),
        };
        controller.before_trial = Some(mark(60, 0));
        controller.admitted.add(190 * SECOND, 901);
        controller.throttled = Some(Throttled::new(mark(200, 2_100), 1));
        controller.reopened(201 * SECOND);
        assert_eq!(controller.saves_up, saves_up);
        controller.pacer.allowance()
    };
    assert_eq!(
        refused_at_the_ceiling(false),
        900,
        "what the last window has admitted"
    );
    // 2,100 in 140 s are 300 in 20 s, less a 64th; half at least.
    assert_eq!(refused_at_the_ceiling(true), 513);
}

#[test]
fn a_server_that_refuses_a_probe_is_no_bucket_unless_it_names_the_time() {
    let after = |sent_at, wait| {
        let mut throttled = Throttled::new(mark(10, 7), 1);
        throttled.refused(15 * SECOND, sent_at, wait);
        throttled.may_be_bucket()
    };
    assert!(after(10 * SECOND, None), "it was in flight");
    assert!(!after(10 * SECOND + MILLISECOND, None));
    assert!(after(14 * SECOND, Some(2 * SECOND)));
}

#[test]
fn refused_calls_drain_a_bucket_too() {
    let mut controller = holding(300, 900 * SECOND, None);
    controller.dry = Some(mark(0, 0));
    controller.dry_since = controller.dry;
    controller.reopened = Some(SECOND);
    controller.handle_response(15 * SECOND, RequestId(1), SECOND, admission(250, 0, None));
    controller.total = 159;
    controller.handle_response(
        20 * SECOND,
        RequestId(2),
        19 * SECOND,
        admission(0, 1, None),
    );
    controller.handle_response(
        21 * SECOND,
        RequestId(3),
        21 * SECOND,
        admission(1, 0, None),
    );
    controller.reopened(21 * SECOND);
    // 164 in a SPAN from refusal to refusal, the refused one included, less a 64th.
    assert!(controller.saves_up);
    assert_eq!(controller.pacer.allowance(), 162);
}
