//! The settings of a job, as far as they are given.

use intune_sync_ids::Guid;

use crate::number::Refused;
use crate::terms::{self, AGENT, COMPLIANCE, OWNER};
use crate::{
    Cloud, DispatchKind, OrderKind, PaceKind, batch_delay, batch_size, choice, deadline,
    initial_backoff, limit, max_rate, max_retries, stale_for,
};
use intune_sync_wit as wit;

/// The keys that [`Given::set`] knows: the long flags' names.
pub const KEYS: [&str; 20] = [
    "os",
    "compliance",
    "owner",
    "agent",
    "category",
    "name",
    "stale-for",
    "device",
    "limit",
    "order",
    "include-unsupported",
    "batch-size",
    "batch-delay-seconds",
    "max-retries",
    "initial-backoff-seconds",
    "dispatch",
    "pace",
    "max-rate",
    "deadline",
    "yes",
];

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
    /// How long ago the last check-in is at least.
    pub stale_for: Option<u64>,
    /// Ids of devices.
    pub device: Vec<Guid>,
    /// The most devices.
    pub limit: Option<u32>,
    /// The order of the run.
    pub order: Option<OrderKind>,
    /// Devices that cannot sync are not skipped.
    pub include_unsupported: Option<bool>,
    /// Devices in a batch.
    pub batch_size: Option<u32>,
    /// The pause between two batches.
    pub batch_delay: Option<u64>,
    /// How often a sync is tried again.
    pub max_retries: Option<u32>,
    /// The first wait after a transient failure.
    pub initial_backoff: Option<u64>,
    /// How syncs are put into requests.
    pub dispatch: Option<DispatchKind>,
    /// What decides when the next device's turn comes.
    pub pace: Option<PaceKind>,
    /// The ceiling, in syncs in 1,000 seconds.
    pub max_rate: Option<u64>,
    /// After which time nothing new is started.
    pub deadline: Option<u64>,
    /// The whole fleet is meant where nothing is selected.
    pub yes: Option<bool>,
}

/// Why a key is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSet {
    /// There is no such key.
    Unknown,
    /// This value is not allowed.
    Refused {
        /// The value, or the part of it.
        value: String,
        /// What is allowed.
        allowed: Refused,
    },
}

impl Given {
    /// Sets a key, in place of what it was. A list can come as several values, and where the command line has it so,
    /// with commas in one of them.
    ///
    /// # Errors
    ///
    /// When there is no such key, or one of its values is not allowed.
    pub fn set(&mut self, key: &str, values: &[String]) -> Result<(), NotSet> {
        match key {
            "os" => self.os = list(values, terms::text)?,
            "compliance" => {
                self.compliance = list(values, |text| terms::one_of(&COMPLIANCE, text))?
            }
            "owner" => self.owner = list(values, |text| terms::one_of(&OWNER, text))?,
            "agent" => self.agent = list(values, |text| terms::one_of(&AGENT, text))?,
            "category" => self.category = whole_list(values, terms::text)?,
            "name" => self.name = whole_list(values, terms::text)?,
            "stale-for" => self.stale_for = one(values, stale_for)?,
            "device" => self.device = list(values, terms::guid)?,
            "limit" => self.limit = one(values, limit)?,
            "order" => self.order = one(values, choice)?,
            "include-unsupported" => self.include_unsupported = one(values, boolean)?,
            "batch-size" => self.batch_size = one(values, batch_size)?,
            "batch-delay-seconds" => self.batch_delay = one(values, batch_delay)?,
            "max-retries" => self.max_retries = one(values, max_retries)?,
            "initial-backoff-seconds" => self.initial_backoff = one(values, initial_backoff)?,
            "dispatch" => self.dispatch = one(values, choice)?,
            "pace" => self.pace = one(values, choice)?,
            "max-rate" => self.max_rate = one(values, max_rate)?,
            "deadline" => self.deadline = one(values, deadline)?,
            "yes" => self.yes = one(values, boolean)?,
            _ => return Err(NotSet::Unknown),
        }
        Ok(())
    }

