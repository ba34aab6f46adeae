//! How a trial begins, what it proves, and where it leads.

use super::*;

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
fn a_trial_that_is_throttled_goes_back() {
    // To what has flowed in since the bucket was empty last, if the tenant saves up.
    let mut bucket = trying(200, true);
    trial_mut(&mut bucket).emptied = mark(60, 0);
    bucket.throttled = Some(Throttled::new(mark(100, 470), 1));
    bucket.reopened(100 * SECOND);
    assert_eq!(bucket.pacer.allowance(), 238, "241 in a SPAN, less a 64th");
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
