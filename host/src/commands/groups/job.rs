//! The groups of a job, between its first token and its run.

use intune_sync_egress::{HttpClient, TokenCache};
use intune_sync_ids::Guid;
use intune_sync_report::{ExitStatus, SelectedGroup};
use intune_sync_settings::Advice;
use intune_sync_wit::{self as wit, Selection};
use tokio::time::Instant;

use super::{Members, Reader, Resolved, remedy, resolve};
use crate::{
    cli::JobOptions,
    commands::{Failure, interruption::Interruption, sync::passed},
    printer::Printer,
};

/// What became of the groups of a job.
#[derive(Debug)]
pub(in crate::commands) enum Groups {
    /// It is known who is in them.
    Known(Resolved),
    /// The program was to stop before.
    Stopped(ExitStatus),
}

/// Finds out who is in the groups of a job.
///
/// # Errors
///
/// When that cannot be known: nothing may be synced then.
pub(in crate::commands) async fn of_job(
    options: &JobOptions,
    client: &HttpClient,
    tokens: &TokenCache,
    interruption: &Interruption,
    deadline: Option<Instant>,
    printer: &mut Printer,
) -> Result<Groups, Failure> {
    let reader = Reader::new(client.clone(), options.graph.clone(), tokens);
    let resolved = tokio::select! {
        biased;
        () = interruption.requested() => {
            printer.note("stopped before it was known who is in the groups: nothing was synced");
            return Ok(Groups::Stopped(ExitStatus::Interrupted));
        }
        () = passed(deadline) => {
            printer.warning(&Advice::new(
                "stopped before it was known who is in the groups: the time given by `--deadline` is over",
                "nothing was synced; a group of 100,000 members takes a minute or more",
            ));
            return Ok(Groups::Stopped(ExitStatus::Stopped));
        }
        resolved = resolve(&options.groups, reader, printer) => resolved,
    };
    let resolved = resolved
        .map_err(|error| error.into_failure(&remedy(tokens.claims().as_ref(), options.cloud)))?;
    Ok(Groups::Known(resolved))
}

impl Resolved {
    /// Adds who is in the groups to what the run selects. Returns what each group has contributed.
    pub(in crate::commands) fn select(self, selection: &mut Selection) -> Vec<SelectedGroup> {
        if let Some(selected) = self.selected {
            // With nobody in the groups that is nothing, and not the whole fleet.
            selection.named_only = true;
            selection
                .entra_devices
                .extend(guids(selected.entra_devices));
            selection.users.extend(guids(selected.users));
        }
        let Members {
            entra_devices,
            users,
        } = self.excluded;
        selection.exclude_entra_devices.extend(guids(entra_devices));
        selection.exclude_users.extend(guids(users));
        self.groups
    }
}

/// The ids as they cross the border.
fn guids(ids: Vec<Guid>) -> impl Iterator<Item = wit::Guid> {
    ids.into_iter().map(|id| {
        let (hi, lo) = id.halves();
        wit::Guid { hi, lo }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(selected: Option<Members>) -> Resolved {
        Resolved {
            selected,
            excluded: Members {
                entra_devices: vec![Guid::from_bits(1)],
                users: vec![Guid::from_bits(2)],
            },
            groups: Vec::new(),
        }
    }

    #[test]
    fn empty_groups_select_nothing_and_excluded_ones_the_rest() {
        let mut selection = Selection::default();
        resolved(None).select(&mut selection);
        assert!(!selection.named_only);
        assert_eq!(
            selection.exclude_entra_devices,
            [wit::Guid { hi: 0, lo: 1 }]
        );
        assert_eq!(selection.exclude_users, [wit::Guid { hi: 0, lo: 2 }]);
        resolved(Some(Members::default())).select(&mut selection);
        assert!(selection.named_only && selection.entra_devices.is_empty());
    }
}
