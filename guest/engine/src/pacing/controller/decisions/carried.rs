//! A rate that another part of the run has learned.

use super::*;

#[test]
fn a_rate_below_the_ceiling_is_held() {
    let mut controller = controller();
    controller.begin_at(15_000);
    assert_eq!(controller.pacer.allowance(), pacer::allowance(15_000));
    let (until, fallback) = held(&controller);
    assert_eq!(until, RateController::HOLD * SPAN);
    assert!(fallback.is_none());
    assert!(controller.has_learned());
}

#[test]
fn a_rate_at_the_ceiling_or_above_it_is_the_ceiling() {
    for rate in [50_000, 90_000] {
        let mut controller = controller();
        controller.begin_at(rate);
        assert_eq!(controller.pacer.allowance(), controller.ceiling());
        assert!(!controller.has_learned(), "{rate}");
        assert_eq!(controller.learned(), None, "{rate}");
    }
}

#[test]
fn the_rate_that_is_known_to_be_admitted_is_carried_on() {
    let until = 200 * SECOND;
    for fallback in [Fallback::Held(300), Fallback::Learned(300)] {
        let doubtful = holding(400, until, Some(fallback));
        assert_eq!(doubtful.learned(), Some(pacer::rate(300)));
    }
    assert_eq!(holding(400, until, None).learned(), Some(pacer::rate(400)));
    assert_eq!(trying(320, false).learned(), Some(pacer::rate(320)));
}

#[test]
fn what_one_part_has_learned_another_holds() {
    let before = holding(400, 200 * SECOND, None);
    let mut after = controller();
    after.begin_at(before.learned().expect("it holds a rate"));
    assert_eq!(after.pacer.allowance(), 400);
}
