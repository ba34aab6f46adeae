//! What a throttle window teaches, and what begins one.

use super::*;

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
fn the_log_of_what_was_admitted_goes_back_six_windows() {
    let mut controller = controller();
    controller.admitted.add(SECOND, 5);
    controller.advance(121 * SECOND - MILLISECOND);
    assert_eq!(controller.admitted.sum(), 5);
    controller.advance(121 * SECOND);
    assert_eq!(controller.admitted.sum(), 0);
}

#[test]
fn only_at_the_ceiling_nothing_is_known_of_the_limit() {
    let knows = |controller: RateController| controller.limit(SECOND) != Limit::Unknown;
    assert!(!knows(controller()));
    assert!(knows(holding(200, SECOND, None)));
    assert!(knows(trying(200, false)));
    // A trial that has led to the ceiling has left a limit that is known.
    assert!(knows(trying(1_026, false)));
}

/// Three a second leave from 10 s on, and are admitted, until ten are refused at 29.5 s. Seven have left before.
#[test]
fn a_window_has_room_once_as_many_have_left_it_as_were_refused() {
    let now = Duration::from_millis(29_500);
    let mut controller = holding(120, 900 * SECOND, None);
    controller.pacer.take(5 * SECOND, 7);
    controller.admitted.add(5 * SECOND, 7);
    for at in 10..30 {
        controller.pacer.take(at * SECOND, 3);
        controller.admitted.add(at * SECOND, 3);
    }
    let span = controller.pacer.span();
    // 60 were admitted: with the eldest gone, there is room for one.
    assert_eq!(controller.room_at(now), 10 * SECOND + span);
    controller.pacer.take(now, 10);
    // Eleven more than 59 are left: those of the first four seconds.
    assert_eq!(controller.room_at(now), 13 * SECOND + span);
    let room_at = 13 * SECOND + span;
    assert_eq!(controller.limit(now), Limit::Learned { room_at });
    // A bucket fills up all the time.
    controller.saves_up = true;
    assert_eq!(controller.room_at(now), Duration::ZERO);
}

#[test]
fn where_less_than_half_was_admitted_nothing_is_known_of_when_there_is_room() {
    let room = |admitted: u32| {
        let mut controller = holding(120, 900 * SECOND, None);
        controller.pacer.take(SECOND, 70);
        controller.admitted.add(SECOND, admitted);
        controller.room_at(2 * SECOND)
    };
    let span = holding(120, SECOND, None).pacer.span();
    assert_eq!(room(60), SECOND + span);
    assert_eq!((room(59), room(0)), (Duration::ZERO, Duration::ZERO));
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
