//! The ceiling on writes: what it admits in any span of time, and what it never delays.

use std::{
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use intune_sync_egress::sync::WriteCeiling;
use proptest::{collection::vec, prelude::*};

use crate::property::cases;

fn rate(rate: u64) -> NonZeroU64 {
    NonZeroU64::new(rate).expect("a rate above 0")
}

fn writes(writes: u32) -> NonZeroU32 {
    NonZeroU32::new(writes).expect("a number above 0")
}

#[test]
fn admits_the_burst_and_then_the_rate() {
    // Ten writes a second, thirty at once.
    let mut ceiling = WriteCeiling::new(rate(10_000), writes(30));
    let second = Duration::from_secs(1);
    assert_eq!(ceiling.admit(second, 20), Ok(()));
    assert_eq!(ceiling.admit(second, 10), Ok(()));
    assert_eq!(ceiling.admit(second, 1), Err(Duration::from_millis(100)));
    assert_eq!(ceiling.admit(second, 20), Err(Duration::from_secs(2)));
    assert_eq!(ceiling.admit(second, 0), Ok(()), "reading costs nothing");
    assert_eq!(
        ceiling.admit(2 * second, 11),
        Err(Duration::from_millis(100))
    );
    assert_eq!(ceiling.admit(2 * second, 10), Ok(()));
    assert_eq!(ceiling.admit(2 * second, 31), Err(Duration::MAX), "never");
    assert_eq!(
        ceiling.admit(100 * second, 30),
        Ok(()),
        "no more than the burst is saved up"
    );
    assert_eq!(
        ceiling.admit(100 * second, 1),
        Err(Duration::from_millis(100))
    );
}

#[test]
fn has_no_edge_to_fall_off() {
    let mut fastest = WriteCeiling::for_engine(rate(u64::MAX), writes(u32::MAX));
    assert_eq!(fastest.burst(), u32::MAX);
    let single = WriteCeiling::for_engine(rate(u64::MAX), writes(1));
    assert_eq!(single.burst(), u32::MAX);
    assert_eq!(fastest.admit(Duration::ZERO, u32::MAX), Ok(()));
    // Beyond what the integers hold nothing is admitted.
    assert!(fastest.admit(Duration::MAX, 1).is_err());
    let mut slowest = WriteCeiling::new(rate(1), writes(1));
    assert_eq!(slowest.admit(Duration::MAX, 1), Ok(()));
    assert_eq!(
        slowest.admit(Duration::MAX, 1),
        Err(Duration::from_secs(1_000))
    );
}

#[test]
fn a_clock_that_goes_back_gives_nothing_away() {
    let mut ceiling = WriteCeiling::new(rate(1_000), writes(2));
    assert_eq!(ceiling.admit(Duration::from_secs(10), 2), Ok(()));
    assert_eq!(
        ceiling.admit(Duration::ZERO, 1),
        Err(Duration::from_secs(11))
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(2_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// In any span of time at most `rate` times the span plus `burst` pass, whatever is requested; what is refused is
    /// admitted after the wait that was named, and not a nanosecond before.
    #[test]
    fn holds_in_every_span(
        thousandths in prop_oneof![1..100_000_u64, 1..1_000_000_000_u64],
        burst in 1..200_u32,
        requests in vec((0..3_000_000_000_u64, 0..120_u32), 1..60),
    ) {
        let mut ceiling = WriteCeiling::new(rate(thousandths), writes(burst));
        let mut now = Duration::ZERO;
        let mut passed: Vec<(Duration, u32)> = Vec::new();
        for (pause, count) in requests {
            now += Duration::from_nanos(pause);
            match ceiling.admit(now, count) {
                Ok(()) => passed.push((now, count)),
                Err(wait) if count > burst => prop_assert_eq!(wait, Duration::MAX),
                Err(wait) => {
                    prop_assert!(ceiling.clone().admit(now + wait, count).is_ok());
                    prop_assert!(ceiling.clone().admit(now + wait - Duration::from_nanos(1), count).is_err());
                }
            }
        }
        for (first, &(start, _)) in passed.iter().enumerate() {
            let mut sum = 0_u128;
            for &(end, count) in &passed[first..] {
                sum += u128::from(count);
                let span = (end - start).as_nanos();
                prop_assert!(sum * 1_000_000_000_000 <= u128::from(thousandths) * span + u128::from(burst) * 1_000_000_000_000);
            }
        }
    }

    /// An engine that keeps to the rate, with requests of up to `largest` writes, is never refused, even where each
    /// request arrives up to two seconds late and out of order; one that is a fifth faster is, within a minute.
    #[test]
    fn lets_a_paced_engine_be_and_stops_another(
        thousandths in 1_000..200_000_u64,
        largest in select_largest(),
        sizes in vec(1..=100_u32, 300),
        delays in vec(0..=2_000_000_000_u64, 300),
    ) {
        // A request leaves when the writes before it have had their time, as under GCRA.
        let time_of = |count: u128| u64::try_from(count * 1_000_000_000_000 / u128::from(thousandths)).expect("minutes");
        let mut before = 0_u128;
        let mut arrivals = Vec::new();
        for (size, delay) in sizes.iter().zip(delays) {
            let size = (*size).min(largest);
            // Rounded up, so as not to be early by a fraction of a nanosecond.
            arrivals.push((time_of(before) + 1 + delay, size));
            before += u128::from(size);
        }
        arrivals.sort_unstable();
        let mut ceiling = WriteCeiling::for_engine(rate(thousandths), writes(largest));
        for (at, size) in arrivals {
            prop_assert_eq!(ceiling.admit(Duration::from_nanos(at), size), Ok(()));
        }

        let mut ceiling = WriteCeiling::for_engine(rate(thousandths), writes(largest));
        // A sixth of what it sends is too much: the slack of 2 s and the largest request last 12 s and six requests.
        let last = Duration::from_nanos(time_of(u128::from(largest) * 7)) + Duration::from_secs(14);
        let mut sent = 0_u128;
        loop {
            let at = Duration::from_nanos(time_of(sent) * 5 / 6);
            if ceiling.admit(at, largest).is_err() {
                break;
            }
            prop_assert!(at <= last, "still admitted after {:?}", last);
            sent += u128::from(largest);
        }
    }
}

fn select_largest() -> impl Strategy<Value = u32> {
    proptest::sample::select(vec![1, 20, 100])
}
