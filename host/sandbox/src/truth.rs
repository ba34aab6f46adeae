//! What a component reports, held against the books: where the two differ, the run ends.

use intune_sync_egress::{
    Conclusion, Counts, Custody, Done, Planned, ReportedOutcome, Trouble, Untrue,
};
use intune_sync_ids::Guid;
use intune_sync_wit::{
    self as wit, DeviceDone, Event, EventKind, Failure, Outcome, Plan, Purpose, RunStatus,
    Selected, Summary,
};

use crate::terms::guid;

/// Compares events with the books, and sets what the books know better. Those from the first on that is not true are
/// taken out.
///
/// # Errors
///
/// When one of them is not true.
pub(crate) fn events(custody: &Custody, events: &mut Vec<Event>) -> Result<(), Untrue> {
    for at in 0..events.len() {
        let compared = match &mut events[at].kind {
            EventKind::Planned(plan) => planned(custody, plan),
            EventKind::DeviceDone(device) => device_done(custody, device),
            EventKind::Incomplete(list) => custody.incomplete(list.listed, list.counted),
            _ => Ok(()),
        };
        if compared.is_err() {
            events.truncate(at);
            return compared;
        }
    }
    Ok(())
}

fn planned(custody: &Custody, plan: &Plan) -> Result<(), Untrue> {
    let skipped = plan.skipped.iter().map(|group| u64::from(group.devices));
    custody.planned(Planned {
        listed: plan.listed,
        total: plan.total,
        to_sync: plan.to_sync,
        skipped: skipped.sum(),
    })
}

fn device_done(custody: &Custody, device: &mut DeviceDone) -> Result<(), Untrue> {
    let outcome = match &device.outcome {
        Outcome::Accepted => ReportedOutcome::Accepted,
        Outcome::Gone => ReportedOutcome::Gone,
        Outcome::Skipped(_) => ReportedOutcome::Skipped,
        Outcome::Failed(_) => ReportedOutcome::Failed,
    };
    let Done {
        attempts,
        trouble,
        check_in,
    } = custody.device_done(guid(device.id), outcome)?;
    device.attempts = attempts;
    if let Some(check_in) = check_in {
        device.last_sync = (check_in > 0).then_some(check_in);
    }
    if let (Outcome::Failed(failure), Some(trouble)) = (&mut device.outcome, trouble) {
        by_the_books(failure, trouble);
    }
    Ok(())
}

/// Sets what support needs to find the request: the component knows other ids than those that left.
fn by_the_books(failure: &mut Failure, trouble: Trouble) {
    failure.status = trouble.status;
    failure.request_id = trouble.request_id;
    let id = trouble.client_request_id;
    failure.client_request_id = id.as_ref().map(Guid::to_string).unwrap_or_default();
}

/// Compares devices that the component says it will sync, which follow on the device `after`. Returns the last of them.
///
/// # Errors
///
/// When one of them is not to be synced, or comes again.
pub(crate) fn selected(
    custody: &Custody,
    after: Option<Guid>,
    devices: &[Selected],
) -> Result<Option<Guid>, Untrue> {
    let devices = devices.iter();
    custody.selected(
        after,
        devices.map(|device| (guid(device.id), device.last_sync)),
    )
}

/// Compares the summary of a run that is over.
///
/// # Errors
///
/// When a device was left out, or a count is another than in the books.
pub(crate) fn conclusion(
    custody: &Custody,
    said: &Summary,
    purpose: Purpose,
) -> Result<(), Untrue> {
    let conclusion = match (&said.status, purpose) {
        // It goes on: the devices that are not reported yet may be.
        (RunStatus::Running, _) => return Ok(()),
        (RunStatus::Completed, Purpose::Sync) => Conclusion::Completed,
        (RunStatus::Completed, Purpose::Plan) => Conclusion::Planned,
        _ => Conclusion::Unfinished,
    };
    let counts = Counts {
        total: said.total,
        success: said.success,
        error: said.error,
        skipped: said.skipped,
        gone: said.gone,
        ..Counts::default()
    };
    custody.conclude(&counts, conclusion)
}

/// A summary with the counts of the books.
pub(crate) fn counted(custody: &Custody, summary: Summary) -> Summary {
    let counts = custody.counts();
    Summary {
        total: counts.total,
        success: counts.success,
        error: counts.error,
        skipped: counts.skipped,
        gone: counts.gone,
        pending: counts.pending(),
        requests: counts.requests,
        throttled: counts.throttled,
        ..summary
    }
}

/// Of a run that has broken off: the outcomes that Graph has given and the component has not reported, as events at
/// this time.
pub(crate) fn settled(custody: &Custody, at: u64) -> Vec<Event> {
    let settled = custody.settle().into_iter();
    let event = |(id, outcome, done): (Guid, ReportedOutcome, Done)| {
        let (hi, lo) = id.halves();
        let outcome = match outcome {
            ReportedOutcome::Accepted => Outcome::Accepted,
            ReportedOutcome::Gone => Outcome::Gone,
            ReportedOutcome::Skipped => Outcome::Skipped(String::new()),
            ReportedOutcome::Failed => Outcome::Failed(failure(done.trouble)),
        };
        Event {
            at,
            kind: EventKind::DeviceDone(DeviceDone {
                id: wit::Guid { hi, lo },
                name: String::new(),
                os: String::new(),
                last_sync: done.check_in.filter(|check_in| *check_in > 0),
                attempts: done.attempts,
                outcome,
            }),
        }
    };
    settled.map(event).collect()
}

fn failure(trouble: Option<Trouble>) -> Failure {
    let trouble = trouble.unwrap_or_default();
    let mut failure = Failure {
        status: None,
        code: trouble.code.clone(),
        message: trouble.message.clone(),
        request_id: String::new(),
        client_request_id: String::new(),
    };
    by_the_books(&mut failure, trouble);
    failure
}
