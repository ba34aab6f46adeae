//! The one table of settings. Flags, variables, the config file, the body of a request, the arguments of the job, every
//! help text, the service's bounds and the table in the README are all made from it.

use crate::{
    Given, NotSet, Shape, Value,
    duration::{DAY, HOUR, SECOND},
    kind::{Field, Kind},
    number::Refused,
    terms::{AGENT, COMPLIANCE, OWNER},
};

/// What the names of the settings' variables begin with.
const PREFIX: &str = "INTUNE_SYNC_";

/// The key of the service's shared secret.
pub const SERVICE_SECRET: &str = "service-secret";
/// The key of what goes to standard output.
pub const OUTPUT: &str = "output";

/// A setting.
pub struct Setting {
    /// Its name: of the flag, of the variable in capitals, and in the config file and the body of a request as it is.
    pub key: &'static str,
    /// What its value is called in a help text; empty for a switch.
    pub value_name: &'static str,
    /// What it does, without its range and its default.
    pub help: &'static str,
    /// What it belongs to.
    pub group: Group,
    /// What it is unless it is set, as it is written.
    pub default: Option<&'static str>,
    /// Whether the program has it as a flag; if not, it is a variable of the components.
    pub is_flag: bool,
    /// How far a request to the service may set it.
    pub bound: Bound,
    /// How it is read, and where it is held.
    pub(crate) kind: Kind,
}

/// What a setting belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The job as a whole.
    Job,
    /// What narrows the run to some devices: without any of these, it is of the whole fleet.
    Criteria,
    /// What else concerns the selected devices.
    Selection,
    /// How fast, and what happens on errors.
    Pace,
    /// Where Graph is.
    Graph,
    /// Which identity requests tokens, and how.
    Identity,
    /// What goes to standard output.
    Output,
    /// Who may start a run of the service.
    Service,
}

impl Group {
    /// The groups of a job.
    pub const JOB: [Self; 4] = [Self::Job, Self::Criteria, Self::Selection, Self::Pace];

    /// The heading in a help text.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Job => "Job",
            Self::Criteria | Self::Selection => "Selection",
            Self::Pace => "Pace",
            Self::Graph => "Graph",
            Self::Identity => "Identity",
            Self::Output => "Output",
            Self::Service => "Service",
        }
    }
}

/// How far a request to the service may set what the operator has set: it can narrow, never widen. What the operator does
/// not set, a request may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// No further up.
    AtMost,
    /// No further up, and not above the default if the operator sets none.
    AtMostDefault,
    /// No further down.
    AtLeast,
    /// No further to the right in these words.
    UpTo(&'static [&'static str]),
    /// The same, and not beyond the default if the operator sets none.
    UpToDefault(&'static [&'static str]),
    /// No other word.
    Same,
    /// Only values that one of the operator's covers.
    Covered(Cover),
    /// Not at all: it is for the operator alone.
    Operator,
}

/// When a value of the operator's covers a requested one. Letter case does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// When they are equal.
    Equal,
    /// When the requested one begins with it.
    Beginning,
    /// When they are equal, or it is a pattern that the requested name matches.
    Pattern,
}

macro_rules! field {
    ($name:ident) => {
        Field {
            get: |given| &given.$name,
            get_mut: |given| &mut given.$name,
        }
    };
}

const JOB: Setting = Setting {
    key: "",
    value_name: "",
    help: "",
    group: Group::Job,
    default: None,
    is_flag: true,
    bound: Bound::AtMost,
    kind: Kind::Elsewhere,
};
const CRITERION: Setting = Setting {
    group: Group::Criteria,
    bound: Bound::Covered(Cover::Equal),
    ..JOB
};
const PACE: Setting = Setting {
    group: Group::Pace,
    ..JOB
};
const OPERATORS: Setting = Setting {
    group: Group::Identity,
    bound: Bound::Operator,
    ..JOB
};
/// A switch can be turned off by the operator, and then not on by a request.
const SWITCH: Bound = Bound::UpTo(&["false", "true"]);

