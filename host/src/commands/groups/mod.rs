//! Who is in the groups that a job names: read by the host before the run. The component never sees a group, only ids.

mod error;
mod job;
mod page;
mod reader;

use intune_sync_egress::{Credential, groups::Kind};
use intune_sync_graph::roles::{ENTRA_DEVICES, GROUP_MEMBERS};
use intune_sync_ids::Guid;
use intune_sync_report::SelectedGroup;
use intune_sync_settings::Advice;

pub(super) use self::{
    error::GroupError,
    job::{Groups, of_job},
    reader::Reader,
};
use crate::{
    cli::{Cloud, EntraGroups},
    identity::Claims,
    printer::Printer,
};

/// A group of Entra ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) id: Guid,
    /// Can be empty.
    pub(super) name: String,
}

/// Who is in some groups, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Members {
    /// Devices, by the `deviceId` that Intune knows as `azureADDeviceId`.
    pub(super) entra_devices: Vec<Guid>,
    /// Users, by the id that Intune knows as `userId`.
    pub(super) users: Vec<Guid>,
}

/// Who is in the groups that a job names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// Whom the job selects by its groups; none if it names none to select by.
    pub(super) selected: Option<Members>,
    /// Whom it leaves out.
    pub(super) excluded: Members,
    /// What each group has contributed.
    pub(super) groups: Vec<SelectedGroup>,
}

impl Members {
    fn is_empty(&self) -> bool {
        self.entra_devices.is_empty() && self.users.is_empty()
    }

    fn add(&mut self, other: Self) {
        for (members, mut others) in [
            (&mut self.entra_devices, other.entra_devices),
            (&mut self.users, other.users),
        ] {
            members.append(&mut others);
            members.sort_unstable();
            members.dedup();
        }
    }
}

/// Finds out who is in the groups that a job names.
///
/// # Errors
///
/// When one of them is unknown or ambiguous, or who is in it cannot be read.
pub(super) async fn resolve<C: Credential<()>>(
    groups: &EntraGroups,
    mut reader: Reader<'_, C>,
    printer: &mut Printer,
) -> Result<Resolved, GroupError> {
    let mut found = Vec::new();
    // All of them are looked up first: a misspelt one shows before the members of the others are read.
    for (keys, excluded) in [(&groups.selected, false), (&groups.excluded, true)] {
        for key in keys {
            let group = reader.find(key, Some(printer)).await?;
            // It may be named twice, by its name and by its id.
            if !found.contains(&(group.clone(), excluded)) {
                found.push((group, excluded));
            }
        }
    }
    let mut resolved = Resolved {
        selected: (!groups.selected.is_empty()).then(Members::default),
        excluded: Members::default(),
        groups: Vec::new(),
    };
    for (group, excluded) in found {
        let members = members(&group, &mut reader, printer).await?;
        resolved.groups.push(SelectedGroup {
            name: group.name,
            id: group.id.to_string(),
            excluded,
            devices: members.entra_devices.len(),
            users: members.users.len(),
        });
        match (&mut resolved.selected, excluded) {
            (Some(selected), false) => selected.add(members),
            _ => resolved.excluded.add(members),
        }
    }
    Ok(resolved)
}

async fn members<C: Credential<()>>(
    group: &Group,
    reader: &mut Reader<'_, C>,
    printer: &mut Printer,
) -> Result<Members, GroupError> {
    let mut read = Members::default();
    for (kind, what, members) in [
        (Kind::Devices, "devices", &mut read.entra_devices),
        (Kind::Users, "users", &mut read.users),
    ] {
        let (found, counted) = reader.members(group, kind, printer).await?;
        if let Some(counted) = counted {
            printer.warning(&Advice::new(
                format!(
                    "Graph counts {counted} {what} in the group {group} and listed {}",
                    found.len()
                ),
                "the others are not known; run it again if nobody has just changed the group",
            ));
        }
        *members = found;
    }
    if read.is_empty() {
        printer.warning(&Advice::new(
            format!("there are no devices and no users in the group {group}"),
            "a group with hidden membership looks empty without `Member.Read.Hidden`",
        ));
    } else {
        printer.note(&format!(
            "in the group {group}: {} devices, {} users",
            read.entra_devices.len(),
            read.users.len()
        ));
    }
    Ok(read)
}

/// What to do about a missing role, for the identity with these claims.
pub(super) fn remedy(claims: Option<&Claims>, cloud: Cloud) -> String {
    if claims.is_some_and(|claims| claims.scopes.is_some()) {
        return format!(
            "sign in again with the scopes `{GROUP_MEMBERS}` and `{ENTRA_DEVICES}`, or as an application that has them"
        );
    }
    let id = claims
        .and_then(|claims| claims.object.as_deref())
        .unwrap_or("ID");
    let cloud = match cloud {
        Cloud::Public => String::new(),
        other => format!(" --cloud {other}"),
    };
    format!(
        "have an administrator run `intune-sync grant --groups --principal-id {id}{cloud}`, with `--type application` for an app registration; a token from before the grant \
         lacks it, and `intune-sync doctor` says how long it lasts"
    )
}
