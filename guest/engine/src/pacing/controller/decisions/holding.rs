//! How long an allowance is held before more is tried.

use super::*;

/// What a throttle window at 160 syncs teaches, and after how many windows it is tried again.
fn hold_after(admitted: u32, in_doubt: u64, fell: bool) -> u32 {
    let mut controller = holding(160, 900 * SECOND, None);
    controller.fell = fell;
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
    assert_eq!(hold_after(150, 10, false), 16);
    // The refused request was large, so the limit may be higher.
    assert_eq!(hold_after(150, 11, false), 2);
    assert_eq!(hold_after(100, 11, false), 2);
    // The limit has fallen.
    assert_eq!(hold_after(149, 10, false), 4);
    // It had fallen before: a large request has already cost enough.
    assert_eq!(hold_after(150, 11, true), 16);
    assert_eq!(hold_after(100, 11, true), 4);
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
    // One sync in 2,000 at most is spent on a trial.
    assert_eq!(windows(40, false, 6), [4, 8, 16, 32, 50, 50]);

    let mut after_a_doubt = holding(200, SECOND, None);
    after_a_doubt.hold = 1;
    after_a_doubt.settle(SECOND);
    assert_eq!(held(&after_a_doubt).0, SECOND + SPAN);
    assert_eq!(after_a_doubt.hold, 4);
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
    // 2,000 syncs for each are 10 windows of 200.
    assert_eq!(windows(1, 8, false), (10, 0));
    assert_eq!(windows(2, 8, false), (20, 0));
    assert_eq!(windows(2, 32, false), (32, 0));
    assert_eq!(windows(15, 8, false), (120, 3), "the rest is paid later");
    assert_eq!(windows(5, 4, false), (4, 4), "the first one comes");
    assert_eq!(windows(5, 5, true), (5, 4), "a limit that has fallen rises");

    let mut unknown = controller();
    unknown.handle_response(SECOND, RequestId(1), SECOND, admission(0, 5, None));
    assert_eq!(unknown.unpaid, 0, "nothing was learned yet");
}
