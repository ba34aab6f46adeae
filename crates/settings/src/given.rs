//! The settings of a job, as far as they are given.

use intune_sync_ids::Guid;
use intune_sync_wit as wit;

use crate::{Cloud, Group, NotSet, Setting, Value};

/// The settings of a job, as far as they are given: an empty list and `None` are what was not. Lengths of time are in
/// milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// What the operating system's name begins with.
    pub os: Vec<String>,
    /// Compliance states.
    pub compliance: Vec<String>,
    /// Owner types.
    pub owner: Vec<String>,
    /// Management agents.
    pub agent: Vec<String>,
    /// Device categories.
    pub category: Vec<String>,
    /// Patterns of the device's name.
    pub name: Vec<String>,
    /// Patterns of the serial number.
    pub serial: Vec<String>,
    /// Patterns of the user principal name.
    pub user: Vec<String>,
    /// Patterns of the model.
    pub model: Vec<String>,
    /// Patterns of the enrollment profile's name.
    pub enrollment_profile: Vec<String>,
    /// What the operating system's version begins with.
    pub os_version: Vec<String>,
    /// How long ago the last check-in is at least.
    pub stale_for: Option<u64>,
    /// Since when no check-in has come, in milliseconds since 1970.
    pub stale_since: Option<u64>,
    /// How long ago the enrolment is at most.
    pub enrolled_since: Option<u64>,
    /// Ids of devices.
    pub device: Vec<Guid>,
    /// Patterns of names of devices that are left out.
    pub exclude_name: Vec<String>,
    /// Ids of devices that are left out.
    pub exclude_device: Vec<Guid>,
    /// Groups, each by its name or id: who is in them is not known here.
    pub group: Vec<String>,
    /// Groups whose devices and users are left out.
    pub exclude_group: Vec<String>,
    /// The most devices.
    pub limit: Option<u32>,
    /// The order of the run.
    pub order: Option<wit::Order>,
    /// Devices that cannot sync are synced too.
    pub include_unsupported: Option<bool>,
    /// A list that is known to be incomplete counts as a failure.
    pub fail_if_incomplete: Option<bool>,
    /// A selection that matches no device counts as a failure.
    pub fail_if_none: Option<bool>,
    /// Devices in a batch.
    pub batch_size: Option<u32>,
    /// The pause between two batches.
    pub batch_delay: Option<u64>,
    /// How often a sync is tried again.
    pub max_retries: Option<u32>,
    /// The first wait after a transient failure.
    pub initial_backoff: Option<u64>,
    /// After which time without a success the run gives up.
    pub give_up_after: Option<u64>,
    /// How syncs are put into requests.
    pub dispatch: Option<wit::Dispatch>,
    /// What decides when the next device's turn comes.
    pub pace: Option<wit::Pace>,
    /// The ceiling, in syncs in 1,000 seconds.
    pub max_rate: Option<u64>,
    /// After which time nothing new is started.
    pub deadline: Option<u64>,
    /// The whole fleet is meant where nothing is selected.
    pub yes: Option<bool>,
}

impl Given {
    /// Whether a list that is known to be incomplete counts as a failure.
    #[must_use]
    pub fn fails_if_incomplete(&self) -> bool {
        self.fail_if_incomplete.unwrap_or_default()
    }

    /// Whether a selection that matches no device counts as a failure.
    #[must_use]
    pub fn fails_if_none(&self) -> bool {
        self.fail_if_none.unwrap_or_default()
    }

    /// Sets a key, instead of what it was. A list can come as several values, and where the command line has it so,
    /// with commas in one of them.
    ///
    /// # Errors
    ///
    /// When a job has no such key, or one of its values is not allowed.
    pub fn set(&mut self, key: &str, values: &[String]) -> Result<(), NotSet> {
        Setting::find(key).ok_or(NotSet::Unknown)?.set(self, values)
    }

    /// These settings, and those of `other` that these do not have.
    #[must_use]
    pub fn or(mut self, mut other: Self) -> Self {
        for setting in Setting::of_job() {
            setting.fill(&mut self, &mut other);
        }
        self
    }

    /// The defaults.
    #[must_use]
    pub fn defaults() -> Self {
        let mut given = Self::default();
        for setting in Setting::of_job() {
            if let Some(default) = setting.default {
                // A test sets them all.
                let _ = setting.set(&mut given, &[default.to_owned()]);
            }
        }
        given
    }

