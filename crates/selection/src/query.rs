//! The query of the list's first page: the properties to read, and the criteria that Graph filters by.

use intune_sync_graph::{Clause, FilterText, ListQuery, Properties, Property};
use intune_sync_ids::Guid;

use crate::{Criteria, Selection};

/// The properties of a device that every run reads. Without `$select` a device takes about 5 KB.
const ALWAYS: [Property; 6] = [
    Property::Id,
    Property::DeviceName,
    Property::OperatingSystem,
    Property::ManagementAgent,
    Property::ManagementState,
    Property::LastSyncDateTime,
];

/// How much of the selection is Graph's work, from the most to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueryForm {
    /// The devices that match, and the properties that the run reads.
    Filtered,
    /// All devices, and the properties that the run reads.
    Selected,
    /// All devices as they are.
    Bare,
}

impl QueryForm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Filtered, Self::Selected, Self::Bare];
}

/// The properties that a run with this selection reads: what it selects by and shows.
#[must_use]
pub fn properties(selection: &Selection) -> Properties {
    let s = selection;
    let any = |texts: &[&Vec<String>]| texts.iter().any(|texts| !texts.is_empty());
    let any_id = |ids: &[&Vec<Guid>]| ids.iter().any(|ids| !ids.is_empty());
    // Properties that only a criterion needs are not requested without it.
    let criteria = [
        (any(&[&s.compliance]), Property::ComplianceState),
        (any(&[&s.owner]), Property::ManagedDeviceOwnerType),
        (any(&[&s.category]), Property::DeviceCategoryDisplayName),
        (
            any(&[&s.serial, &s.serial_numbers, &s.exclude_serial_numbers]),
            Property::SerialNumber,
        ),
        (any(&[&s.user]), Property::UserPrincipalName),
        (any(&[&s.model]), Property::Model),
        (
            any(&[&s.enrollment_profile]),
            Property::EnrollmentProfileName,
        ),
        (any(&[&s.os_version]), Property::OsVersion),
        (s.enrolled_since.is_some(), Property::EnrolledDateTime),
        (
            any_id(&[&s.entra_devices, &s.exclude_entra_devices]),
            Property::AzureAdDeviceId,
        ),
        (any_id(&[&s.users, &s.exclude_users]), Property::UserId),
    ];
    let given = criteria.into_iter().filter(|(is_given, _)| *is_given);
    let given = given.map(|(_, property)| property);
    ALWAYS.into_iter().chain(given).collect()
}

/// The query of the list's first page.
///
/// Graph silently ignores a filter that it does not support (docs/graph-facts.md#list-filters), so each criterion is
/// checked again here. The filter must
/// never leave out a device that this check would accept: it has only the criteria for which the two surely agree, and
/// none with several values (Graph knows only `and`).
#[must_use]
pub fn list_query(selection: &Selection, criteria: &Criteria, form: QueryForm) -> ListQuery {
    let (select, filter) = match form {
        QueryForm::Filtered => (properties(selection), filter(selection, criteria)),
        QueryForm::Selected => (properties(selection), Vec::new()),
        QueryForm::Bare => (Properties::default(), Vec::new()),
    };
    ListQuery {
        select,
        filter,
        ..ListQuery::default()
    }
}

fn filter(selection: &Selection, criteria: &Criteria) -> Vec<Clause> {
    if selection.names_devices() {
        // Only the whole list shows which names are not those of a device.
        return only_device(selection).into_iter().collect();
    }
    let mut clauses = Vec::new();
    if let [os] = selection.os.as_slice()
        && let Some(known) = KNOWN_OS.iter().find(|known| known.eq_ignore_ascii_case(os))
    {
        let os = FilterText::new(known);
        clauses.extend(os.map(|os| Clause::Begins(Property::OperatingSystem, os)));
    }
    for (values, property) in [
        (&selection.compliance, Property::ComplianceState),
        (&selection.owner, Property::ManagedDeviceOwnerType),
        (&selection.agent, Property::ManagementAgent),
    ] {
        if let [value] = values.as_slice()
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            let value = FilterText::new(value);
            clauses.extend(value.map(|value| Clause::Is(property, value)));
        }
    }
    // A text without letters is the same in any letter case.
    let caseless = |text: &&String| !text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if let [version] = selection.os_version.as_slice() {
        let version = Some(version).filter(caseless);
        let version = version.and_then(|version| FilterText::new(version));
        clauses.extend(version.map(|version| Clause::Begins(Property::OsVersion, version)));
    }
    if let [serial] = selection.serial.as_slice() {
        // Nor is one that can be written in a filter a pattern.
        let serial = Some(serial).filter(caseless);
        let serial = serial.and_then(|serial| FilterText::new(serial));
        clauses.extend(serial.map(|serial| Clause::Is(Property::SerialNumber, serial)));
    }
    let stale = criteria.stale_filter();
    clauses.extend(stale.map(|time| Clause::Until(Property::LastSyncDateTime, time)));
    let enrolled = criteria.enrolled_filter();
    clauses.extend(enrolled.map(|time| Clause::Since(Property::EnrolledDateTime, time)));
    clauses
}

/// The comparison with the only device that is named, if it is only one, by its id.
fn only_device(selection: &Selection) -> Option<Clause> {
    let by_id_alone = selection.entra_devices.is_empty()
        && selection.users.is_empty()
        && selection.device_names.is_empty()
        && selection.serial_numbers.is_empty();
    match selection.devices.as_slice() {
        [device] if by_id_alone => {
            let device = FilterText::new(device.text().as_str());
            device.map(|device| Clause::Is(Property::Id, device))
        }
        _ => None,
    }
}

