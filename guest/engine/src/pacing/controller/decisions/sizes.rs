//! How many syncs a request may carry, and the time in which the allowance may leave.

use super::*;

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
fn the_span_is_as_long_as_the_slowest_response_requires_and_forgets_it_slowly() {
    let mut controller = holding(200, 900 * SECOND, None);
    let respond = |controller: &mut RateController, millis| {
        let took = Duration::from_millis(millis);
        controller.handle_response(took, RequestId(1), Duration::ZERO, admission(1, 0, None));
        controller.pacer.span() - WINDOW
    };
    assert_eq!(controller.pacer.span(), SPAN, "nothing is known yet");
    assert_eq!(respond(&mut controller, 400), 400 * MILLISECOND);
    let later = respond(&mut controller, 100);
    assert_eq!(later, 400 * MILLISECOND - 400 * MILLISECOND / 4_096);
    assert_eq!(respond(&mut controller, 9_000), SPAN - WINDOW);
    controller.pacer.allow(u64::MAX);
    respond(&mut controller, 100);
    assert_eq!(controller.pacer.span(), SPAN, "at the ceiling");
}
