//! The column of a table that says which devices are meant.

use std::str::FromStr;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Intune device ids.
    Ids,
    /// Entra device ids.
    EntraIds,
    /// Serial numbers.
    SerialNumbers,
    /// Device names.
    Names,
}

/// A column that a user names: `NAME`, or `NAME=KIND` where neither its name nor what is in it says what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(super) name: String,
    pub(super) holds: Option<Holds>,
}

/// The names of columns, in lower case and in one word, from the one that says most to the one that says least: those
/// of Graph's exports, the admin center's (English and German), PowerShell's, and our own.
const KNOWN: [(&str, Holds); 22] = [
    ("manageddeviceid", Holds::Ids),
    ("intunedeviceid", Holds::Ids),
    ("id", Holds::Ids),
    ("deviceid", Holds::Ids),
    ("geräteid", Holds::Ids),
    ("azureaddeviceid", Holds::EntraIds),
    ("entradeviceid", Holds::EntraIds),
    ("entraiddeviceid", Holds::EntraIds),
    ("microsoftentradeviceid", Holds::EntraIds),
    ("aaddeviceid", Holds::EntraIds),
    ("azureadgeräteid", Holds::EntraIds),
    ("entrageräteid", Holds::EntraIds),
    ("serialnumber", Holds::SerialNumbers),
    ("serial", Holds::SerialNumbers),
    ("seriennummer", Holds::SerialNumbers),
    ("devicename", Holds::Names),
    ("manageddevicename", Holds::Names),
    ("gerätename", Holds::Names),
    ("computername", Holds::Names),
    ("hostname", Holds::Names),
    ("displayname", Holds::Names),
    ("name", Holds::Names),
];

/// Columns that only Entra's own exports have: there `deviceId` is the Entra device id, and `id` that of another
/// object.
const OF_ENTRA: [&str; 5] = [
    "objectid",
    "accountenabled",
    "trusttype",
    "profiletype",
    "approximatelastsignindatetime",
];

/// The names that a message offers.
pub(super) const OFFERED: &str =
    "`Id` or `Device ID`, `Azure AD Device ID`, `Serial number` or `Device name`";

impl Holds {
    const WORDS: [(&str, Self); 4] = [
        ("id", Self::Ids),
        ("entra-id", Self::EntraIds),
        ("serial-number", Self::SerialNumbers),
        ("name", Self::Names),
    ];

    /// One of them: `a device id`.
    pub(super) const fn one(self) -> &'static str {
        match self {
            Self::Ids => "a device id",
            Self::EntraIds => "an Entra device id",
            Self::SerialNumbers => "a serial number",
            Self::Names => "a device name",
        }
    }
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, kind) = match text.rsplit_once('=') {
            None => (text, None),
            Some((name, kind)) => (name, Some(kind)),
        };
        if name.trim().is_empty() {
            return Err("it takes the name of a column".to_owned());
        }
        let known = |kind: &str| {
            let mut words = Holds::WORDS.iter();
            let found = words.find(|(word, _)| *word == kind.trim());
            found.map(|(_, holds)| *holds).ok_or_else(|| {
                "after `=` it takes `id`, `entra-id`, `serial-number` or `name`".to_owned()
            })
        };
        Ok(Self {
            name: name.trim().to_owned(),
            holds: kind.map(known).transpose()?,
        })
    }
}

/// Which column of a header says which devices are meant, what it holds, and its rank: the lower, the more it says.
/// Without a `wanted` one it is a known one; what a wanted one holds may not be known.
pub(super) fn find<'a>(
    header: impl Iterator<Item = &'a str>,
    wanted: Option<&Column>,
) -> Option<(usize, Option<Holds>, usize)> {
    let names: Vec<String> = header.map(plain).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    // A device of Intune's has no `deviceId` next to its `id`.
    let has_both = has("id") && has("deviceid") && !has("manageddeviceid");
    let of_entra = has_both || OF_ENTRA.iter().any(|name| has(name));
    let known = |name: &str| {
        let rank = KNOWN.iter().position(|(known, _)| *known == name)?;
        match (name, KNOWN[rank].1) {
            ("deviceid", _) if of_entra => Some((rank, Holds::EntraIds)),
            (_, Holds::Ids) if of_entra => None,
            (_, holds) => Some((rank, holds)),
        }
    };
    if let Some(wanted) = wanted {
        let at = names.iter().position(|name| *name == plain(&wanted.name))?;
        let holds = wanted.holds.or_else(|| Some(known(&names[at])?.1));
        return Some((at, holds, 0));
    }
    let columns = names.iter().enumerate();
    let known = columns.filter_map(|(at, name)| known(name).map(|(rank, holds)| (at, holds, rank)));
    let (at, holds, rank) = known.min_by_key(|(.., rank)| *rank)?;
    Some((at, Some(holds), rank))
}

/// The name of a column in lower case, in one word: `Device ID`, `DeviceId` and `device-id` are one.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{find as find_column, *};

    #[test]
    fn a_column_is_named_with_what_it_holds_or_without() {
        let column = |name: &str, holds| {
            Ok(Column {
                name: name.to_owned(),
                holds,
            })
        };
        assert_eq!("Asset tag".parse(), column("Asset tag", None));
        assert_eq!("A=b=name".parse(), column("A=b", Some(Holds::Names)));
        assert_eq!(
            "Asset = serial-number".parse(),
            column("Asset", Some(Holds::SerialNumbers))
        );
        for wrong in ["", " ", "=name", "Asset=", "Asset=serial"] {
            assert!(wrong.parse::<Column>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_column_that_says_most_counts() {
        let find = |header: &str, wanted: Option<&str>| {
            let wanted = wanted.map(|wanted| wanted.parse::<Column>().expect("a column"));
            let found = find_column(header.split(','), wanted.as_ref())?;
            Some((found.0, found.1))
        };
        assert_eq!(
            find("Device name,Serial number,Device ID", None),
            Some((2, Some(Holds::Ids)))
        );
        assert_eq!(
            find("Device name,Serial number", None),
            Some((1, Some(Holds::SerialNumbers)))
        );
        // As the Entra admin center and `Get-MgDevice | Export-Csv` write them.
        assert_eq!(
            find("displayName,deviceId,objectId", None),
            Some((1, Some(Holds::EntraIds)))
        );
        assert_eq!(
            find("AccountEnabled,Id,DeviceId", None),
            Some((2, Some(Holds::EntraIds)))
        );
        assert_eq!(find("Id,DeviceId", None), Some((1, Some(Holds::EntraIds))));
        assert_eq!(find("Owner,Asset", None), None);
        assert_eq!(find("Owner,Asset", Some("asset")), Some((1, None)));
        assert_eq!(
            find("Owner,Asset", Some("asset=name")),
            Some((1, Some(Holds::Names)))
        );
        assert_eq!(
            find("Device ID,Name", Some("Name")),
            Some((1, Some(Holds::Names)))
        );
        assert_eq!(find("Device ID,Name", Some("Asset")), None);
    }
}
