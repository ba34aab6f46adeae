//! A criterion that is a list of texts: a device meets it by any of them.

use core::cmp::Reverse;
use std::collections::BTreeMap;

use intune_sync_graph::{DeviceRow, Property, shortened};
use wildmatch::WildMatch;

use crate::Selection;

/// The most different values of a property that are remembered.
const SEEN_MAX: usize = 200;
/// The most of them that are shown.
const SHOWN_MAX: usize = 8;

/// A criterion that is a list of texts.
#[derive(Debug, Clone)]
pub(crate) struct Criterion {
    /// The setting.
    key: &'static str,
    property: Property,
    values: Vec<Value>,
    /// What the devices have, while there is a value that matches none of them; `None` where that says nothing.
    seen: Option<BTreeMap<String, u32>>,
}

#[derive(Debug, Clone)]
struct Value {
    /// As it was given.
    text: String,
    test: Test,
    met: bool,
}

/// How a value is compared, in any letter case.
#[derive(Debug, Clone)]
enum Test {
    Is(String),
    Begins(String),
    Like(WildMatch),
}

/// A value of a criterion that matches no listed device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// The setting: `os`.
    pub key: &'static str,
    /// The value, as it was given.
    pub value: String,
    /// What the listed devices have instead, the commonest first; not all of it, and nothing where that says nothing.
    pub instead: Vec<String>,
}

/// A setting, the property that it is about, its values, how they are compared, and whether few different ones are
/// expected.
type Row<'a> = (&'static str, Property, &'a [String], fn(&str) -> Test, bool);

impl Criterion {
    /// Those that a selection has.
    pub(crate) fn all(selection: &Selection) -> Vec<Self> {
        let is = |text: &str| Test::Is(text.to_lowercase());
        let begins = |text: &str| Test::Begins(text.to_lowercase());
        let s = selection;
        // Nearly every device has a name, a serial number and a user of its own: to list them would say nothing.
        let (few, many) = (true, false);
        let all: [Row<'_>; 11] = [
            ("os", Property::OperatingSystem, &s.os, begins, few),
            (
                "compliance",
                Property::ComplianceState,
                &s.compliance,
                is,
                few,
            ),
            ("owner", Property::ManagedDeviceOwnerType, &s.owner, is, few),
            ("agent", Property::ManagementAgent, &s.agent, is, few),
            (
                "category",
                Property::DeviceCategoryDisplayName,
                &s.category,
                is,
                few,
            ),
            ("name", Property::DeviceName, &s.name, like, many),
            ("serial", Property::SerialNumber, &s.serial, like, many),
            ("user", Property::UserPrincipalName, &s.user, like, many),
            ("model", Property::Model, &s.model, like, few),
            (
                "enrollment-profile",
                Property::EnrollmentProfileName,
                &s.enrollment_profile,
                like,
                few,
            ),
            (
                "os-version",
                Property::OsVersion,
                &s.os_version,
                begins,
                few,
            ),
        ];
        let given = all
            .into_iter()
            .filter(|(_, _, texts, ..)| !texts.is_empty());
        given
            .map(|(key, property, texts, test, is_few)| Self {
                key,
                property,
                values: texts.iter().map(|text| Value::new(text, test)).collect(),
                seen: is_few.then(BTreeMap::new),
            })
            .collect()
    }

    /// What a selection leaves out by its name.
    pub(crate) fn exclude_name(selection: &Selection) -> Option<Self> {
        let patterns = &selection.exclude_name;
        (!patterns.is_empty()).then(|| Self {
            key: "exclude-name",
            property: Property::DeviceName,
            values: patterns.iter().map(|text| Value::new(text, like)).collect(),
            seen: None,
        })
    }

    /// Whether a device has one of the values.
    pub(crate) fn matches(&mut self, device: &DeviceRow<'_>) -> bool {
        let text = device.text(self.property);
        let lower = text.to_lowercase();
        let mut any = false;
        let mut all_met = true;
        for value in &mut self.values {
            if !(any && value.met) && value.test.passes(text, &lower) {
                any = true;
                value.met = true;
            }
            all_met &= value.met;
        }
        if all_met {
            self.seen = None;
        }
        if let Some(seen) = &mut self.seen
            && !text.is_empty()
        {
            let text = shortened(text, 40);
            if let Some(count) = seen.get_mut(text) {
                *count += 1;
            } else if seen.len() < SEEN_MAX {
                seen.insert(text.to_owned(), 1);
            }
        }
        any
    }

