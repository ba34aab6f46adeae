//! The query of the list's first page: the properties to read, and the criteria that Graph filters by.

use intune_sync_graph::LIST_PATH;
use intune_sync_ids::Guid;

use crate::contract::Selection;

/// The properties of a device that every run reads. Without `$select` a device takes about 5 KB.
const SELECT: &str =
    "id,deviceName,operatingSystem,managementAgent,managementState,lastSyncDateTime";

/// How much of the selection is Graph's work, from the most to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum QueryForm {
    /// The devices that match, and the properties that the run reads.
    Filtered,
    /// All devices, and the properties that the run reads.
    Selected,
    /// All devices as they are.
    Bare,
}

impl QueryForm {
    pub(crate) const ALL: [Self; 3] = [Self::Filtered, Self::Selected, Self::Bare];
}

/// Path and query of the list's first page.
///
/// Graph silently ignores a filter that it does not support (docs/graph-facts.md#list-filters), so each criterion is
/// checked again here. The filter must
/// never leave out a device that this check would accept: it has only the criteria for which the two surely agree, and
/// none with several values (Graph knows only `and`).
pub(crate) fn list_query(
    selection: &Selection,
    stale_before: Option<&str>,
    form: QueryForm,
) -> String {
    if form == QueryForm::Bare {
        return LIST_PATH.to_owned();
    }
    let mut clauses: Vec<String> = Vec::new();
    if form == QueryForm::Filtered {
        if let [os] = selection.os.as_slice()
            && let Some(known) = KNOWN_OS.iter().find(|known| known.eq_ignore_ascii_case(os))
        {
            clauses.push(format!("startswith(operatingSystem,'{known}')"));
        }
        for (values, property) in [
            (&selection.compliance, "complianceState"),
            (&selection.owner, "managedDeviceOwnerType"),
            (&selection.agent, "managementAgent"),
        ] {
            if let [value] = values.as_slice()
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
            {
                clauses.push(format!("{property} eq '{value}'"));
            }
        }
        clauses.extend(stale_before.map(|time| format!("lastSyncDateTime le {time}")));
        if let [device] = selection.devices.as_slice() {
            clauses.push(format!("id eq '{}'", Guid::from(*device)));
        }
    }
    let mut query = format!("{LIST_PATH}?$select={SELECT}");
    // Properties that only a criterion needs are not requested without it.
    for (criterion, property) in [
        (&selection.compliance, "complianceState"),
        (&selection.owner, "managedDeviceOwnerType"),
        (&selection.category, "deviceCategoryDisplayName"),
    ] {
        if !criterion.is_empty() {
            query.push(',');
            query.push_str(property);
        }
    }
    if !clauses.is_empty() {
        query.push_str("&$filter=");
        query.push_str(
            &clauses
                .join(" and ")
                .replace(' ', "%20")
                .replace('\'', "%27"),
        );
    }
    query
}

/// Names for which Graph's own spelling is known: a filter may compare with letter case.
const KNOWN_OS: [&str; 7] = [
    "Windows", "macOS", "iOS", "iPadOS", "Android", "Linux", "ChromeOS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_the_properties_that_the_criteria_read_and_no_more() {
        let always = format!("{LIST_PATH}?$select={SELECT}");
        let mut selection = Selection::default();
        assert_eq!(list_query(&selection, None, QueryForm::Selected), always);
        selection.category = vec!["Kiosk".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned(), "conflict".to_owned()];
        assert_eq!(
            list_query(&selection, None, QueryForm::Filtered),
            format!("{always},complianceState,deviceCategoryDisplayName")
        );
        selection.owner = vec!["personal".to_owned()];
        assert!(
            list_query(&selection, None, QueryForm::Selected).contains(",managedDeviceOwnerType,")
        );
    }

    #[test]
    fn sends_only_criteria_that_lose_nothing() {
        let mut selection = Selection::default();
        assert!(!list_query(&selection, None, QueryForm::Filtered).contains("$filter"));
        selection.os = vec!["windows".to_owned()];
        selection.compliance = vec!["noncompliant".to_owned()];
        selection.owner = vec!["company".to_owned(), "personal".to_owned()];
        selection.name = vec!["DESK-*".to_owned()];
        let query = list_query(
            &selection,
            Some("2026-11-22T00:00:00Z"),
            QueryForm::Filtered,
        );
        let filter = query.split_once("&$filter=").expect("a filter").1;
        assert_eq!(
            filter,
            "startswith(operatingSystem,%27Windows%27)%20and%20complianceState%20eq%20%27noncompliant%27\
             %20and%20lastSyncDateTime%20le%202026-11-22T00:00:00Z"
        );
        assert!(
            !list_query(
                &selection,
                Some("2026-11-22T00:00:00Z"),
                QueryForm::Selected
            )
            .contains("$filter")
        );
    }
}