/// All settings, in the order of the help texts.
pub static SETTINGS: [Setting; 31] = [
    Setting {
        key: "yes",
        help: "The whole fleet is meant: skip the question that a terminal is asked before it is synced",
        bound: SWITCH,
        kind: Kind::Switch(field!(yes)),
        ..JOB
    },
    Setting {
        key: "deadline",
        value_name: "DURATION",
        help: "Start nothing new after this time; what is in flight is finished",
        kind: Kind::Duration {
            range: SECOND..=7 * DAY,
            field: field!(deadline),
        },
        ..JOB
    },
    Setting {
        key: "os",
        value_name: "OS",
        help: "Operating system, by how its name begins: `Windows`, `iOS`, `macOS`, `Android`",
        bound: Bound::Covered(Cover::Beginning),
        kind: Kind::Texts {
            commas: true,
            field: field!(os),
        },
        ..CRITERION
    },
    Setting {
        key: "compliance",
        value_name: "STATE",
        help: "Compliance state",
        kind: Kind::Words {
            words: &COMPLIANCE,
            field: field!(compliance),
        },
        ..CRITERION
    },
    Setting {
        key: "owner",
        value_name: "OWNER",
        help: "Who owns the device",
        kind: Kind::Words {
            words: &OWNER,
            field: field!(owner),
        },
        ..CRITERION
    },
    Setting {
        key: "agent",
        value_name: "AGENT",
        help: "What manages the device",
        kind: Kind::Words {
            words: &AGENT,
            field: field!(agent),
        },
        ..CRITERION
    },
    Setting {
        key: "category",
        value_name: "NAME",
        help: "Device category by its whole name",
        kind: Kind::Texts {
            commas: false,
            field: field!(category),
        },
        ..CRITERION
    },
    Setting {
        key: "name",
        value_name: "PATTERN",
        help: "Device name, as a pattern: `*` is any text, `?` one character",
        bound: Bound::Covered(Cover::Pattern),
        kind: Kind::Texts {
            commas: false,
            field: field!(name),
        },
        ..CRITERION
    },
    Setting {
        key: "stale-for",
        value_name: "DURATION",
        help: "Only devices whose last check-in is at least this long ago (`24h`, `7d`), or that never checked in",
        bound: Bound::AtLeast,
        kind: Kind::Duration {
            range: SECOND..=3650 * DAY,
            field: field!(stale_for),
        },
        ..CRITERION
    },
    Setting {
        key: "device",
        value_name: "ID",
        help: "Only these devices, by their Intune device id",
        kind: Kind::Devices(field!(device)),
        ..CRITERION
    },
    Setting {
        key: "limit",
        value_name: "N",
        help: "At most this many devices, the first in the order of the run that can be synced",
        bound: Bound::AtMost,
        kind: Kind::Count {
            range: 1..=u32::MAX,
            unit: "devices",
            field: field!(limit),
        },
        ..CRITERION
    },
    Setting {
        key: "order",
        value_name: "ORDER",
        help: "The order of the run",
        group: Group::Selection,
        default: Some("stalest"),
        bound: Bound::Same,
        kind: Kind::Choice(&field!(order)),
        ..JOB
    },
    Setting {
        key: "include-unsupported",
        help: "Also sync devices whose platform, agent or state cannot sync, instead of skipping them",
        group: Group::Selection,
        bound: SWITCH,
        kind: Kind::Switch(field!(include_unsupported)),
        ..JOB
    },
    Setting {
        key: "batch-size",
        value_name: "N",
        help: "Devices in a batch",
        default: Some("50"),
        kind: Kind::Count {
            range: 1..=10_000,
            unit: "devices",
            field: field!(batch_size),
        },
        ..PACE
    },
    Setting {
        key: "batch-delay-seconds",
        value_name: "DURATION",
        help: "Pause between two batches",
        default: Some("10"),
        bound: Bound::AtLeast,
        kind: Kind::Duration {
            range: 0..=DAY,
            field: field!(batch_delay),
        },
        ..PACE
    },
    Setting {
        key: "max-retries",
        value_name: "N",
        help: "How often a device's sync is tried again after a transient failure",
        default: Some("5"),
        kind: Kind::Count {
            range: 0..=100,
            unit: "retries",
            field: field!(max_retries),
        },
        ..PACE
    },
    Setting {
        key: "initial-backoff-seconds",
        value_name: "DURATION",
        help: "First wait after a transient failure; doubled with each further one, up to a minute, and jittered",
        default: Some("5"),
        bound: Bound::AtLeast,
        kind: Kind::Duration {
            range: 0..=HOUR,
            field: field!(initial_backoff),
        },
        ..PACE
    },
    Setting {
        key: "dispatch",
        value_name: "HOW",
        help: "How syncs are put into requests",
        default: Some("batch"),
        bound: Bound::UpToDefault(&["single", "batch", "bulk"]),
        kind: Kind::Choice(&field!(dispatch)),
        ..PACE
    },
    Setting {
        key: "pace",
        value_name: "PACE",
        help: "What decides when the next device's turn comes; the ceiling on the rate holds in both",
        default: Some("fixed"),
        bound: Bound::UpTo(&["fixed", "quota"]),
        kind: Kind::Choice(&field!(pace)),
        ..PACE
    },
    Setting {
        key: "max-rate",
        value_name: "RATE",
        help: "Ceiling in syncs per second; the default is 97.5 % of the 200 in 20 seconds that Microsoft documents",
        default: Some("9.75"),
        bound: Bound::AtMostDefault,
        kind: Kind::Rate(field!(max_rate)),
        ..PACE
    },
    Setting {
        key: "cloud",
        value_name: "CLOUD",
        help: "The cloud of the tenant: it decides the address of Graph, and the scope, audience and issuer of the token",
        group: Group::Graph,
        default: Some("public"),
        ..OPERATORS
    },
    Setting {
        key: "graph-url",
        value_name: "URL",
        help: "Another address for Graph, https or on loopback; the token's scope stays that of `--cloud`",
        group: Group::Graph,
        ..OPERATORS
    },
    Setting {
        key: "auth",
        value_name: "SOURCE",
        help: "Where the token comes from",
        default: Some("managed-identity"),
        ..OPERATORS
    },
    Setting {
        key: "tenant-id",
        value_name: "TENANT",
        help: "The tenant, by its id or one of its domains, for `--auth` `client-secret`, `workload-identity` or `azure-cli`",
        ..OPERATORS
    },
    Setting {
        key: "client-id",
        value_name: "ID",
        help: "The client id of the app, or of a user-assigned managed identity",
        ..OPERATORS
    },
    Setting {
        key: "object-id",
        value_name: "ID",
        help: "The object (principal) id of a user-assigned managed identity",
        ..OPERATORS
    },
    Setting {
        key: "resource-id",
        value_name: "ID",
        help: "The Azure resource id of a user-assigned managed identity",
        ..OPERATORS
    },
    Setting {
        key: "client-secret",
        value_name: "SECRET",
        help: "The client secret of the app; the program reads it from `--client-secret-file`",
        is_flag: false,
        ..OPERATORS
    },
    Setting {
        key: "federated-token",
        value_name: "TOKEN",
        help: "The token of the issuer that the identity trusts; the program reads it from `--token-file`",
        is_flag: false,
        ..OPERATORS
    },
    Setting {
        key: OUTPUT,
        value_name: "FORMAT",
        help: "What stdout gets",
        group: Group::Output,
        default: Some("text"),
        ..OPERATORS
    },
    Setting {
        key: SERVICE_SECRET,
        value_name: "SECRET",
        help: "The secret that a request to the service must present, at least 16 characters",
        group: Group::Service,
        is_flag: false,
        ..OPERATORS
    },
];

