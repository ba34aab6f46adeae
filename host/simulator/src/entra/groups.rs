//! The groups of a tenant, and who is in them.

use std::ops::Range;

use intune_sync_ids::Guid;

use crate::config::GroupsConfig;

/// The groups of one tenant.
pub(crate) struct Groups {
    groups: Vec<Group>,
    /// What becomes of the next requests, the next one last.
    statuses: Vec<u16>,
}

/// A group.
pub(crate) struct Group {
    pub(crate) id: Guid,
    pub(crate) name: String,
    devices: Range<u32>,
    users: Range<u32>,
    groups: Vec<Guid>,
}

/// Which members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Devices,
    Users,
}

/// The numbers of members, each once, in order.
pub(crate) struct Members(Vec<Range<u32>>);

impl Groups {
    /// Groups with invalid ids are skipped.
    pub(crate) fn new(config: &GroupsConfig) -> Self {
        let groups = config.groups.iter().filter_map(|group| {
            Some(Group {
                id: group.id.parse().ok()?,
                name: group.name.clone(),
                devices: group.devices.clone(),
                users: group.users.clone(),
                groups: group
                    .groups
                    .iter()
                    .filter_map(|id| id.parse().ok())
                    .collect(),
            })
        });
        Self {
            groups: groups.collect(),
            statuses: config.statuses.iter().rev().copied().collect(),
        }
    }

    /// The status with which the next request fails, if it does.
    pub(crate) fn next_failure(&mut self) -> Option<u16> {
        self.statuses.pop().filter(|status| *status != 200)
    }

    /// The group with this id.
    pub(crate) fn get(&self, id: Guid) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// The groups with this `displayName`, in any letter case.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Group> {
        let name = name.to_lowercase();
        let groups = self.groups.iter();
        groups.filter(move |group| group.name.to_lowercase() == name)
    }

    /// The members of a group and of the groups in it; groups may be in each other.
    pub(crate) fn members(&self, group: &Group, kind: Kind) -> Members {
        let mut met = vec![group.id];
        let mut at = 0;
        let mut parts = Vec::new();
        while let Some(group) = met.get(at).and_then(|id| self.get(*id)) {
            at += 1;
            parts.push(match kind {
                Kind::Devices => group.devices.clone(),
                Kind::Users => group.users.clone(),
            });
            for inner in &group.groups {
                if !met.contains(inner) && self.get(*inner).is_some() {
                    met.push(*inner);
                }
            }
        }
        Members::new(parts)
    }
}

impl Members {
    fn new(mut parts: Vec<Range<u32>>) -> Self {
        parts.sort_unstable_by_key(|part| part.start);
        let mut merged: Vec<Range<u32>> = Vec::new();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            match merged.last_mut() {
                Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
                _ => merged.push(part),
            }
        }
        Self(merged)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Their numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.iter().cloned().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::GroupConfig;

    const OUTER: &str = "00000000-0000-4000-8000-0000000d0001";
    const INNER: &str = "00000000-0000-4000-8000-0000000d0002";

    #[test]
    fn a_group_has_the_members_of_those_in_it_each_once_even_in_a_circle() {
        let group = |id: &str, devices, inner: &str| GroupConfig {
            id: id.into(),
            devices,
            groups: vec![inner.into(), "00000000-0000-4000-8000-0000000d0009".into()],
            ..GroupConfig::default()
        };
        let groups = Groups::new(&GroupsConfig {
            groups: vec![group(OUTER, 0..3, INNER), group(INNER, 2..5, OUTER)],
            ..GroupsConfig::default()
        });
        let members = |id: &str| {
            let group = groups.get(id.parse().expect("a GUID")).expect("a group");
            let members = groups.members(group, Kind::Devices);
            assert_eq!(members.count(), members.numbers().count());
            assert_eq!(groups.members(group, Kind::Users).count(), 0);
            members.numbers().collect::<Vec<_>>()
        };
        assert_eq!(members(OUTER), [0, 1, 2, 3, 4]);
        assert_eq!(members(INNER), [0, 1, 2, 3, 4]);
    }
}
