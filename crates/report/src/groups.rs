//! Group counts of a plan in JSON.

use intune_sync_wit::GroupCount;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// A list of groups, each an object of two keys.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    groups: &'a [GroupCount],
    keys: [&'static str; 2],
}

impl<'a> Groups<'a> {
    /// `keys` are those of what the devices have in common, and of their number: objects and events spell them
    /// differently.
    pub(crate) const fn new(groups: &'a [GroupCount], keys: [&'static str; 2]) -> Self {
        Self { groups, keys }
    }
}

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.groups.iter().map(|group| Group(group, self.keys)))
    }
}

struct Group<'a>(&'a GroupCount, [&'static str; 2]);

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(group, [label, devices]) = self;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(label, &group.label)?;
        map.serialize_entry(devices, &group.devices)?;
        map.end()
    }
}
