//! What custody holds a component to, as a table for people to read.

use intune_sync_graph::OUTAGE_FAILURES;

use super::{READS_MAX, books::SLACK};
use crate::gate::sync::Rule;

/// What may pass in a run at some point of it, besides what the gate says of each request.
pub(crate) fn rules() -> Vec<Rule> {
    [
        (
            "a first page of the list".to_owned(),
            "once, and once more if Graph refuses the link to a further page; only the properties that the run selects by \
             and shows, and only comparisons that follow from its selection"
                .to_owned(),
        ),
        (
            "a further page".to_owned(),
            "only by the link on the page before it, to the letter".to_owned(),
        ),
        (
            "a read of the list".to_owned(),
            format!(
                "as often as its pages, `--max-retries` and throttled responses explain; at most {READS_MAX} in a run"
            ),
        ),
        (
            "a page, as the component gets it".to_owned(),
            "the id, and the properties that the run selects by and shows".to_owned(),
        ),
        (
            "a sync".to_owned(),
            "only once the list was read to its end; only of a device that it held and the selection matches, or that the \
             operator named; at most `--limit` of them, the first in the order of the run"
                .to_owned(),
        ),
        (
            "a further sync of a device".to_owned(),
            format!(
                "never while one is on its way, and never after it was accepted, refused or gone; as often as \
                 `--max-retries`, refused tokens and throttled responses explain, and {SLACK} times more; failures after \
                 {OUTAGE_FAILURES} failed requests in a row are not counted"
            ),
        ),
        (
            "a report".to_owned(),
            "each outcome and each count is compared with what Graph returned; one that differs ends the run, and the \
             summary has the counts of the host"
                .to_owned(),
        ),
    ]
    .map(|(what, condition)| Rule { what, condition })
    .into()
}
