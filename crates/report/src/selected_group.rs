//! The groups that a run selects by.

use serde::Serialize;

use crate::{one_line, text::table};

/// A group of Entra ID that a run selects by, or leaves out, and who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SelectedGroup {
    /// Its `displayName`; can be empty.
    pub name: String,
    /// Its object id.
    pub id: String,
    /// Whether its members are left out.
    pub excluded: bool,
    /// The devices in it and in the groups in it, whether Intune knows them or not.
    pub devices: usize,
    /// The users.
    pub users: usize,
}

/// The groups for people, below a title; nothing if there are none.
pub(crate) fn text(groups: &[SelectedGroup]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 5]> = groups
        .iter()
        .map(|group| {
            [
                format!("  {}", one_line(&group.name)),
                group.id.clone(),
                format!("{} devices", group.devices),
                format!("{} users", group.users),
                match group.excluded {
                    true => "left out".to_owned(),
                    false => String::new(),
                },
            ]
        })
        .collect();
    format!("\nGroups:\n{}", table(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_has_a_line() {
        let group = |name: &str, excluded, devices| SelectedGroup {
            name: name.to_owned(),
            id: "00112233-4455-6677-8899-aabbccddeeff".to_owned(),
            excluded,
            devices,
            users: 3,
        };
        assert_eq!(text(&[]), "");
        assert_eq!(
            text(&[group("Kiosks", false, 120), group("L\u{1b}ab", true, 0)]),
            "\nGroups:\n\
             \x20 Kiosks  00112233-4455-6677-8899-aabbccddeeff  120 devices  3 users\n\
             \x20 L ab    00112233-4455-6677-8899-aabbccddeeff  0 devices    3 users  left out\n"
        );
    }
}