/// Names for which Graph's own spelling is known: a filter may compare with letter case.
const KNOWN_OS: [&str; 7] = [
    "Windows", "macOS", "iOS", "iPadOS", "Android", "Linux", "ChromeOS",
];

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const ALWAYS: &str =
        "$select=id,deviceName,operatingSystem,managementAgent,managementState,lastSyncDateTime";

    const NOW: Duration = Duration::from_secs(1_794_382_080);

    fn query(selection: &Selection, form: QueryForm) -> String {
        list_query(selection, &Criteria::new(selection, NOW), form).to_string()
    }

    /// The filter, decoded.
    fn filter(change: impl Fn(&mut Selection)) -> String {
        let mut selection = Selection::default();
        change(&mut selection);
        let query = query(&selection, QueryForm::Filtered);
        let (_, filter) = query.split_once("&$filter=").unwrap_or_default();
        filter.replace("%20", " ").replace("%27", "'")
    }

    #[test]
    fn requests_the_properties_that_the_criteria_read_and_no_more() {
        let mut selection = Selection::default();
        assert_eq!(query(&selection, QueryForm::Selected), ALWAYS);
        assert_eq!(query(&selection, QueryForm::Bare), "");
        selection.category = vec!["Kiosk".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned(), "conflict".to_owned()];
        assert_eq!(
            query(&selection, QueryForm::Filtered),
            format!("{ALWAYS},complianceState,deviceCategoryDisplayName")
        );
        selection.owner = vec!["personal".to_owned()];
        let read = query(&selection, QueryForm::Selected);
        assert!(read.contains(",managedDeviceOwnerType,"), "{read}");
    }

    #[test]
    fn sends_only_criteria_that_lose_nothing() {
        let mut selection = Selection::default();
        assert!(!query(&selection, QueryForm::Filtered).contains("$filter"));
        selection.os = vec!["windows".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned()];
        selection.owner = vec!["company".to_owned(), "personal".to_owned()];
        selection.name = vec!["DESK-*".to_owned()];
        selection.stale_for = Some(Duration::from_secs(60));
        let filtered = query(&selection, QueryForm::Filtered);
        assert_eq!(
            filtered.split_once("&$filter=").expect("a filter").1,
            "startswith(operatingSystem,%27Windows%27)%20and%20complianceState%20eq%20%27noncompliant%27\
             %20and%20lastSyncDateTime%20le%202026-11-11T07:27:01Z"
        );
        assert!(!query(&selection, QueryForm::Selected).contains("$filter"));
    }

    #[test]
    fn a_version_and_a_serial_number_are_sent_where_letter_case_cannot_matter() {
        let version = |version: &str| filter(|s| s.os_version = vec![version.to_owned()]);
        assert_eq!(version("10.0.2"), "startswith(osVersion,'10.0.2')");
        assert_eq!(version("10.0 beta"), "");
        let serial = |serial: &str| filter(|s| s.serial = vec![serial.to_owned()]);
        assert_eq!(serial("0012-34"), "serialNumber eq '0012-34'");
        for other in ["5CD0", "00*", "0?1"] {
            assert_eq!(serial(other), "", "{other}");
        }
        assert_eq!(
            filter(|s| s.enrolled_since = Some(Duration::from_secs(60))),
            "enrolledDateTime ge 2026-11-11T07:27:00Z"
        );
    }

    #[test]
    fn who_names_devices_gets_the_whole_list_or_the_one_device() {
        let id = Guid::random(1);
        let one = |s: &mut Selection| {
            s.devices = vec![id];
            s.os = vec!["iOS".to_owned()];
        };
        assert_eq!(filter(one), format!("id eq '{id}'"));
        assert_eq!(filter(|s| (one(s), s.devices.push(id)).1), "");
        assert_eq!(
            filter(|s| (one(s), s.device_names.push("PC".to_owned())).1),
            ""
        );
        assert_eq!(filter(|s| (one(s), s.users.push(id)).1), "");
    }

    #[test]
    fn requests_what_names_and_exclusions_are_compared_with() {
        let selected = |change: &dyn Fn(&mut Selection)| {
            let mut selection = Selection::default();
            change(&mut selection);
            let query = query(&selection, QueryForm::Selected);
            let more = query.strip_prefix(ALWAYS).expect("always the same");
            more.to_owned()
        };
        let (id, text) = (Guid::random(1), "x".to_owned());
        assert_eq!(selected(&|s| s.users = vec![id]), ",userId");
        assert_eq!(selected(&|s| s.exclude_users = vec![id]), ",userId");
        assert_eq!(
            selected(&|s| s.entra_devices = vec![id]),
            ",azureADDeviceId"
        );
        assert_eq!(
            selected(&|s| s.exclude_entra_devices = vec![id]),
            ",azureADDeviceId"
        );
        assert_eq!(
            selected(&|s| s.serial_numbers = vec![text.clone()]),
            ",serialNumber"
        );
        assert_eq!(
            selected(&|s| s.user = vec![text.clone()]),
            ",userPrincipalName"
        );
        assert_eq!(selected(&|s| s.model = vec![text.clone()]), ",model");
        assert_eq!(selected(&|s| s.device_names = vec![text.clone()]), "");
        assert_eq!(selected(&|s| s.exclude_name = vec![text.clone()]), "");
    }
}