    /// The values that have matched no device so far.
    pub(crate) fn unmatched(&self) -> impl Iterator<Item = Unmatched> + '_ {
        let unmet = self.values.iter().filter(|value| !value.met);
        unmet.map(|value| Unmatched {
            key: self.key,
            value: value.text.clone(),
            instead: self.commonest(),
        })
    }

    fn commonest(&self) -> Vec<String> {
        let mut seen: Vec<(&String, &u32)> = self.seen.iter().flatten().collect();
        seen.sort_by_key(|(_, count)| Reverse(**count));
        let shown = seen.into_iter().take(SHOWN_MAX);
        shown.map(|(text, _)| text.clone()).collect()
    }
}

fn like(text: &str) -> Test {
    Test::Like(WildMatch::new_case_insensitive(text))
}

impl Value {
    fn new(text: &str, test: fn(&str) -> Test) -> Self {
        Self {
            text: text.to_owned(),
            test: test(text),
            met: false,
        }
    }
}

impl Test {
    fn passes(&self, text: &str, lower: &str) -> bool {
        match self {
            Self::Is(value) => lower == value,
            Self::Begins(value) => lower.starts_with(value.as_str()),
            // `*` matches any text, but there has to be one.
            Self::Like(pattern) => !text.is_empty() && pattern.matches(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn matches(criteria: &mut [Criterion], json: &str) -> Vec<bool> {
        let device: DeviceRow<'_> = serde_json::from_str(json).expect("a device");
        criteria
            .iter_mut()
            .map(|criterion| criterion.matches(&device))
            .collect()
    }

    #[test]
    fn each_property_is_compared_in_its_way() {
        let selection = Selection {
            serial: texts(&["5cd*"]),
            user: texts(&["*@contoso.com"]),
            model: texts(&["iPad?,*"]),
            enrollment_profile: texts(&["Kiosk"]),
            os_version: texts(&["10.0.2"]),
            ..Selection::default()
        };
        let mut criteria = Criterion::all(&selection);
        let yes = r#"{"serialNumber":"5CD123","userPrincipalName":"Ann@Contoso.com","model":"iPad8,1",
                      "enrollmentProfileName":"kiosk","osVersion":"10.0.22631"}"#;
        assert_eq!(matches(&mut criteria, yes), [true; 5]);
        let no = r#"{"serialNumber":"X5CD","userPrincipalName":"ann@contoso.com.example","model":"iPad",
                     "enrollmentProfileName":"kiosk 2","osVersion":"110.0.2"}"#;
        assert_eq!(matches(&mut criteria, no), [false; 5]);
        assert_eq!(matches(&mut criteria, "{}"), [false; 5]);
    }

    #[test]
    fn a_value_that_matches_nothing_is_known_and_what_there_is_instead() {
        let selection = Selection {
            os: texts(&["iOS", "Windws"]),
            name: texts(&["LAB-*", "KIOSK-*"]),
            ..Selection::default()
        };
        let mut criteria = Criterion::all(&selection);
        for (os, name) in [
            ("iOS", "x"),
            ("Windows", "lab-1"),
            ("Windows", "lab-2"),
            ("macOS", ""),
        ] {
            let json = format!(r#"{{"operatingSystem":"{os}","deviceName":"{name}"}}"#);
            matches(&mut criteria, &json);
        }
        let unmatched: Vec<Unmatched> = criteria.iter().flat_map(Criterion::unmatched).collect();
        let expected = |key, value: &str, instead: &[&str]| Unmatched {
            key,
            value: value.to_owned(),
            instead: texts(instead),
        };
        assert_eq!(
            unmatched,
            [
                expected("os", "Windws", &["Windows", "iOS", "macOS"]),
                expected("name", "KIOSK-*", &[]),
            ]
        );
    }
}
