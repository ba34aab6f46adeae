//! What a component reports, as it crosses the border of the sandbox: its texts are cut, and its numbers must add up.

use intune_sync_wit::{
    DeviceDone, Event, EventKind, Failure, GroupCount, Outcome, Plan, Problem, Purpose, Retrying,
    RunStatus, Selected, Summary,
};

use crate::SandboxError;

/// The most bytes of a text that are kept. The engine's longest has 1,000 characters.
pub(crate) const TEXT: usize = 4 * 1024;
/// The most groups of a plan that are kept of each kind.
pub(crate) const GROUPS: usize = 1_000;

/// Counts what a run has reported.
#[derive(Debug, Default)]
pub(crate) struct Border {
    failed: u64,
    /// How many devices its plan has.
    to_sync: u32,
}

impl Border {
    /// Takes in events; `let_out` is how many syncs have left.
    ///
    /// # Errors
    ///
    /// When a plan contradicts itself, or more devices have failed than syncs have left: each failure is kept until the
    /// end of the run.
    pub(crate) fn take(&mut self, events: &mut [Event], let_out: u64) -> Result<(), SandboxError> {
        for event in events {
            match &mut event.kind {
                EventKind::Planned(plan) => {
                    check(plan)?;
                    self.to_sync = plan.to_sync;
                }
                EventKind::DeviceDone(DeviceDone {
                    outcome: Outcome::Failed(_),
                    ..
                }) => {
                    self.failed += 1;
                    if self.failed > let_out {
                        return Err(SandboxError::Unfounded);
                    }
                }
                _ => {}
            }
            cut_event(&mut event.kind);
        }
        Ok(())
    }

    /// Takes in a part of the devices to sync, from number `first` on.
    ///
    /// # Errors
    ///
    /// When there are more of them than in the plan.
    pub(crate) fn select(&self, devices: &mut [Selected], first: u32) -> Result<(), SandboxError> {
        let count = u32::try_from(devices.len()).unwrap_or(u32::MAX);
        if first.saturating_add(count) > self.to_sync {
            return Err(SandboxError::WrongCounts);
        }
        for Selected { name, os, .. } in devices {
            cut(name);
            cut(os);
        }
        Ok(())
    }
}

/// Checks the summary of a run for this purpose, and cuts its texts. A plan is complete with all its devices pending.
///
/// # Errors
///
/// When it contradicts itself.
pub(crate) fn checked(mut summary: Summary, purpose: Purpose) -> Result<Summary, SandboxError> {
    let outcomes = [
        summary.success,
        summary.error,
        summary.skipped,
        summary.gone,
        summary.pending,
    ];
    // Each device of the total has one outcome, or none yet.
    if outcomes.into_iter().map(u64::from).sum::<u64>() != u64::from(summary.total) {
        return Err(SandboxError::WrongCounts);
    }
    match &mut summary.status {
        RunStatus::Completed if summary.pending > 0 && purpose == Purpose::Sync => {
            return Err(SandboxError::Unfinished(summary.pending));
        }
        RunStatus::Running | RunStatus::Completed | RunStatus::Stopped => {}
        RunStatus::Interrupted(problem)
        | RunStatus::NotAuthorized(problem)
        | RunStatus::Failed(problem) => {
            let Problem { message, hint } = problem;
            cut(message);
            cut(hint);
        }
    }
    Ok(summary)
}

/// Cuts a text.
pub(crate) fn cut(text: &mut String) {
    if text.len() > TEXT {
        text.truncate(text.floor_char_boundary(TEXT - '…'.len_utf8()));
        text.push('…');
        text.shrink_to_fit();
    }
}

/// Each device is synced, skipped, or was not listed, once.
fn check(plan: &Plan) -> Result<(), SandboxError> {
    let devices = |groups: &[GroupCount]| -> u64 {
        groups.iter().map(|group| u64::from(group.devices)).sum()
    };
    let to_sync = u64::from(plan.to_sync);
    let adds_up = to_sync + devices(&plan.skipped) <= u64::from(plan.total)
        && devices(&plan.platforms) <= to_sync;
    adds_up.then_some(()).ok_or(SandboxError::WrongCounts)
}

