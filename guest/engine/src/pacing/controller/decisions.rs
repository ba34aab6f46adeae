//! The controller's decisions one by one, in numbers.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// At a ceiling of 1,026 syncs in a [`SPAN`].
fn controller() -> RateController {
    let controller = RateController::new(50_000);
    assert_eq!(controller.ceiling(), 1_026);
    controller
}

/// One that holds this allowance until `until`.
fn holding(allowance: u64, until: Duration, fallback: Option<Fallback>) -> RateController {
    let mut controller = controller();
    controller.pacer.allow(allowance);
    controller.phase = Phase::Holding { until, fallback };
    controller
}

/// One in a trial that has begun at 100 s, with nothing sent yet.
fn trying(safe: u64, saves_up: bool) -> RateController {
    let mut controller = holding(safe, 100 * SECOND, None);
    controller.saves_up = saves_up;
    controller.advance(100 * SECOND);
    controller
}

fn trial(controller: &RateController) -> Trial {
    match controller.phase {
        Phase::Trial(trial) => trial,
        other => panic!("no trial: {other:?}"),
    }
}

fn trial_mut(controller: &mut RateController) -> &mut Trial {
    match &mut controller.phase {
        Phase::Trial(trial) => trial,
        other => panic!("no trial: {other:?}"),
    }
}

fn held(controller: &RateController) -> (Duration, Option<Fallback>) {
    match controller.phase {
        Phase::Holding { until, fallback } => (until, fallback),
        other => panic!("it does not hold: {other:?}"),
    }
}

fn mark(at: u64, total: u64) -> Mark {
    let at = Duration::from_secs(at);
    Mark { at, total }
}

/// A throttle window that began at `began`, in which a request was still refused at `refused_at`.
fn throttled(began: Duration, refused_at: Duration, named: bool, in_doubt: u64) -> Throttled {
    Throttled {
        began: Mark {
            at: began,
            total: 0,
        },
        refused_at,
        named,
        probed: false,
        in_doubt,
    }
}

fn admission(admitted: u32, throttled: u32, wait: Option<u64>) -> Admission {
    Admission {
        admitted,
        throttled,
        named_wait: wait.map(Duration::from_secs),
    }
}

#[test]
fn a_throttle_window_takes_something_and_half_at_most() {
    let controller = controller();
    for (before, least, most) in [
        (1_026, 513, 1_009),
        (640, 320, 629),
        (128, 64, 125),
        // A twentieth of the ceiling is never taken away.
        (100, 51, 98),
        (52, 51, 51),
        (51, 51, 51),
        (40, 40, 40),
    ] {
        assert_eq!(controller.bounds(before), (least, most), "{before}");
    }
    // Below twenty syncs, a twentieth is one.
    assert_eq!(RateController::new(500).bounds(10), (5, 9));
    assert_eq!(RateController::new(500).bounds(1), (1, 1));
}

#[test]
fn a_flow_is_counted_per_window_and_a_64th_less() {
    let controller = controller();
    // 328 in 41 s are 160 in 20 s.
    let flow = |before| controller.flow(mark(100, 100), mark(141, 428), before);
    assert_eq!(flow(300), 158);
    assert_eq!(flow(600), 300, "half at least");
    assert_eq!(flow(150), 147, "something is taken");
    let at_once = controller.flow(mark(141, 100), mark(141, 428), 300);
    assert_eq!(at_once, 295, "no time has passed");
}

#[test]
fn the_limit_lies_between_what_was_admitted_before_the_refusals_and_before_the_end() {
    let window = |early: u32, named| {
        let mut controller = controller();
        controller.admitted.add(5 * SECOND, early);
        controller.admitted.add(20 * SECOND, 100);
        controller.admitted.add(30 * SECOND, 1);
        // What was admitted last has reopened the throttle and counts in the next window.
        let throttled = throttled(22 * SECOND, 24 * SECOND, named, 1);
        controller.window(30 * SECOND, throttled, 160)
    };
    assert_eq!(window(30, true), (100, 130));
    assert_eq!(window(30, false), (100, 130));
    assert_eq!(window(49, false), (100, 149));
    // As much as ever was admitted: it is tried again, and falls back if that is throttled too.
    assert_eq!(window(50, false), (100, 150));
    assert_eq!(window(50, true), (100, 150));
    assert_eq!(window(90, true), (100, 157));
}

#[test]
fn a_refusal_that_is_said_to_last_beyond_the_end_of_the_throttle_window_did_not() {
    let mut controller = controller();
    controller.admitted.add(5 * SECOND, 10);
    controller.admitted.add(20 * SECOND, 100);
    let throttled = throttled(22 * SECOND, 90 * SECOND, true, 1);
    assert_eq!(controller.window(24 * SECOND, throttled, 160), (109, 109));
}