    /// Whether every device of the tenant is meant: no criterion and no limit is given.
    #[must_use]
    pub fn whole_fleet(&self) -> bool {
        Setting::of_job()
            .filter(|setting| setting.group == Group::Criteria)
            .all(|setting| setting.value(self).is_none())
    }

    /// The flags that say the same, as far as they are in `group`, each with its value, for showing them.
    #[must_use]
    pub fn flags(&self, group: Group) -> Vec<String> {
        Setting::of_job()
            .filter(|setting| setting.group == group)
            .filter_map(|setting| Some((setting, setting.value(self)?)))
            .flat_map(|(setting, value)| -> Vec<String> {
                let flag = format!("--{}", setting.key);
                match value {
                    // A switch takes no value, and none is how to leave it off.
                    Value::Switch(on) => on.then_some(flag).into_iter().collect(),
                    value => {
                        let values = setting.written(&value).into_iter();
                        values.flat_map(|value| [flag.clone(), value]).collect()
                    }
                }
            })
            .collect()
    }

    /// The same flags without those whose values all of `others` have too.
    #[must_use]
    pub fn flags_besides(&self, group: Group, others: &[&Self]) -> Vec<String> {
        let mut besides = self.clone();
        for setting in Setting::of_job() {
            let value = setting.value(self);
            if others.iter().all(|other| setting.value(other) == value) {
                setting.clear(&mut besides);
            }
        }
        besides.flags(group)
    }

    /// What the engine may know, with the defaults for what is not given. Groups are not among it: who is in them is
    /// for the program to find out, and to put in. `graph` is Graph's origin, `started_at` the
    /// time of day in milliseconds since 1970, `seed` that of the engine's jitter.
    #[must_use]
    pub fn settings(
        &self,
        purpose: wit::Purpose,
        (cloud, graph): (Cloud, String),
        started_at: u64,
        seed: u64,
    ) -> wit::Settings {
        let given = self.clone().or(Self::defaults());
        // Who gives both means both.
        let since = given
            .stale_since
            .map(|since| started_at.saturating_sub(since));
        // What has no default of another kind has one in the table.
        wit::Settings {
            graph_root: graph,
            scope: cloud.scope(),
            purpose,
            batch_size: given.batch_size.unwrap_or_default(),
            batch_delay: given.batch_delay.unwrap_or_default(),
            max_retries: given.max_retries.unwrap_or_default(),
            initial_backoff: given.initial_backoff.unwrap_or_default(),
            dispatch: given.dispatch.unwrap_or(wit::Dispatch::Batch),
            pace: given.pace.unwrap_or(wit::Pace::Fixed),
            ceiling: given.max_rate.unwrap_or_default(),
            selection: wit::Selection {
                os: given.os,
                compliance: given.compliance,
                owner: given.owner,
                agent: given.agent,
                category: given.category,
                name: given.name,
                serial: given.serial,
                user: given.user,
                model: given.model,
                enrollment_profile: given.enrollment_profile,
                os_version: given.os_version,
                stale_for: given.stale_for.max(since),
                enrolled_since: given.enrolled_since,
                devices: guids(&given.device),
                exclude_name: given.exclude_name,
                exclude_devices: guids(&given.exclude_device),
                limit: given.limit,
                order: given.order.unwrap_or(wit::Order::Stalest),
                include_unsupported: given.include_unsupported.unwrap_or_default(),
                ..wit::Selection::default()
            },
            // Of a plan, people want to know which share of the tenant it is.
            whole_list: purpose == wit::Purpose::Plan,
            learned: None,
            give_up_after: given.give_up_after.unwrap_or_default(),
            started_at,
            seed,
        }
    }
}

