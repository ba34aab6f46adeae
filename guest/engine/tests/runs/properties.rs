//! Properties that hold whatever Graph does.

use std::collections::BTreeMap;

use intune_sync_engine::contract::{Dispatch, Outcome, Pace, RunStatus};
use proptest::prelude::*;

use crate::{
    drive::{self, Finished},
    graph::{Faults, Graph},
};

fn faults() -> impl Strategy<Value = Faults> {
    (
        0_u8..25,
        0_u8..15,
        0_u8..8,
        0_u8..6,
        0_u8..10,
        0_u8..10,
        0_u8..10,
        0_u8..3,
        any::<bool>(),
    )
        .prop_map(
            |(
                throttled,
                transient,
                no_response,
                unreadable,
                missing_item,
                gone,
                rejected,
                token_refused,
                duplicates,
            )| {
                Faults {
                    throttled,
                    transient,
                    no_response,
                    unreadable,
                    missing_item,
                    gone,
                    rejected,
                    token_refused,
                    duplicate_rows: duplicates,
                }
            },
        )
}

fn adds_up(finished: &Finished) -> bool {
    let summary = &finished.summary;
    summary.total
        == summary.success + summary.error + summary.skipped + summary.gone + summary.pending
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever Graph does, every device has one final outcome, and it is the true one; nothing is sent inside a
    /// Retry-After; no device is sent again once its outcome is known.
    #[test]
    fn nothing_is_lost_doubled_or_early(
        seed: u64,
        devices in 0_usize..300,
        faults in faults(),
        batch_size in 1_u32..120,
        dispatch in prop::sample::select(vec![Dispatch::Single, Dispatch::Batch, Dispatch::Bulk]),
        quota: bool,
        bulk_refused: bool,
    ) {
        let mut graph = Graph::new(seed, devices, faults);
        graph.bulk_refused = bulk_refused;
        let mut settings = drive::settings();
        settings.seed = seed;
        settings.batch_size = batch_size;
        settings.dispatch = dispatch;
        settings.pace = if quota { Pace::Quota } else { Pace::Fixed };
        settings.ceiling = 50_000;
        // Enough that chance alone fails no device.
        settings.max_retries = 60;
        settings.initial_backoff = 500;
        let finished = drive::run(settings, &mut graph);

        prop_assert!(adds_up(&finished), "{:?}", finished.summary);
        prop_assert_eq!(&graph.early, &Vec::<String>::new());
        prop_assert_eq!(&graph.requested_after_known, &vec![]);
        match &finished.summary.status {
            RunStatus::Completed => {
                let outcomes = finished.outcomes();
                prop_assert_eq!(outcomes.len(), devices);
                for (id, outcomes) in &outcomes {
                    prop_assert_eq!(outcomes.len(), 1);
                    let expected = match (&outcomes[0], graph.fate(*id)) {
                        (Outcome::Accepted, 204) | (Outcome::Gone, 404) => true,
                        (Outcome::Failed(failure), 400) => failure.status.is_none_or(|status| status == 400),
                        _ => false,
                    };
                    prop_assert!(expected, "{id}: {:?}, fate {}", outcomes, graph.fate(*id));
                }
                prop_assert_eq!(finished.summary.pending, 0);
                prop_assert_eq!(finished.summary.batches, u32::try_from(devices).expect("a few").div_ceil(batch_size));
            }
            // Two revocations in a row look like a token that was never any good.
            RunStatus::NotAuthorized(problem) if faults.token_refused > 0 => {
                prop_assert!(problem.message.contains("401"), "{}", problem.message);
            }
            other => prop_assert!(false, "{other:?}"),
        }
        let mut ids = BTreeMap::new();
        for (_, request) in &finished.sent {
            *ids.entry(request.client_request_id).or_insert(0) += 1;
        }
        prop_assert!(ids.values().all(|count| *count == 1), "each request has its own client-request-id");
    }

    /// The ceiling holds at all times, whatever the dispatch: in no 20 s more than 200 writes.
    #[test]
    fn the_ceiling_holds(seed: u64, single: bool, faults in faults()) {
        let mut graph = Graph::new(seed, 250, faults);
        let mut settings = drive::settings();
        settings.dispatch = if single { Dispatch::Single } else { Dispatch::Batch };
        settings.pace = Pace::Quota;
        settings.max_retries = 60;
        let finished = drive::run(settings, &mut graph);
        let writes: Vec<_> = finished.sent.iter().filter(|(_, request)| request.path_and_query.starts_with("/v1.0/"))
            .map(|(at, request)| {
                let items = request.body.as_deref().map_or(0, |body| body.matches("syncDevice").count());
                (*at, if request.path_and_query.ends_with("/syncDevice") { 1 } else { items })
            })
            .collect();
        for (start, _) in &writes {
            let window = *start..*start + std::time::Duration::from_secs(20);
            let inside: Vec<usize> = writes.iter().filter(|(at, _)| window.contains(at)).map(|(_, items)| *items).collect();
            prop_assert!(inside.iter().sum::<usize>() <= 200, "{inside:?} in 20 s");
        }
    }

    /// Stopped at any point: what is in flight is finished and accounted for, and nothing else is sent.
    #[test]
    fn a_stopped_run_adds_up(seed: u64, stop_at in 0_usize..60, faults in faults()) {
        let mut graph = Graph::new(seed, 300, faults);
        let mut settings = drive::settings();
        settings.pace = Pace::Quota;
        let finished = drive::run_with(settings, &mut graph, |run, _, sent| if sent >= stop_at { run.stop() });
        prop_assert!(adds_up(&finished), "{:?}", finished.summary);
        prop_assert!(finished.sent.len() <= stop_at.max(1), "{} requests", finished.sent.len());
        prop_assert_eq!(&graph.requested_after_known, &vec![]);
        for (id, status) in &graph.known {
            prop_assert_eq!(finished.outcomes().get(id).map(Vec::len), Some(1), "{} had the status {}", id, status);
        }
    }

    /// Same settings, same seed, same responses: the same requests at the same times.
    #[test]
    fn a_run_repeats_itself(seed: u64, faults in faults()) {
        let trace = || {
            let mut settings = drive::settings();
            settings.seed = seed;
            let finished = drive::run(settings, &mut Graph::new(seed, 120, faults));
            (finished.sent, finished.events, finished.summary)
        };
        prop_assert_eq!(trace(), trace());
    }
}
