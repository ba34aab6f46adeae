//! The part of `$filter` that Graph supports for managed devices: comparisons joined by `and`.

use crate::fleet::{
    device::Device,
    property::{Property, Value},
};

/// A supported filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Is(Property, String),
    IsNot(Property, String),
    StartsWith(Property, String),
    /// The earliest and the latest time that match, in milliseconds since 1970.
    Between(Property, i64, i64),
}

impl Filter {
    /// Parses a filter; `None` if Graph does not support it, which means that it is ignored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut terms = Vec::new();
        loop {
            let (term, after) = Term::parse(rest)?;
            terms.push(term);
            rest = after.trim_start();
            if rest.is_empty() {
                return Some(Self { terms });
            }
            rest = rest.strip_prefix("and ")?.trim_start();
        }
    }

    /// Whether the device matches.
    pub(crate) fn matches(&self, device: &Device<'_>) -> bool {
        self.terms.iter().all(|term| term.matches(device))
    }
}

impl Term {
    /// The term at the beginning of `text`, and the rest.
    fn parse(text: &str) -> Option<(Self, &str)> {
        if let Some(arguments) = text.strip_prefix("startswith(") {
            let (name, rest) = arguments.split_once(',')?;
            let (prefix, rest) = literal(rest.trim_start())?;
            let rest = rest.trim_start().strip_prefix(')')?;
            let property = filterable(name.trim())?;
            return Some((Self::StartsWith(property, prefix), rest));
        }
        let (name, rest) = text.split_once(' ')?;
        let (operator, rest) = rest.trim_start().split_once(' ')?;
        let rest = rest.trim_start();
        let time = Property::named(name).filter(|(known, _)| *known == name);
        if let Some((_, property @ (Property::LastSyncDateTime | Property::EnrolledDateTime))) =
            time
        {
            let end = rest.find(' ').unwrap_or(rest.len());
            let time = rest[..end]
                .parse::<jiff::Timestamp>()
                .ok()?
                .as_millisecond();
            let term = match operator {
                "le" => Self::Between(property, i64::MIN, time),
                "lt" => Self::Between(property, i64::MIN, time.checked_sub(1)?),
                "ge" => Self::Between(property, time, i64::MAX),
                "gt" => Self::Between(property, time.checked_add(1)?, i64::MAX),
                _ => return None,
            };
            return Some((term, &rest[end..]));
        }
        let property = filterable(name)?;
        let (value, rest) = literal(rest)?;
        match operator {
            "eq" => Some((Self::Is(property, value), rest)),
            "ne" => Some((Self::IsNot(property, value), rest)),
            _ => None,
        }
    }

    fn matches(&self, device: &Device<'_>) -> bool {
        match self {
            Self::Is(property, wanted) => text(device, *property).eq_ignore_ascii_case(wanted),
            Self::IsNot(property, wanted) => !text(device, *property).eq_ignore_ascii_case(wanted),
            Self::StartsWith(property, prefix) => text(device, *property)
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
            Self::Between(property, least, largest) => {
                let time = match device.value(*property) {
                    Value::Time(Some(time)) => i64::try_from(time).unwrap_or(i64::MAX),
                    _ => i64::MIN,
                };
                (least..=largest).contains(&&time)
            }
        }
    }
}

fn filterable(name: &str) -> Option<Property> {
    let (known, property) = Property::named(name)?;
    let filterable = matches!(
        property,
        Property::Id
            | Property::DeviceName
            | Property::OperatingSystem
            | Property::ComplianceState
            | Property::ManagementAgent
            | Property::ManagementState
            | Property::ManagedDeviceOwnerType
            | Property::UserPrincipalName
            | Property::UserId
            | Property::SerialNumber
            | Property::AzureADDeviceId
            | Property::DeviceCategoryDisplayName
    );
    (filterable && known == name).then_some(property)
}

/// The string literal at the beginning of `text`, in which quotes are doubled, and the rest.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

fn text(device: &Device<'_>, property: Property) -> String {
    match device.value(property) {
        Value::Text(text) => text.into_owned(),
        Value::Guid(guid) => guid.to_string(),
        Value::Absent | Value::Null | Value::Time(_) | Value::EmptyList => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_filters_are_not_parsed() {
        for text in [
            "operatingSystem eq 'iOS' or operatingSystem eq 'macOS'",
            "not(operatingSystem eq 'iOS')",
            "contains(deviceName,'x')",
            "model eq 'x'",
            "operatingSystem eq iOS",
            "lastSyncDateTime le yesterday",
            "operatingSystem eq 'iOS' and",
            "",
        ] {
            assert_eq!(Filter::parse(text), None, "{text}");
        }
    }

    #[test]
    fn quotes_are_doubled_and_terms_are_joined() {
        let filter =
            Filter::parse("deviceName eq 'O''Hara and son' and startswith(serialNumber, 'SN')");
        let terms = vec![
            Term::Is(Property::DeviceName, "O'Hara and son".into()),
            Term::StartsWith(Property::SerialNumber, "SN".into()),
        ];
        assert_eq!(filter, Some(Filter { terms }));
    }
}