/// Each id once, as they cross the border.
fn guids(ids: &[Guid]) -> Vec<wit::Guid> {
    let mut ids: Vec<(u64, u64)> = ids.iter().map(|id| id.halves()).collect();
    ids.sort_unstable();
    ids.dedup();
    let guid = |(hi, lo)| wit::Guid { hi, lo };
    ids.into_iter().map(guid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Refused;

    fn set(key: &str, values: &[&str]) -> Result<Given, NotSet> {
        let mut given = Given::default();
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        given.set(key, &values).map(|()| given)
    }

    fn refused(value: &str, allowed: &str) -> Result<Given, NotSet> {
        Err(NotSet::Refused {
            value: value.to_owned(),
            allowed: Refused(allowed.to_owned()),
        })
    }

    #[test]
    fn each_key_is_known_and_sets_something() {
        let values = [
            ("os", "Windows"),
            ("compliance", "noncompliant"),
            ("owner", "company"),
            ("agent", "mdm"),
            ("category", "Kiosk"),
            ("name", "LAB-*"),
            ("serial", "5CD*"),
            ("user", "*@contoso.com"),
            ("model", "iPad8,1"),
            ("enrollment-profile", "Kiosk"),
            ("os-version", "10.0.22631"),
            ("stale-for", "24h"),
            ("stale-since", "2026-11-01"),
            ("enrolled-since", "30d"),
            ("exclude-name", "VIP-*"),
            ("exclude-device", "00112233-4455-6677-8899-aabbccddeeff"),
            ("device", "00112233-4455-6677-8899-aabbccddeeff"),
            ("group", "Kiosks, ground floor"),
            ("exclude-group", "00112233-4455-6677-8899-aabbccddeeff"),
            ("limit", "7"),
            ("order", "listed"),
            ("include-unsupported", "true"),
            ("fail-if-incomplete", "true"),
            ("fail-if-none", "true"),
            ("batch-size", "100"),
            ("batch-delay-seconds", "1.5"),
            ("max-retries", "3"),
            ("initial-backoff-seconds", "250ms"),
            ("give-up-after", "90s"),
            ("dispatch", "single"),
            ("pace", "quota"),
            ("max-rate", "4.5"),
            ("deadline", "2h"),
            ("yes", "true"),
        ];
        assert_eq!(values.len(), Setting::of_job().count());
        let mut all = Given::default();
        for (key, value) in values {
            let given = set(key, &[value]).expect(key);
            assert_ne!(given, Given::default(), "{key}");
            all = all.or(given);
        }
        let settings = all.settings(
            wit::Purpose::Sync,
            (Cloud::Usgov, "https://graph.example".to_owned()),
            1,
            2,
        );
        assert_eq!(settings.scope, "https://graph.microsoft.us/.default");
        assert_eq!(settings.graph_root, "https://graph.example");
        let numbers = (
            settings.batch_size,
            settings.batch_delay,
            settings.max_retries,
        );
        assert_eq!(numbers, (100, 1_500, 3));
        assert_eq!((settings.initial_backoff, settings.ceiling), (250, 4_500));
        assert_eq!(settings.give_up_after, 90_000);
        assert_eq!(settings.selection.stale_for, Some(86_400_000));
        assert_eq!(settings.selection.limit, Some(7));
        assert!(settings.selection.include_unsupported);
        let selection = &settings.selection;
        let texts = [
            (&selection.serial, "5CD*"),
            (&selection.user, "*@contoso.com"),
            (&selection.model, "iPad8,1"),
            (&selection.enrollment_profile, "Kiosk"),
            (&selection.os_version, "10.0.22631"),
            (&selection.exclude_name, "VIP-*"),
        ];
        for (values, value) in texts {
            assert_eq!(values, &[value]);
        }
        assert_eq!(selection.enrolled_since, Some(30 * 86_400_000));
        assert_eq!(selection.exclude_devices.len(), 1);
        assert_eq!((all.deadline, all.yes), (Some(7_200_000), Some(true)));
        assert_eq!(set("graph-url", &["https://x"]), Err(NotSet::Unknown));
    }

    #[test]
    fn lists_are_split_where_the_command_line_splits_them() {
        let given = set("os", &["Windows, iOS", "macOS"]).expect("a list");
        assert_eq!(given.os, ["Windows", "iOS", "macOS"]);
        let given = set("category", &["Kiosk, ground floor"]).expect("a text");
        assert_eq!(given.category, ["Kiosk, ground floor"]);
        let given = set("compliance", &["NONCOMPLIANT,ingraceperiod"]).expect("words");
        assert_eq!(given.compliance, ["noncompliant", "inGracePeriod"]);
    }

    #[test]
    fn what_is_not_allowed_is_named() {
        let one_of = "it takes `unknown`, `company` or `personal`";
        for (key, values, value, allowed) in [
            ("owner", vec!["company,mine"], "mine", one_of),
            ("batch-size", vec!["0"], "0", "it takes 1 to 10000 devices"),
            ("limit", vec!["1", "2"], "[1, 2]", "it takes one value"),
            ("device", vec![], "[]", "it takes at least one value"),
            ("os", vec![" "], " ", "it takes a text that is not empty"),
            ("yes", vec!["maybe"], "maybe", "it takes `true` or `false`"),
        ] {
            assert_eq!(set(key, &values), refused(value, allowed), "{key}");
        }
    }

    #[test]
    fn a_run_is_of_the_whole_fleet_unless_something_narrows_it() {
        assert!(Given::default().whole_fleet());
        for (key, value) in [
            ("order", "listed"),
            ("exclude-group", "Kiosks"),
            ("pace", "quota"),
            ("yes", "true"),
        ] {
            assert!(set(key, &[value]).expect(key).whole_fleet(), "{key}");
        }
        for (key, value) in [
            ("os", "Windows"),
            ("stale-for", "1h"),
            ("limit", "5"),
            ("group", "Kiosks"),
            ("device", "00112233-4455-6677-8899-aabbccddeeff"),
        ] {
            assert!(!set(key, &[value]).expect(key).whole_fleet(), "{key}");
        }
    }

    fn settings(given: &Given) -> wit::Settings {
        let graph = "https://graph.example".to_owned();
        given.settings(wit::Purpose::Sync, (Cloud::Public, graph), 1, 2)
    }

    #[test]
    fn devices_are_sent_once_each() {
        let id = "00112233-4455-6677-8899-aabbccddeeff";
        let given = set("device", &[id, id]).expect("ids");
        assert_eq!(settings(&given).selection.devices.len(), 1);
    }

    #[test]
    fn the_engine_gets_the_defaults_for_what_is_not_given() {
        let settings = settings(&Given::default());
        assert_eq!((settings.batch_size, settings.batch_delay), (50, 10_000));
        assert_eq!((settings.max_retries, settings.initial_backoff), (5, 5_000));
        assert_eq!(settings.ceiling, 9_750);
        assert_eq!(settings.dispatch, wit::Dispatch::Batch);
        assert_eq!(settings.pace, wit::Pace::Fixed);
        assert_eq!(settings.selection.order, wit::Order::Stalest);
    }

    #[test]
    fn flags_are_written_as_they_can_be_typed() {
        let mut given = set("batch-delay-seconds", &["500ms"]).expect("a duration");
        for (key, value) in [("max-rate", "95"), ("pace", "quota"), ("os", "iOS,macOS")] {
            given.set(key, &[value.to_owned()]).expect(key);
        }
        let pace = given.flags(Group::Pace).join(" ");
        assert_eq!(pace, "--batch-delay-seconds 0.5 --pace quota --max-rate 95");
        let criteria = given.flags(Group::Criteria).join(" ");
        assert_eq!(criteria, "--os iOS --os macOS");
        // A switch takes no value.
        for (switch, written) in [("true", "--yes"), ("false", "")] {
            let given = set("yes", &[switch]).expect("a switch");
            assert_eq!(given.flags(Group::Job).join(" "), written);
        }
    }

    #[test]
    fn flags_that_are_as_they_would_be_are_left_out() {
        let defaults = Given::defaults();
        let quota = set("pace", &["quota"])
            .expect("a pace")
            .or(Given::defaults());
        let flags = |of: &Given, others: &[&Given]| of.flags_besides(Group::Pace, others).join(" ");
        assert_eq!(flags(&defaults, &[&defaults]), "");
        assert_eq!(flags(&quota, &[&defaults]), "--pace quota");
        // Where something else is in the way, a default is said.
        assert_eq!(flags(&defaults, &[&defaults, &quota]), "--pace fixed");
        assert_eq!(flags(&quota, &[&defaults, &quota]), "--pace quota");
    }

    #[test]
    fn who_gives_a_date_and_a_duration_means_both() {
        const NOW: u64 = 1_793_491_200_000 + 10 * crate::duration::DAY;
        let stale = |keys: &[(&str, &str)]| {
            let mut given = Given::default();
            for (key, value) in keys {
                given.set(key, &[(*value).to_owned()]).expect(key);
            }
            let graph = (Cloud::Public, "https://graph.example".to_owned());
            let settings = given.settings(wit::Purpose::Sync, graph, NOW, 1);
            settings
                .selection
                .stale_for
                .map(|length| length / crate::duration::DAY)
        };
        let since = ("stale-since", "2026-11-01");
        assert_eq!(stale(&[since]), Some(10));
        assert_eq!(stale(&[since, ("stale-for", "7d")]), Some(10));
        assert_eq!(stale(&[since, ("stale-for", "2w")]), Some(14));
        assert_eq!(stale(&[]), None);
    }
}