impl Setting {
    /// All settings, in the order of the help texts.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SETTINGS.iter()
    }

    /// The settings of a job.
    pub fn of_job() -> impl Iterator<Item = &'static Self> {
        Self::all().filter(|setting| setting.is_of_job())
    }

    /// The setting of this key.
    #[must_use]
    pub fn find(key: &str) -> Option<&'static Self> {
        Self::all().find(|setting| setting.key == key)
    }

    /// Whether it is part of a job, and held in [`Given`].
    #[must_use]
    pub fn is_of_job(&self) -> bool {
        Group::JOB.contains(&self.group)
    }

    /// Its variable: `batch-size` is `INTUNE_SYNC_BATCH_SIZE`.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.key)
    }

    /// How often it can be given, and whether it needs a value.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.kind.shape()
    }

    /// The words that it takes, where these are few, each with what it means.
    #[must_use]
    pub fn words(&self) -> Vec<(&'static str, &'static str)> {
        self.kind.words()
    }

    /// Whether its words can be written in any letter case.
    #[must_use]
    pub fn ignores_case(&self) -> bool {
        matches!(self.kind, Kind::Words { .. })
    }

    /// The range of a number: `1 to 10000`, `0s to 1d`.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        self.kind.range()
    }

    /// What it does, with its range, and whether it can be repeated.
    #[must_use]
    pub fn long_help(&self) -> String {
        let help = self.help;
        match (self.range(), self.shape()) {
            (Some(range), _) => format!("{help} ({range})"),
            (None, Shape::List { commas: true }) => {
                format!("{help}; repeatable, or comma separated")
            }
            (None, Shape::List { commas: false }) => format!("{help}; repeatable"),
            (None, Shape::Switch | Shape::One) => help.to_owned(),
        }
    }

    /// Whether `text` is one of the values that it takes.
    ///
    /// # Errors
    ///
    /// Saying what is allowed.
    pub fn check(&self, text: &str) -> Result<(), Refused> {
        match self.set(&mut Given::default(), &[text.to_owned()]) {
            Err(NotSet::Refused { allowed, .. }) => Err(allowed),
            Ok(()) | Err(NotSet::Unknown) => Ok(()),
        }
    }

    /// Sets it in `given`, instead of what it was.
    ///
    /// # Errors
    ///
    /// When it is not of a job, or one of the values is not allowed.
    pub fn set(&self, given: &mut Given, values: &[String]) -> Result<(), NotSet> {
        self.kind.set(given, values)
    }

    /// What it is in `given`.
    #[must_use]
    pub fn value(&self, given: &Given) -> Option<Value> {
        self.kind.value(given)
    }

    /// A number of this setting for people: a duration as `1h30m`.
    #[must_use]
    pub fn shown(&self, number: u64) -> String {
        self.kind.number(number, true)
    }

    /// The values as they are written on the command line, exactly.
    #[must_use]
    pub fn written(&self, value: &Value) -> Vec<String> {
        match value {
            Value::Switch(on) => vec![on.to_string()],
            Value::Number(number) => vec![self.kind.number(*number, false)],
            Value::Word(word) => vec![(*word).to_owned()],
            Value::List(values) => values.clone(),
        }
    }
}

