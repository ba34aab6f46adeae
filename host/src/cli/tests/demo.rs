//! `demo` and `simulate`.

use std::path::Path;

use intune_sync_settings::Group;

use super::{job, parse};
use crate::cli::Command;

#[test]
fn demo_and_simulate_read_their_own_flags_alone() {
    let variables = [
        ("INTUNE_SYNC_BATCH_SIZE", "7"),
        ("INTUNE_SYNC_CONFIG", "/nowhere"),
        ("INTUNE_SYNC_DEVICES", "x"),
    ];
    let Ok(Command::Demo(demo)) = parse("demo --seed 4 --max-retries 1 -q", &variables) else {
        panic!("a demo")
    };
    assert_eq!((demo.devices, demo.seed), (600, Some(4)));
    assert_eq!(
        demo.pace.given.flags(Group::Pace).join(" "),
        "--batch-size 50 --batch-delay-seconds 0.5 --max-retries 1 --initial-backoff-seconds 0.5 --give-up-after 10m \
         --dispatch batch --pace fixed --max-rate 95"
    );
    // What a demo shows can be typed as it is.
    let again = job(
        &format!("sync {}", demo.pace.given.flags(Group::Pace).join(" ")),
        &[],
    );
    assert_eq!(
        again.given.flags(Group::Pace),
        demo.pace.given.flags(Group::Pace)
    );
    let simulated = demo.job("http://127.0.0.1:9".parse().expect("an origin"), None);
    assert!(simulated.given.whole_fleet());
    assert_eq!(simulated.given.yes, Some(true));
    assert_eq!(simulated.settings(0, 0).graph_root, "http://127.0.0.1:9");

    let Ok(Command::Simulate(simulate)) = parse("simulate --config c.json --devices 0", &variables)
    else {
        panic!("a simulator")
    };
    assert_eq!(simulate.listen.to_string(), "127.0.0.1:0");
    assert_eq!((simulate.devices, simulate.seed), (Some(0), None));
    assert_eq!(simulate.config.as_deref(), Some(Path::new("c.json")));
}