    /// These settings, and those of `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        fn either<T>(these: Vec<T>, other: Vec<T>) -> Vec<T> {
            if these.is_empty() { other } else { these }
        }
        Self {
            os: either(self.os, other.os),
            compliance: either(self.compliance, other.compliance),
            owner: either(self.owner, other.owner),
            agent: either(self.agent, other.agent),
            category: either(self.category, other.category),
            name: either(self.name, other.name),
            stale_for: self.stale_for.or(other.stale_for),
            device: either(self.device, other.device),
            limit: self.limit.or(other.limit),
            order: self.order.or(other.order),
            include_unsupported: self.include_unsupported.or(other.include_unsupported),
            batch_size: self.batch_size.or(other.batch_size),
            batch_delay: self.batch_delay.or(other.batch_delay),
            max_retries: self.max_retries.or(other.max_retries),
            initial_backoff: self.initial_backoff.or(other.initial_backoff),
            dispatch: self.dispatch.or(other.dispatch),
            pace: self.pace.or(other.pace),
            max_rate: self.max_rate.or(other.max_rate),
            deadline: self.deadline.or(other.deadline),
            yes: self.yes.or(other.yes),
        }
    }

    /// Whether every device of the tenant is meant: no criterion and no limit is given.
    #[must_use]
    pub fn whole_fleet(&self) -> bool {
        let lists = [
            &self.os,
            &self.compliance,
            &self.owner,
            &self.agent,
            &self.category,
            &self.name,
        ];
        lists.iter().all(|list| list.is_empty())
            && self.stale_for.is_none()
            && self.device.is_empty()
            && self.limit.is_none()
    }

    /// What the engine may know, with the command line's defaults for what is not given. `graph` is Graph's origin,
    /// `started_at` the time of day in milliseconds since 1970, `seed` that of the engine's jitter.
    #[must_use]
    pub fn settings(
        &self,
        purpose: wit::Purpose,
        (cloud, graph): (Cloud, String),
        started_at: u64,
        seed: u64,
    ) -> wit::Settings {
        wit::Settings {
            graph_root: graph,
            scope: cloud.scope(),
            purpose,
            batch_size: self.batch_size.unwrap_or(50),
            batch_delay: self.batch_delay.unwrap_or(10_000),
            max_retries: self.max_retries.unwrap_or(5),
            initial_backoff: self.initial_backoff.unwrap_or(5_000),
            dispatch: self.dispatch.unwrap_or_default().into(),
            pace: self.pace.unwrap_or_default().into(),
            ceiling: self.max_rate.unwrap_or(Self::MAX_RATE),
            selection: self.selection(),
            started_at,
            seed,
        }
    }

    /// The ceiling where none is given: 97.5 % of the documented quota, in syncs in 1,000 seconds.
    pub const MAX_RATE: u64 = 9_750;

    fn selection(&self) -> wit::Selection {
        let mut devices: Vec<(u64, u64)> = self.device.iter().map(|id| id.halves()).collect();
        devices.sort_unstable();
        devices.dedup();
        let guid = |(hi, lo)| wit::Guid { hi, lo };
        wit::Selection {
            os: self.os.clone(),
            compliance: self.compliance.clone(),
            owner: self.owner.clone(),
            agent: self.agent.clone(),
            category: self.category.clone(),
            name: self.name.clone(),
            stale_for: self.stale_for,
            devices: devices.into_iter().map(guid).collect(),
            limit: self.limit,
            order: self.order.unwrap_or_default().into(),
            include_unsupported: self.include_unsupported.unwrap_or_default(),
        }
    }
}

/// The values of a list, each of which may hold several with commas between them.
fn list<T>(
    values: &[String],
    parse: impl Fn(&str) -> Result<T, Refused>,
) -> Result<Vec<T>, NotSet> {
    let parts: Vec<String> = values
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::to_owned)
        .collect();
    whole_list(&parts, parse)
}

/// The values of a list whose values may have commas in them. An empty list would be no criterion, so that whoever
/// computed it would get the whole fleet.
fn whole_list<T>(
    values: &[String],
    parse: impl Fn(&str) -> Result<T, Refused>,
) -> Result<Vec<T>, NotSet> {
    if values.is_empty() {
        return Err(NotSet::Refused {
            value: "[]".to_owned(),
            allowed: Refused("it takes at least one value".to_owned()),
        });
    }
    let read = |value: &String| {
        parse(value).map_err(|allowed| NotSet::Refused {
            value: value.clone(),
            allowed,
        })
    };
    values.iter().map(read).collect()
}

fn one<T>(
    values: &[String],
    parse: impl Fn(&str) -> Result<T, Refused>,
) -> Result<Option<T>, NotSet> {
    let refused = |value: String, allowed| NotSet::Refused { value, allowed };
    match values {
        [value] => parse(value)
            .map(Some)
            .map_err(|allowed| refused(value.clone(), allowed)),
        several => {
            let value = format!("[{}]", several.join(", "));
            Err(refused(value, Refused("it takes one value".to_owned())))
        }
    }
}

fn boolean(text: &str) -> Result<bool, Refused> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refused("it takes `true` or `false`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "Windows",
            "noncompliant",
            "company",
            "mdm",
            "Kiosk",
            "LAB-*",
            "24h",
            "00112233-4455-6677-8899-aabbccddeeff",
            "7",
            "listed",
            "true",
            "100",
            "1.5",
            "3",
            "250ms",
            "single",
            "quota",
            "4.5",
            "2h",
            "true",
        ];
        let mut all = Given::default();
        for (key, value) in KEYS.into_iter().zip(values) {
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
        assert_eq!(settings.selection.stale_for, Some(86_400_000));
        assert_eq!(settings.selection.limit, Some(7));
        assert!(settings.selection.include_unsupported);
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
        for (key, value) in [("order", "listed"), ("pace", "quota"), ("yes", "true")] {
            assert!(set(key, &[value]).expect(key).whole_fleet(), "{key}");
        }
        for (key, value) in [
            ("os", "Windows"),
            ("stale-for", "1h"),
            ("limit", "5"),
            ("device", "00112233-4455-6677-8899-aabbccddeeff"),
        ] {
            assert!(!set(key, &[value]).expect(key).whole_fleet(), "{key}");
        }
    }

    #[test]
    fn devices_are_sent_once_each() {
        let id = "00112233-4455-6677-8899-aabbccddeeff";
        let given = set("device", &[id, id]).expect("ids");
        assert_eq!(given.selection().devices.len(), 1);
    }
}
