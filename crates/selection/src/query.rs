//! The query of the list's first page: the properties to read, and the criteria that Graph filters by.

use intune_sync_graph::{Clause, FilterText, FilterTime, ListQuery, Properties, Property};

use crate::Selection;

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
    // Properties that only a criterion needs are not requested without it.
    let criteria = [
        (&selection.compliance, Property::ComplianceState),
        (&selection.owner, Property::ManagedDeviceOwnerType),
        (&selection.category, Property::DeviceCategoryDisplayName),
    ];
    let given = criteria
        .into_iter()
        .filter(|(values, _)| !values.is_empty());
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
pub fn list_query(
    selection: &Selection,
    stale_before: Option<&FilterTime>,
    form: QueryForm,
) -> ListQuery {
    let (select, filter) = match form {
        QueryForm::Filtered => (properties(selection), filter(selection, stale_before)),
        QueryForm::Selected => (properties(selection), Vec::new()),
        QueryForm::Bare => (Properties::default(), Vec::new()),
    };
    ListQuery {
        select,
        filter,
        ..ListQuery::default()
    }
}

fn filter(selection: &Selection, stale_before: Option<&FilterTime>) -> Vec<Clause> {
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
    let stale = stale_before.cloned();
    clauses.extend(stale.map(|time| Clause::Until(Property::LastSyncDateTime, time)));
    if let [device] = selection.devices.as_slice() {
        let device = FilterText::new(device.text().as_str());
        clauses.extend(device.map(|device| Clause::Is(Property::Id, device)));
    }
    clauses
}

/// Names for which Graph's own spelling is known: a filter may compare with letter case.
const KNOWN_OS: [&str; 7] = [
    "Windows", "macOS", "iOS", "iPadOS", "Android", "Linux", "ChromeOS",
];

#[cfg(test)]
mod tests {
    use super::*;

    const ALWAYS: &str =
        "$select=id,deviceName,operatingSystem,managementAgent,managementState,lastSyncDateTime";

    fn query(selection: &Selection, stale: Option<&str>, form: QueryForm) -> String {
        let stale = stale.and_then(FilterTime::new);
        list_query(selection, stale.as_ref(), form).to_string()
    }

    #[test]
    fn requests_the_properties_that_the_criteria_read_and_no_more() {
        let mut selection = Selection::default();
        assert_eq!(query(&selection, None, QueryForm::Selected), ALWAYS);
        assert_eq!(query(&selection, None, QueryForm::Bare), "");
        selection.category = vec!["Kiosk".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned(), "conflict".to_owned()];
        assert_eq!(
            query(&selection, None, QueryForm::Filtered),
            format!("{ALWAYS},complianceState,deviceCategoryDisplayName")
        );
        selection.owner = vec!["personal".to_owned()];
        let read = query(&selection, None, QueryForm::Selected);
        assert!(read.contains(",managedDeviceOwnerType,"), "{read}");
    }

    #[test]
    fn sends_only_criteria_that_lose_nothing() {
        let mut selection = Selection::default();
        assert!(!query(&selection, None, QueryForm::Filtered).contains("$filter"));
        selection.os = vec!["windows".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned()];
        selection.owner = vec!["company".to_owned(), "personal".to_owned()];
        selection.name = vec!["DESK-*".to_owned()];
        let stale = Some("2026-11-22T00:00:00Z");
        let filtered = query(&selection, stale, QueryForm::Filtered);
        assert_eq!(
            filtered.split_once("&$filter=").expect("a filter").1,
            "startswith(operatingSystem,%27Windows%27)%20and%20complianceState%20eq%20%27noncompliant%27\
             %20and%20lastSyncDateTime%20le%202026-11-22T00:00:00Z"
        );
        assert!(!query(&selection, stale, QueryForm::Selected).contains("$filter"));
    }
}