#[test]
fn a_refusal_lasts_as_long_as_the_named_wait_less_a_second_for_its_rounding() {
    let mut controller = controller();
    let mut refuse = |at: u64, count, wait| {
        let at = Duration::from_secs(at);
        controller.handle_response(at, RequestId(at.as_secs()), at, admission(0, count, wait));
        let Throttled {
            began,
            refused_at,
            named,
            in_doubt,
            ..
        } = controller.throttled.expect("a throttle window");
        (began.at.as_secs(), refused_at.as_secs(), named, in_doubt)
    };
    assert_eq!(refuse(10, 20, None), (10, 10, false, 20));
    assert_eq!(refuse(11, 5, Some(7)), (10, 17, true, 20));
    assert_eq!(refuse(12, 5, Some(2)), (10, 17, true, 20));
    assert_eq!(refuse(19, 5, None), (10, 19, true, 20));
}

#[test]
fn only_a_throttled_request_begins_a_throttle_window() {
    let mut controller = controller();
    controller.handle_response(SECOND, RequestId(1), SECOND, admission(3, 0, None));
    controller.handle_response(SECOND, RequestId(2), SECOND, admission(4, 0, Some(9)));
    assert!(controller.throttled.is_none());
    assert_eq!((controller.total, controller.admitted.sum()), (7, 7));
    // One that left just as the throttle reopened is news.
    controller.reopened = Some(5 * SECOND);
    let at = 5 * SECOND;
    controller.handle_response(
        9 * SECOND,
        RequestId(3),
        at - MILLISECOND,
        admission(0, 1, None),
    );
    assert!(controller.throttled.is_none());
    controller.handle_response(9 * SECOND, RequestId(4), at, admission(0, 1, None));
    assert!(controller.throttled.is_some());
}

#[test]
fn a_probe_is_alone_for_a_second_and_until_the_count_is_below_what_is_proven() {
    let mut controller = trying(100, false);
    let at = |millis: u64| 100 * SECOND + Duration::from_millis(millis);
    controller.sent(at(0), RequestId(1), 1);
    controller.sent(at(1_000), RequestId(2), 50);
    controller.sent(at(10_300), RequestId(3), 49);
    // As many as are proven: there is nothing to wait for but the pace.
    let paced = controller.pacer.free_at(1);
    assert_eq!(controller.free_at(at(19_900), 20), paced);

    controller.sent(at(20_200), RequestId(4), 1);
    assert_eq!(controller.free_at(at(20_200), 20), at(1_000) + SPAN);
    let mut admitted = controller.clone();
    admitted.handle_response(at(20_300), RequestId(4), at(20_200), admission(1, 0, None));
    assert_eq!(trial(&admitted).proven, 101);
    assert_eq!(admitted.free_at(at(20_300), 20), admitted.pacer.free_at(1));

    controller.throttled = Some(throttled(at(20_300), at(20_300), false, 1));
    assert_eq!(
        controller.free_at(at(20_300), 20),
        controller.pacer.free_at(1)
    );
    assert_eq!(controller.portion(at(20_300), 20), 1);
}

