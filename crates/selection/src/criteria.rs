//! The criteria that a device of the list must meet, and what keeps one from being synced.

use core::time::Duration;

use intune_sync_graph::{DeviceRow, FilterTime, Property, shortened};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    Selection,
    criterion::{Criterion, Unmatched},
};

/// The criteria of a [`Selection`], prepared for one device after the other.
#[derive(Debug, Clone)]
pub struct Criteria {
    texts: Vec<Criterion>,
    /// In seconds since 1970.
    stale_before: Option<u32>,
    /// In seconds since 1970.
    enrolled_after: Option<u32>,
    include_unsupported: bool,
}

impl Criteria {
    /// Those of a selection, for a run that began `started_at`, since 1970.
    #[must_use]
    pub fn new(selection: &Selection, started_at: Duration) -> Self {
        let ago = |length: Duration| unix_seconds(started_at.saturating_sub(length));
        Self {
            texts: Criterion::all(selection),
            stale_before: selection.stale_for.map(ago),
            enrolled_after: selection.enrolled_since.map(ago),
            include_unsupported: selection.include_unsupported,
        }
    }

    /// Whether there is no criterion, so that every device matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.stale_before.is_none() && self.enrolled_after.is_none()
    }

    /// Whether the last check-in decides.
    #[must_use]
    pub fn reads_last_sync(&self) -> bool {
        self.stale_before.is_some()
    }

    /// The time for Graph's filter on the last check-in: a second later than ours, which counts whole seconds.
    #[must_use]
    pub fn stale_filter(&self) -> Option<FilterTime> {
        filter_time(i64::from(self.stale_before?) + 1)
    }

    /// The time for Graph's filter on the enrolment.
    #[must_use]
    pub fn enrolled_filter(&self) -> Option<FilterTime> {
        filter_time(self.enrolled_after?.into())
    }

    /// Whether a device that last checked in at this time matches. Each value of each criterion learns whether it
    /// matches a device.
    #[must_use]
    pub fn matches(&mut self, device: &DeviceRow<'_>, last_sync: u32) -> bool {
        let mut texts = true;
        for criterion in &mut self.texts {
            texts &= criterion.matches(device);
        }
        let enrolled = |after: u32| unix_time(device.text(Property::EnrolledDateTime)) >= after;
        texts
            && self.stale_before.is_none_or(|time| last_sync <= time)
            && self.enrolled_after.is_none_or(enrolled)
    }

    /// The values that have matched no device so far.
    pub fn unmatched(&self) -> impl Iterator<Item = Unmatched> + '_ {
        self.texts.iter().flat_map(Criterion::unmatched)
    }

    /// Why a device cannot sync, unless such devices are to be included.
    #[must_use]
    pub fn unsupported(&self, device: &DeviceRow<'_>) -> Option<String> {
        if self.include_unsupported {
            None
        } else {
            unsupported(device)
        }
    }
}

/// No official table says which devices support a sync. These are the platforms that the action's documentation leaves
/// out, the agents without a channel to Intune, and the states of a device that is about to leave
/// (docs/graph-facts.md#which-devices-can-sync).
fn unsupported(device: &DeviceRow<'_>) -> Option<String> {
    const PLATFORMS: [(&str, &str); 3] = [
        ("linux", "Linux"),
        ("chromeos", "ChromeOS"),
        ("chrome os", "ChromeOS"),
    ];
    const AGENTS: [&str; 5] = [
        "eas",
        "configurationManagerClient",
        "jamf",
        "msSense",
        "unknown",
    ];
    const STATES: [&str; 3] = ["wipe", "retire", "deletePending"];
    let (os, agent, state) = (
        device.operating_system.as_str(),
        device.management_agent.as_str(),
        device.management_state.as_str(),
    );
    let begins = |text: &str, start: &str| {
        text.get(..start.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(start))
    };
    if let Some((_, platform)) = PLATFORMS.iter().find(|(start, _)| begins(os, start)) {
        Some(format!("platform {platform}"))
    } else if let Some(agent) = AGENTS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(agent))
    {
        Some(format!("management agent {agent}"))
    } else if STATES.iter().any(|start| begins(state, start)) {
        Some(format!("management state {}", shortened(state, 40)))
    } else {
        None
    }
}

/// A time of Graph's in seconds since 1970; 0 for never, which Graph writes as the year 1, as null, or not at all. A
/// time without a zone is in UTC.
#[must_use]
pub fn unix_time(text: &str) -> u32 {
    let civil = || {
        text.parse()
            .ok()
            .and_then(|time| TimeZone::UTC.to_timestamp(time).ok())
    };
    let time: Option<Timestamp> = text.parse().ok().or_else(civil);
    time.map_or(0, |time| {
        u32::try_from(time.as_second().max(0)).unwrap_or(u32::MAX)
    })
}

fn filter_time(seconds: i64) -> Option<FilterTime> {
    FilterTime::new(&Timestamp::from_second(seconds).ok()?.to_string())
}

