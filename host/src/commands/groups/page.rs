//! Groups and pages of members as Graph writes them.

use intune_sync_egress::groups::{Key, Kind};
use intune_sync_graph::read_json;
use intune_sync_ids::Guid;
use serde::Deserialize;

use super::Group;

/// A page of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// By the ids by which Intune knows them: `azureADDeviceId`, `userId`.
    pub(super) members: Vec<Guid>,
    /// Members whose id is withheld: the identity may not read them.
    pub(super) withheld: usize,
    /// How many members there are on all pages, where Graph says so.
    pub(super) count: Option<u64>,
    /// Where the next page is.
    pub(super) next: Option<String>,
}

/// The groups of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Each of them.
    pub(super) groups: Vec<Group>,
    /// Whether there are more.
    pub(super) more: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    id: String,
    display_name: Option<String>,
}

#[derive(Deserialize)]
struct List<T> {
    value: Vec<Option<T>>,
    #[serde(rename = "@odata.count")]
    count: Option<u64>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    id: Option<String>,
    device_id: Option<String>,
}

impl Page {
    /// Reads it. A member that the identity may not read comes with its object id and nulls, with status 200
    /// (docs/graph-facts.md#groups).
    pub(super) fn read(body: &[u8], kind: Kind) -> Option<Self> {
        let List { value, count, next } = read_json::<List<Member>>(body).ok()?;
        let mut page = Self {
            members: Vec::with_capacity(value.len()),
            withheld: 0,
            count,
            next,
        };
        for member in value.into_iter().flatten() {
            let id = match kind {
                Kind::Devices => member.device_id,
                Kind::Users => member.id,
            };
            match id {
                Some(id) if !id.is_empty() => page.members.push(known(&id)?),
                Some(_) | None => page.withheld += 1,
            }
        }
        Some(page)
    }
}

/// Devices that Entra does not know have an id of zeros in Intune: a member with one would be all of them.
fn known(id: &str) -> Option<Guid> {
    id.parse().ok().filter(|id: &Guid| id.bits() != 0)
}

impl Found {
    /// Reads what Graph has found for a name.
    pub(super) fn read(body: &[u8], key: &Key) -> Option<Self> {
        let List { value, next, .. } = read_json::<List<Written>>(body).ok()?;
        let groups = value.into_iter().flatten();
        let groups = groups.map(Group::of).collect::<Option<Vec<_>>>()?;
        // Graph's comparison ignores letter case; whatever else it ignores, another name was not meant.
        let name = key.to_string().to_lowercase();
        let mut groups: Vec<Group> = groups
            .into_iter()
            .filter(|group| group.name.to_lowercase() == name)
            .collect();
        groups.sort_unstable_by_key(|group| group.id);
        groups.dedup_by_key(|group| group.id);
        Some(Self {
            groups,
            more: next.is_some(),
        })
    }
}

impl Group {
    /// Reads a group that was requested by its id.
    pub(super) fn read(body: &[u8], id: Guid) -> Option<Self> {
        let written: Written = read_json(body).ok()?;
        Self::of(written).filter(|group| group.id == id)
    }

    fn of(written: Written) -> Option<Self> {
        Some(Self {
            id: written.id.parse().ok()?,
            name: written.display_name.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const B: &str = "00112233-4455-6677-8899-aabbccddee00";

    fn page(json: &str, kind: Kind) -> Option<Page> {
        Page::read(json.as_bytes(), kind)
    }

    #[test]
    fn devices_go_by_the_id_that_intune_knows_and_users_by_their_own() {
        let json = format!(
            r##"{{"@odata.count":2,"@odata.nextLink":"https://next","value":[
                {{"@odata.type":"#microsoft.graph.device","id":"{A}","deviceId":"{B}"}},null]}}"##
        );
        let [device, user] = [A, B].map(|id| id.parse().expect("a GUID"));
        let devices = page(&json, Kind::Devices).expect("a page");
        assert_eq!(devices.members, [user]);
        assert_eq!((devices.withheld, devices.count), (0, Some(2)));
        assert_eq!(devices.next.as_deref(), Some("https://next"));
        let users = page(&json, Kind::Users).expect("a page");
        assert_eq!(users.members, [device]);
    }

    #[test]
    fn a_member_without_its_id_is_withheld_and_no_member_stands_for_many() {
        for id in ["null", r#""""#] {
            let json =
                format!(r#"{{"value":[{{"id":"{A}","deviceId":{id},"displayName":null}}]}}"#);
            let page = page(&json, Kind::Devices).expect("a page");
            assert_eq!((page.members.len(), page.withheld), (0, 1), "{json}");
        }
        let absent = page(r#"{"value":[{}]}"#, Kind::Users).expect("a page");
        assert_eq!(absent.withheld, 1);
        for id in ["00000000-0000-0000-0000-000000000000", "PC-1"] {
            let json = format!(r#"{{"value":[{{"deviceId":"{id}"}}]}}"#);
            assert_eq!(page(&json, Kind::Devices), None, "{id}");
        }
    }

    #[test]
    fn what_is_not_a_page_is_none() {
        for json in [
            "",
            "<html>",
            "{}",
            r#"{"value":{}}"#,
            r#"{"value":[],"@odata.nextLink":{"href":"x"}}"#,
        ] {
            assert_eq!(page(json, Kind::Users), None, "{json}");
        }
    }

    #[test]
    fn a_name_is_compared_without_letter_case_and_nothing_else_is_taken_for_it() {
        let key: Key = "Büro".parse().expect("a name");
        let json = format!(
            r#"{{"value":[{{"id":"{A}","displayName":"BÜRO"}},{{"id":"{B}","displayName":"BÜRO 2"}},
                {{"id":"{B}","displayName":null}}]}}"#
        );
        let found = Found::read(json.as_bytes(), &key).expect("groups");
        assert!(!found.more);
        let ids: Vec<String> = found
            .groups
            .iter()
            .map(|group| group.id.to_string())
            .collect();
        assert_eq!(ids, [A]);
        let id = B.parse().expect("a GUID");
        let one = format!(r#"{{"id":"{A}","displayName":"x"}}"#);
        assert_eq!(Group::read(one.as_bytes(), id), None, "another group");
    }
}