#[test]
fn only_a_request_that_was_admitted_as_a_whole_proves_more() {
    for (admission, proven) in [
        (admission(1, 0, None), 101),
        (admission(0, 0, None), 100),
        (admission(0, 1, None), 100),
        (admission(1, 1, None), 100),
    ] {
        let mut controller = trying(100, false);
        let now = 101 * SECOND;
        controller.sent(now, RequestId(1), 101);
        controller.handle_response(now, RequestId(1), now, admission);
        assert_eq!(trial(&controller).proven, proven, "{admission:?}");
    }
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
fn a_trial_that_is_throttled_goes_back() {
    // To what has flowed in since the bucket was empty last, if the tenant saves up.
    let mut bucket = trying(200, true);
    trial_mut(&mut bucket).emptied = mark(60, 0);
    bucket.throttled = Some(Throttled::new(mark(100, 470), 1));
    bucket.reopened(100 * SECOND);
    assert_eq!(bucket.pacer.allowance(), 232, "235 in 20 s, less a 64th");
    assert_eq!(held(&bucket).0, 100 * SECOND + 4 * SPAN);
    assert!(held(&bucket).1.is_none());

    // Otherwise to what is safe, or what was proven and admitted, until that has lasted.
    let mut sliding = trying(200, false);
    trial_mut(&mut sliding).proven = 204;
    sliding.admitted.add(90 * SECOND, 230);
    sliding.throttled = Some(throttled(99 * SECOND, 99 * SECOND, true, 1));
    sliding.reopened(100 * SECOND);
    assert_eq!(sliding.pacer.allowance(), 203);
    let (until, fallback) = held(&sliding);
    assert_eq!(until, 100 * SECOND + 4 * SPAN);
    assert!(matches!(fallback, Some(Fallback::Held(200))));
}

#[test]
fn what_a_throttle_window_has_shown_is_doubtful_for_two_windows() {
    let mut controller = holding(160, 900 * SECOND, None);
    controller.admitted.add(65 * SECOND, 31);
    controller.admitted.add(80 * SECOND, 100);
    controller.throttled = Some(throttled(82 * SECOND, 83 * SECOND, true, 10));
    controller.hold = 16;
    controller.reopened(90 * SECOND);
    assert_eq!(controller.pacer.allowance(), 130);
    let (until, fallback) = held(&controller);
    assert_eq!(until, 90 * SECOND + 2 * SPAN);
    assert!(matches!(fallback, Some(Fallback::Learned(99))));
    assert_eq!(
        controller.hold, 4,
        "the limit has fallen by more than a 16th"
    );
}

#[test]
fn nothing_is_doubtful_where_a_throttle_window_leaves_no_doubt() {
    let mut controller = holding(160, 900 * SECOND, None);
    controller.admitted.add(80 * SECOND, 101);
    controller.throttled = Some(throttled(82 * SECOND, 83 * SECOND, true, 10));
    controller.reopened(90 * SECOND);
    assert_eq!(controller.pacer.allowance(), 100);
    assert!(held(&controller).1.is_none());
}

/// What a throttle window at 160 syncs teaches, and after how many windows it is tried again.
fn hold_after(admitted: u32, in_doubt: u64) -> u32 {
    let mut controller = holding(160, 900 * SECOND, None);
    controller.hold = 16;
    controller.admitted.add(70 * SECOND, admitted);
    controller.admitted.add(85 * SECOND, 1);
    controller.throttled = Some(throttled(86 * SECOND, 86 * SECOND, true, in_doubt));
    controller.reopened(90 * SECOND);
    controller.hold
}

#[test]
fn how_long_it_holds_depends_on_how_much_is_in_doubt() {
    // Up to a 16th, 10 syncs: the next trial is as far away as it was.
    assert_eq!(hold_after(150, 10), 16);
    // The refused request was large, so the limit may be higher.
    assert_eq!(hold_after(150, 11), 2);
    assert_eq!(hold_after(100, 11), 2);
    // The limit has fallen.
    assert_eq!(hold_after(149, 10), 4);
}

#[test]
fn the_limit_has_fallen_if_much_more_was_admitted_earlier() {
    // 100 in the last window: a limiter that counts admits 600 in six of them, and one that fell a quarter more.
    let fell = |early: u32| {
        let mut controller = holding(200, 900 * SECOND, None);
        controller.admitted.add(1_001 * SECOND, early);
        controller.admitted.add(1_095 * SECOND, 101);
        controller.throttled = Some(throttled(1_100 * SECOND, 1_100 * SECOND, true, 1));
        controller.reopened(1_101 * SECOND);
        controller.fell
    };
    assert!(!fell(649));
    assert!(fell(650));

    let mut earlier = holding(200, 900 * SECOND, None);
    earlier.fell = true;
    earlier.admitted.add(95 * SECOND, 101);
    earlier.throttled = Some(throttled(100 * SECOND, 100 * SECOND, true, 1));
    earlier.reopened(101 * SECOND);
    assert!(earlier.fell, "what has fallen once has fallen");
}

#[test]
fn trials_are_4_8_16_and_32_windows_apart() {
    let windows = |allowance: u64, fell: bool, times: usize| -> Vec<u32> {
        let mut controller = holding(allowance, SECOND, None);
        controller.fell = fell;
        let settle = |_| {
            controller.settle(7 * SECOND);
            let span = held(&controller).0 - 7 * SECOND;
            u32::try_from(span.as_nanos() / SPAN.as_nanos()).expect("a few")
        };
        (0..times).map(settle).collect()
    };
    assert_eq!(windows(200, false, 6), [4, 8, 16, 32, 32, 32]);
    assert_eq!(
        windows(200, true, 4),
        [4, 5, 5, 5],
        "a limit that fell rises"
    );
    // One sync in 1,600 at most is spent on a trial.
    assert_eq!(windows(40, false, 6), [4, 8, 16, 32, 40, 40]);

    let mut after_a_doubt = holding(200, SECOND, None);
    after_a_doubt.hold = 1;
    after_a_doubt.settle(SECOND);
    assert_eq!(held(&after_a_doubt).0, SECOND + SPAN);
    assert_eq!(after_a_doubt.hold, 4);
}

#[test]
fn a_bucket_has_admitted_more_than_flows_into_it() {
    // 320 in 40 s are 160 in 20 s, less a 64th: 158. A 16th more may be chance.
    let bucket = |last: u32, before_trial: Option<Mark>| {
        let mut controller = controller();
        controller.before_trial = before_trial;
        controller.admitted.add(35 * SECOND, last + 1);
        let flow = controller.bucket(mark(40, 320), mark(0, 0), 250);
        assert_eq!(controller.saves_up, flow.is_some());
        flow
    };
    assert_eq!(bucket(167, None), None);
    assert_eq!(bucket(168, None), Some(158));
    // It was empty before the trial, too: a longer time gives a better estimate.
    assert_eq!(bucket(168, Some(mark(8, 0))), Some(197));
}

#[test]
fn the_log_of_what_was_admitted_goes_back_six_windows() {
    let mut controller = controller();
    controller.admitted.add(SECOND, 5);
    controller.advance(121 * SECOND - MILLISECOND);
    assert_eq!(controller.admitted.sum(), 5);
    controller.advance(121 * SECOND);
    assert_eq!(controller.admitted.sum(), 0);
}

#[test]
fn what_has_lasted_is_safe_and_is_held_before_the_next_trial() {
    let fallback = Some(Fallback::Held(100));
    let mut controller = holding(120, 50 * SECOND, fallback);
    controller.advance(50 * SECOND - MILLISECOND);
    assert!(held(&controller).1.is_some());
    controller.advance(50 * SECOND);
    assert_eq!(held(&controller).0, 50 * SECOND + 4 * SPAN);
    assert!(held(&controller).1.is_none());
    assert_eq!(controller.pacer.allowance(), 120);
}

#[test]
fn a_trial_begins_when_the_time_has_come_and_not_in_a_throttle_window() {
    let mut controller = holding(320, 50 * SECOND, None);
    controller.dry = Some(mark(30, 0));
    controller.advance(50 * SECOND - MILLISECOND);
    assert!(held(&controller).1.is_none());
    controller.throttled = Some(throttled(49 * SECOND, 49 * SECOND, false, 1));
    controller.advance(50 * SECOND);
    assert!(held(&controller).1.is_none());
    controller.throttled = None;
    controller.advance(50 * SECOND);
    assert_eq!(controller.pacer.allowance(), 331, "a 32nd and one more");
    let trial = trial(&controller);
    assert_eq!((trial.safe, trial.proven), (320, 320));
    assert_eq!(trial.emptied.at, 30 * SECOND);
    assert_eq!(
        controller.before_trial.map(|mark| mark.at),
        Some(30 * SECOND)
    );
}

#[test]
fn a_trial_that_finds_nothing_ends_and_one_that_does_goes_on() {
    let end = 100 * SECOND + 2 * SPAN;
    let mut nothing = trying(320, false);
    nothing.advance(end - MILLISECOND);
    assert_eq!(trial(&nothing).step, Step::Look);
    nothing.advance(end);
    assert_eq!(nothing.pacer.allowance(), 320);
    assert_eq!(held(&nothing).0, end + 4 * SPAN);

    let mut more = trying(320, false);
    trial_mut(&mut more).proven = 325;
    more.advance(end);
    assert_eq!(trial(&more).step, Step::Walk);
    assert_eq!(more.pacer.allowance(), 325 + 81 + 1);
}

#[test]
fn a_trial_that_comes_near_the_ceiling_has_reached_it() {
    let near = |proven: u64| {
        let mut controller = trying(320, false);
        trial_mut(&mut controller).proven = proven;
        controller.advance(101 * SECOND);
        controller
    };
    // 993 and a 32nd and one are 1,025: one less than the ceiling.
    assert_eq!(trial(&near(993)).proven, 993);
    let reached = near(994);
    assert_eq!(reached.pacer.allowance(), 1_026);
    let safe = match reached.phase {
        Phase::AtCeiling { risen_from } => risen_from,
        other => panic!("not at the ceiling: {other:?}"),
    };
    assert_eq!(safe, Some(320));
}

#[test]
fn where_there_is_no_room_for_a_trial_the_ceiling_is_reached() {
    let controller = trying(1_026, false);
    assert!(matches!(
        controller.phase,
        Phase::AtCeiling {
            risen_from: Some(1_026)
        }
    ));
    // A bucket has to be drained first, whatever the room.
    let mut bucket = trying(1_026, true);
    assert_eq!(trial(&bucket).step, Step::Drain);
    bucket.pacer.allow(1_026);
}

#[test]
fn requests_are_small_where_the_limit_is_unsure() {
    let largest = |controller: &RateController, most| controller.largest(200 * SECOND, most);
    // A window's worth in as few requests of one size as possible, half of a window at most.
    assert_eq!(largest(&controller(), 20), 20);
    assert_eq!(largest(&controller(), 100), 94);
    assert_eq!(largest(&RateController::new(1_000), 100), 10);
    // Half a second's worth below the ceiling, a quarter while it is doubtful, one in a trial or a throttle window.
    assert_eq!(largest(&holding(402, 900 * SECOND, None), 20), 10);
    assert_eq!(largest(&holding(410, 900 * SECOND, None), 8), 8);
    assert_eq!(largest(&holding(30, 900 * SECOND, None), 20), 1);
    let doubtful = Some(Fallback::Learned(1));
    assert_eq!(largest(&holding(410, 900 * SECOND, doubtful), 20), 5);
    assert_eq!(largest(&holding(410, 900 * SECOND, doubtful), 3), 3);
    assert_eq!(largest(&trying(410, false), 20), 1);
    let mut throttled_now = controller();
    throttled_now.throttled = Some(throttled(SECOND, SECOND, false, 1));
    assert_eq!(largest(&throttled_now, 20), 1);
}

#[test]
fn requests_are_small_for_a_window_after_the_throttle_has_reopened() {
    for (mut controller, later) in [(controller(), 20), (holding(810, 900 * SECOND, None), 20)] {
        controller.reopened = Some(100 * SECOND);
        let largest = |now| controller.largest(now, 20);
        let quarter_second = controller.pacer.allowance() / 80;
        assert_eq!(largest(100 * SECOND + SPAN - MILLISECOND), quarter_second);
        assert_eq!(largest(100 * SECOND + SPAN), later);
    }
}

#[test]
fn a_bulk_call_that_counts_as_its_devices_starts_anew() {
    let mut controller = holding(100, 900 * SECOND, None);
    controller.charge_devices(50 * SECOND, 10_000, 300);
    assert_eq!(controller.ceiling(), 205);
    assert!(matches!(
        controller.phase,
        Phase::AtCeiling { risen_from: None }
    ));
    assert_eq!((controller.total, controller.admitted.sum()), (300, 300));
    assert_eq!(
        controller.throttled.map(|throttled| throttled.began.at),
        Some(50 * SECOND)
    );
}

#[test]
fn each_throttled_sync_puts_the_next_trial_off() {
    let windows = |throttled: u32, hold: u32, fell: bool| {
        let mut controller = holding(200, 900 * SECOND, None);
        (controller.hold, controller.fell) = (hold, fell);
        controller.handle_response(SECOND, RequestId(1), SECOND, admission(0, throttled, None));
        controller.throttled = None;
        controller.settle(SECOND);
        let span = held(&controller).0 - SECOND;
        let windows = u32::try_from(span.as_nanos() / SPAN.as_nanos()).expect("a few");
        (windows, controller.unpaid)
    };
    // 1,600 syncs for each are 8 windows of 200.
    assert_eq!(windows(1, 8, false), (8, 0));
    assert_eq!(windows(2, 8, false), (16, 0));
    assert_eq!(windows(2, 32, false), (32, 0));
    assert_eq!(windows(15, 8, false), (80, 5), "the rest is paid later");
    assert_eq!(windows(5, 4, false), (4, 4), "the first one comes");
    assert_eq!(windows(5, 5, true), (5, 4), "a limit that has fallen rises");

    let mut unknown = controller();
    unknown.handle_response(SECOND, RequestId(1), SECOND, admission(0, 5, None));
    assert_eq!(unknown.unpaid, 0, "nothing was learned yet");
}

#[test]
fn only_at_the_ceiling_nothing_is_known_of_the_limit() {
    assert_eq!(controller().limit(), Limit::Unknown);
    assert_eq!(holding(200, SECOND, None).limit(), Limit::Learned);
    assert_eq!(trying(200, false).limit(), Limit::Learned);
    // A trial that has led to the ceiling has left a limit that is known.
    assert_eq!(trying(1_026, false).limit(), Limit::Learned);
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
    // 160 in 20 s from refusal to refusal, the refused one included, less a 64th.
    assert!(controller.saves_up);
    assert_eq!(controller.pacer.allowance(), 158);
}