fn unix_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_794_382_080);
    const HOUR: Duration = Duration::from_hours(1);

    fn device(json: &str) -> DeviceRow<'_> {
        serde_json::from_str(json).expect("a device")
    }

    fn takes(change: impl Fn(&mut Selection), json: &str, last: u32) -> bool {
        let mut selection = Selection::default();
        change(&mut selection);
        Criteria::new(&selection, NOW).matches(&device(json), last)
    }

    #[test]
    fn operating_system_by_its_beginning() {
        let os = |os: &str, json: &str| takes(|s| s.os = vec![os.to_owned()], json, 0);
        assert!(os("windows", r#"{"operatingSystem":"Windows"}"#));
        assert!(os("LINUX", r#"{"operatingSystem":"Linux (ubuntu)"}"#));
        assert!(os("android", r#"{"operatingSystem":"AndroidEnterprise"}"#));
        assert!(!os("ios", r#"{"operatingSystem":"iPadOS"}"#));
        assert!(!os("windows", r#"{"operatingSystem":null}"#));
    }

    #[test]
    fn every_criterion_and_any_of_its_entries() {
        let json = r#"{"complianceState":"inGracePeriod","managedDeviceOwnerType":"company","managementAgent":"mdm",
                       "deviceCategoryDisplayName":"Küche","deviceName":"KIOSK-07"}"#;
        let all = |name: &str| {
            takes(
                |s| {
                    s.compliance = vec!["compliant".into(), "ingraceperiod".into()];
                    s.owner = vec!["Company".into()];
                    s.agent = vec!["MDM".into()];
                    s.category = vec!["KÜCHE".into()];
                    s.name = vec![name.into()];
                },
                json,
                0,
            )
        };
        assert!(all("kiosk-??"));
        assert!(all("*07"));
        assert!(!all("kiosk-?"));
    }

    #[test]
    fn stale_ones_include_those_that_never_checked_in() {
        let hour_ago = u32::try_from(NOW.as_secs()).expect("fits") - 3600;
        let stale = |last| takes(|s| s.stale_for = Some(HOUR), "{}", last);
        assert!(stale(0) && stale(hour_ago) && !stale(hour_ago + 1));
        let selection = Selection {
            stale_for: Some(HOUR),
            ..Selection::default()
        };
        let filter = Criteria::new(&selection, NOW).stale_filter();
        assert_eq!(filter, FilterTime::new("2026-11-11T06:28:01Z"));
        assert!(filter.is_some());
    }

    #[test]
    fn enrolled_since_leaves_out_those_without_a_date() {
        let enrolled = |date: &str| {
            let json = format!(r#"{{"enrolledDateTime":"{date}"}}"#);
            takes(|s| s.enrolled_since = Some(HOUR), &json, 0)
        };
        assert!(enrolled("2026-11-11T06:28:00Z"));
        assert!(!enrolled("2026-11-11T06:27:59Z"));
        assert!(!enrolled("0001-01-01T00:00:00Z"));
        let selection = Selection {
            enrolled_since: Some(HOUR),
            ..Selection::default()
        };
        let criteria = Criteria::new(&selection, NOW);
        assert!(!criteria.is_empty());
        assert_eq!(
            criteria.enrolled_filter(),
            FilterTime::new("2026-11-11T06:28:00Z")
        );
    }

    #[test]
    fn times_as_graph_writes_them() {
        assert_eq!(unix_time("2026-11-11T07:28:00Z"), 1_794_382_080);
        assert_eq!(unix_time("2026-11-11T07:28:00.9876543Z"), 1_794_382_080);
        for other in [
            "2026-11-11T07:28:00",
            "2026-11-11T07:28:00.9876543",
            "2026-11-11 07:28:00",
            "2026-11-11T09:28:00+02:00",
        ] {
            assert_eq!(unix_time(other), 1_794_382_080, "{other}");
        }
        for never in [
            "0001-01-01T00:00:00Z",
            "",
            "yesterday",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(unix_time(never), 0, "{never}");
        }
        assert_eq!(unix_time("9999-01-01T00:00:00Z"), u32::MAX);
    }

    #[test]
    fn what_cannot_sync_and_why() {
        let reason = |json: &str| unsupported(&device(json)).unwrap_or_default();
        assert_eq!(
            reason(r#"{"operatingSystem":"Linux (ubuntu)"}"#),
            "platform Linux"
        );
        assert_eq!(
            reason(r#"{"operatingSystem":"Windows","managementAgent":"EAS"}"#),
            "management agent eas"
        );
        assert_eq!(
            reason(r#"{"managementState":"wipePending"}"#),
            "management state wipePending"
        );
        assert_eq!(
            reason(r#"{"managementState":"retireIssued"}"#),
            "management state retireIssued"
        );
        for fine in [
            "{}",
            r#"{"operatingSystem":"visionOS","managementAgent":"easMdm","managementState":"managed"}"#,
            r#"{"operatingSystem":"Windows","managementAgent":"configurationManagerClientMdm"}"#,
            r#"{"operatingSystem":"SomethingNew","managementAgent":"somethingNew","managementState":"unhealthy"}"#,
        ] {
            assert_eq!(reason(fine), "", "{fine}");
        }
        let all = Selection {
            include_unsupported: true,
            ..Selection::default()
        };
        assert_eq!(
            Criteria::new(&all, NOW).unsupported(&device(r#"{"operatingSystem":"Linux"}"#)),
            None
        );
    }
}