/// The variable of a key: `batch-size` is `INTUNE_SYNC_BATCH_SIZE`.
#[must_use]
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('-', "_"))
}

/// Whether a variable means to be a setting: its name begins as theirs do.
pub(crate) fn is_meant(name: &str) -> bool {
    name.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_there_once() {
        for (at, setting) in SETTINGS.iter().enumerate() {
            let earlier = &SETTINGS[..at];
            assert!(
                !earlier.iter().any(|earlier| earlier.key == setting.key),
                "{}",
                setting.key
            );
        }
    }

    #[test]
    fn each_setting_of_a_job_has_a_field_and_a_bound_and_no_other_has() {
        for setting in &SETTINGS {
            let is_elsewhere = matches!(setting.kind, Kind::Elsewhere);
            assert_eq!(is_elsewhere, !setting.is_of_job(), "{}", setting.key);
            let is_operators = setting.bound == Bound::Operator;
            assert_eq!(is_operators, !setting.is_of_job(), "{}", setting.key);
        }
    }

    #[test]
    fn each_default_is_allowed_and_what_paces_has_one() {
        for setting in Setting::of_job() {
            if let Some(default) = setting.default {
                let mut given = Given::default();
                let set = setting.set(&mut given, &[default.to_owned()]);
                assert_eq!(set, Ok(()), "{}", setting.key);
                let value = setting.value(&given).expect("it has just been set");
                assert_eq!(setting.written(&value), [default], "{}", setting.key);
            }
            if setting.group == Group::Pace {
                assert!(setting.default.is_some(), "{}", setting.key);
            }
        }
    }

    /// What a bound compares is what the setting holds.
    #[test]
    fn each_bound_fits_its_kind() {
        for setting in Setting::of_job() {
            let fits = match setting.bound {
                Bound::AtMost | Bound::AtMostDefault | Bound::AtLeast => setting.range().is_some(),
                Bound::UpTo(words) | Bound::UpToDefault(words) => match setting.shape() {
                    Shape::Switch => words == ["false", "true"],
                    _ => setting.words().iter().all(|(word, _)| words.contains(word)),
                },
                Bound::Same => !setting.words().is_empty(),
                Bound::Covered(_) => matches!(setting.shape(), Shape::List { .. }),
                Bound::Operator => false,
            };
            assert!(fits, "{}", setting.key);
        }
    }
}