fn cut_event(kind: &mut EventKind) {
    match kind {
        EventKind::Planned(plan) => {
            for groups in [&mut plan.skipped, &mut plan.platforms] {
                groups.truncate(GROUPS);
                groups.iter_mut().for_each(|group| cut(&mut group.label));
            }
        }
        EventKind::DeviceDone(DeviceDone {
            name, os, outcome, ..
        }) => {
            cut(name);
            cut(os);
            match outcome {
                Outcome::Accepted | Outcome::Gone => {}
                Outcome::Skipped(reason) => cut(reason),
                Outcome::Failed(Failure {
                    status: _,
                    code,
                    message,
                    request_id,
                    client_request_id,
                }) => [code, message, request_id, client_request_id]
                    .into_iter()
                    .for_each(cut),
            }
        }
        EventKind::Retrying(Retrying { code, .. }) => cut(code),
        EventKind::Notice(text) => cut(text),
        EventKind::Listed(_)
        | EventKind::Incomplete(_)
        | EventKind::BatchStarted(_)
        | EventKind::BatchFinished(_)
        | EventKind::Throttled(_)
        | EventKind::TokenRenewed => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind) -> Event {
        Event { at: 0, kind }
    }

    fn failed(text: &str) -> Event {
        event(EventKind::DeviceDone(DeviceDone {
            id: intune_sync_wit::Guid { hi: 1, lo: 2 },
            name: text.to_owned(),
            os: text.to_owned(),
            last_sync: None,
            attempts: 1,
            outcome: Outcome::Failed(Failure {
                status: None,
                code: text.to_owned(),
                message: text.to_owned(),
                request_id: text.to_owned(),
                client_request_id: text.to_owned(),
            }),
        }))
    }

    fn plan(to_sync: u32, skipped: &[u32]) -> Event {
        let group = |devices: &u32| GroupCount {
            label: "ä".repeat(TEXT),
            devices: *devices,
        };
        event(EventKind::Planned(Plan {
            listed: u32::MAX,
            total: u32::MAX,
            to_sync,
            skipped: skipped.iter().map(group).collect(),
            platforms: Vec::new(),
            batches: 1,
            requests: 1,
            expected: 0,
        }))
    }

    fn summary(status: RunStatus) -> Summary {
        Summary {
            total: 2,
            success: 1,
            error: 0,
            skipped: 0,
            gone: 0,
            pending: 1,
            batches: 0,
            retries: 0,
            throttled: 0,
            requests: 0,
            duration: 0,
            status,
        }
    }

    #[test]
    fn every_text_is_cut() {
        let long = "ä".repeat(10 * TEXT);
        let problem = || Problem {
            message: long.clone(),
            hint: long.clone(),
        };
        let mut events = [
            failed(&long),
            plan(0, &[1, 1]),
            event(EventKind::Notice(long.clone())),
            event(EventKind::Retrying(Retrying {
                what: intune_sync_wit::Retried::List,
                devices: 1,
                status: None,
                code: long.clone(),
                wait: 0,
            })),
            event(EventKind::DeviceDone(DeviceDone {
                id: intune_sync_wit::Guid { hi: 1, lo: 2 },
                name: String::new(),
                os: String::new(),
                last_sync: None,
                attempts: 0,
                outcome: Outcome::Skipped(long.clone()),
            })),
        ];
        Border::default().take(&mut events, 1).expect("it is sound");
        let mut shown = vec![format!("{events:?}")];
        for status in [
            RunStatus::Interrupted(problem()),
            RunStatus::NotAuthorized(problem()),
            RunStatus::Failed(problem()),
        ] {
            shown.push(format!("{:?}", checked(summary(status), Purpose::Sync)));
        }
        for shown in shown {
            let longest = shown.split('"').map(str::len).max();
            assert_eq!(longest, Some(TEXT - 1), "{shown}");
        }
    }

    #[test]
    fn no_more_devices_are_selected_than_planned() {
        let mut border = Border::default();
        let device = Selected {
            id: intune_sync_wit::Guid { hi: 1, lo: 2 },
            name: "ä".repeat(TEXT),
            os: String::new(),
            last_sync: None,
        };
        let mut one = [device];
        let early = border.select(&mut one, 0);
        assert!(matches!(early, Err(SandboxError::WrongCounts)));
        border.take(&mut [plan(2, &[])], 0).expect("it is sound");
        assert!(border.select(&mut one, 1).is_ok());
        assert!(one[0].name.len() < TEXT);
        let late = border.select(&mut one, 2);
        assert!(matches!(late, Err(SandboxError::WrongCounts)));
        assert!(border.select(&mut [], u32::MAX).is_err());
    }

    #[test]
    fn a_plan_that_overflows_is_refused() {
        for (to_sync, skipped) in [
            (0, &[u32::MAX, u32::MAX][..]),
            (u32::MAX, &[1]),
            (1, &[u32::MAX]),
        ] {
            let refused = Border::default().take(&mut [plan(to_sync, skipped)], 0);
            assert!(matches!(refused, Err(SandboxError::WrongCounts)));
        }
        let sound = Border::default().take(&mut [plan(u32::MAX - 1, &[1])], 0);
        assert!(sound.is_ok());
    }

    #[test]
    fn there_are_no_more_failures_than_syncs() {
        let mut border = Border::default();
        assert!(border.take(&mut [failed("a"), failed("b")], 2).is_ok());
        let unfounded = border.take(&mut [failed("c")], 2);
        assert!(matches!(unfounded, Err(SandboxError::Unfounded)));
    }

    #[test]
    fn a_run_is_not_complete_while_devices_are_pending() {
        let said = checked(summary(RunStatus::Completed), Purpose::Sync);
        assert!(matches!(said, Err(SandboxError::Unfinished(1))));
        assert!(checked(summary(RunStatus::Stopped), Purpose::Sync).is_ok());
        assert!(checked(summary(RunStatus::Completed), Purpose::Plan).is_ok());
    }
}
