//! The one table of settings. Flags, variables, the config file, the body of a request, the arguments of the job, every
//! help text, the service's bounds and the table in the reference are all made from it.

use intune_sync_ranges as ranges;

use self::{
    Bound::{
        Added, AtLeast, AtMost, AtMostDefault, Covered, Operator, Program, Same, UpTo, UpToDefault,
    },
    Cover::{Beginning, Equal, Pattern},
    Group::{Criteria, Graph, Identity, Job, Notification, Output, Pace, Selection, Service},
};
use crate::{
    Given, NOTIFY_URL, NotSet, Shape,
    duration::{DAY, SECOND},
    kind::{
        Field,
        Kind::{
            self, Choice, Count, Devices, Duration, Elsewhere, Moment, Rate, Seconds, Switch,
            Texts, Words,
        },
    },
    number::Refused,
    terms::{AGENT, COMPLIANCE, OWNER},
};

/// What the names of the settings' variables begin with.
pub(crate) const PREFIX: &str = "INTUNE_SYNC_";

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
    /// Where messages about runs go.
    Notification,
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
            Self::Notification => "Notification",
            Self::Service => "Service",
        }
    }
}

/// How far a request to the service may set what the operator has set: it can narrow, never widen. What the operator
/// does not set, a request may choose.
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
    /// Any values: they are added to the operator's.
    Added,
    /// Not at all: it is for the operator alone.
    Operator,
    /// Not at all, and no component has it: what it means takes requests that only the program may send.
    Program,
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

/// A switch can be turned off by the operator, and then not on by a request.
const SWITCH: Bound = UpTo(&["false", "true"]);

/// All settings, in the order of the help texts.
static SETTINGS: [Setting; 48] = [
    Job.setting("yes", "", Switch(field!(yes)))
        .help("The whole fleet is meant: skip the confirmation that a terminal asks for"),
    Job.setting("deadline", "DURATION", Duration(SECOND..=7 * DAY, field!(deadline)))
        .help("Start nothing new after this time; what is in flight is finished"),
    Criteria.setting("os", "OS", Texts(true, field!(os)))
        .bound(Covered(Beginning))
        .help("Operating system, by how its name begins: `Windows`, `iOS`, `macOS`, `Android`"),
    Criteria.setting("compliance", "STATE", Words(&COMPLIANCE, field!(compliance)))
        .help("Compliance state"),
    Criteria.setting("owner", "OWNER", Words(&OWNER, field!(owner)))
        .help("Who owns the device"),
    Criteria.setting("agent", "AGENT", Words(&AGENT, field!(agent)))
        .help("What manages the device"),
    Criteria.setting("category", "NAME", Texts(false, field!(category)))
        .help("Device category by its whole name"),
    Criteria.setting("name", "PATTERN", Texts(false, field!(name)))
        .bound(Covered(Pattern))
        .help("Device name, as a pattern: `*` is any text, `?` one character"),
    Criteria.setting("serial", "PATTERN", Texts(false, field!(serial)))
        .bound(Covered(Pattern))
        .help("Serial number, as a pattern"),
    Criteria.setting("user", "PATTERN", Texts(false, field!(user)))
        .bound(Covered(Pattern))
        .help("Primary user, as a pattern of the user principal name: `*@contoso.com`"),
    Criteria.setting("model", "PATTERN", Texts(false, field!(model)))
        .bound(Covered(Pattern))
        .help("Model, as a pattern: `Surface*`"),
    Criteria.setting("enrollment-profile", "PATTERN", Texts(false, field!(enrollment_profile)))
        .bound(Covered(Pattern))
        .help("Enrollment profile, as a pattern"),
    Criteria.setting("os-version", "VERSION", Texts(true, field!(os_version)))
        .bound(Covered(Beginning))
        .help("Version of the operating system, by how it begins: `10.0.22631`"),
    Criteria.setting("stale-for", "DURATION", Duration(SECOND..=3650 * DAY, field!(stale_for)))
        .bound(AtLeast)
        .help("Only devices whose last check-in is at least this long ago (`24h`, `7d`), or that never checked in"),
    Criteria.setting("stale-since", "DATE", Moment(field!(stale_since)))
        .help("Only devices that have not checked in since then, or never"),
    Criteria.setting("enrolled-since", "DURATION", Duration(SECOND..=3650 * DAY, field!(enrolled_since)))
        .help("Only devices that were enrolled at most this long ago (`30d`)"),
    Criteria.setting("device", "ID", Devices(field!(device)))
        .help("Only these devices, by their Intune device id"),
    Criteria.setting("group", "GROUP", Texts(false, field!(group)))
        .bound(Program)
        .help("Only the devices in this Entra group and in the groups in it, and those of its users, by its name or id"),
    Criteria.setting("limit", "N", Count(ranges::LIMIT, "devices", field!(limit)))
        .help("At most this many devices, the first in the order of the run that can be synced"),
    Selection.setting("exclude-name", "PATTERN", Texts(false, field!(exclude_name)))
        .bound(Added)
        .help("Not the devices of this name, as a pattern"),
    Selection.setting("exclude-device", "ID", Devices(field!(exclude_device)))
        .bound(Added)
        .help("Not these devices, by their Intune device id"),
    Selection.setting("exclude-group", "GROUP", Texts(false, field!(exclude_group)))
        .bound(Program)
        .help("Not the devices in this Entra group, nor those of its users"),
    Selection.setting("order", "ORDER", Choice(&field!(order)))
        .default("stalest")
        .help("The order of the run"),
    Selection.setting("include-unsupported", "", Switch(field!(include_unsupported)))
        .help("Also sync devices whose platform, agent or state cannot sync, instead of skipping them"),
    Selection.setting("fail-if-incomplete", "", Switch(field!(fail_if_incomplete)))
        .bound(UpTo(&["true", "false"]))
        .help("Exit with code 3 if Graph counts more devices than it lists"),
    Selection.setting("fail-if-none", "", Switch(field!(fail_if_none)))
        .bound(UpTo(&["true", "false"]))
        .help("Exit with code 6 if no device matches the selection"),
    Pace.setting("batch-size", "N", Count(ranges::BATCH_SIZE, "devices", field!(batch_size)))
        .default("50")
        .help("Devices in a batch"),
    Pace.setting("batch-delay-seconds", "DURATION", Seconds(ranges::BATCH_DELAY, field!(batch_delay)))
        .bound(AtLeast)
        .default("10")
        .help("Pause between two batches"),
    Pace.setting("max-retries", "N", Count(ranges::MAX_RETRIES, "retries", field!(max_retries)))
        .default("5")
        .help("How often a device's sync is tried again after a transient failure"),
    Pace.setting("initial-backoff-seconds", "DURATION", Seconds(ranges::INITIAL_BACKOFF, field!(initial_backoff)))
        .bound(AtLeast)
        .default("5")
        .help("First wait after a transient failure; doubled with each further one, up to a minute, and jittered"),
    Pace.setting("give-up-after", "DURATION", Duration(ranges::GIVE_UP_AFTER, field!(give_up_after)))
        .default("10m")
        .help("Give up for now when nothing has succeeded for this long; failures in an outage do not count as a device's retries"),
    Pace.setting("dispatch", "HOW", Choice(&field!(dispatch)))
        .bound(UpToDefault(&["single", "batch", "bulk"]))
        .default("batch")
        .help("How syncs are put into requests"),
    Pace.setting("pace", "PACE", Choice(&field!(pace)))
        .bound(UpTo(&["fixed", "quota"]))
        .default("fixed")
        .help("What decides when the next device's turn comes; the ceiling on the rate holds in both"),
    Pace.setting("max-rate", "RATE", Rate(field!(max_rate)))
        .bound(AtMostDefault)
        .default("9.75")
        .help("Ceiling in syncs per second; the default is 97.5 % of the 200 in 20 seconds that Microsoft documents"),
    Graph.setting("cloud", "CLOUD", Elsewhere)
        .default("public")
        .help("The cloud of the tenant: it decides the address of Graph, and the scope, audience and issuer of the token"),
    Graph.setting("graph-url", "URL", Elsewhere)
        .help("Another address for Graph, https or on loopback; the token's scope stays that of `--cloud`"),
    Identity.setting("auth", "SOURCE", Elsewhere)
        .default("managed-identity")
        .help("Where the token comes from"),
    Identity.setting("tenant-id", "TENANT", Elsewhere)
        .help("The tenant, by its id or one of its domains, for any `--auth` but `managed-identity` and `token-file`"),
    Identity.setting("client-id", "ID", Elsewhere)
        .help("The client id of the app, or of a user-assigned managed identity"),
    Identity.setting("object-id", "ID", Elsewhere)
        .help("The object (principal) id of a user-assigned managed identity"),
    Identity.setting("resource-id", "ID", Elsewhere)
        .help("The Azure resource id of a user-assigned managed identity"),
    Identity.setting("client-secret", "SECRET", Elsewhere)
        .variable_only()
        .help("The client secret of the app; the program reads it from a file"),
    Identity.setting("federated-token", "TOKEN", Elsewhere)
        .variable_only()
        .help("The token of the issuer that the identity trusts; the program reads it from a file"),
    Output.setting(OUTPUT, "FORMAT", Elsewhere)
        .default("text")
        .help("What stdout gets"),
    Notification.setting("notify", "WHEN", Elsewhere)
        .default("failure")
        .help("When a message about a run is sent to the webhook, if there is one"),
    Notification.setting("notify-kind", "KIND", Elsewhere)
        .help("How the message is written; by default, the webhook's host decides"),
    Notification.setting(NOTIFY_URL, "URL", Elsewhere)
        .variable_only()
        .help("The address of the webhook, which is secret; the program also reads it from a file"),
    Service.setting(SERVICE_SECRET, "SECRET", Elsewhere)
        .variable_only()
        .help("The secret that a request to the service must present, at least 16 characters"),
];

impl Group {
    /// A row of the table, with the bound that most settings of its kind have.
    const fn setting(self, key: &'static str, value_name: &'static str, kind: Kind) -> Setting {
        let bound = match kind {
            Switch(_) => SWITCH,
            Count(..) | Duration(..) | Seconds(..) | Moment(_) | Rate(_) => AtMost,
            Choice(_) => Same,
            Texts(..) | Words(..) | Devices(_) => Covered(Equal),
            Elsewhere => Operator,
        };
        Setting {
            key,
            value_name,
            help: "",
            group: self,
            default: None,
            is_flag: true,
            bound,
            kind,
        }
    }
}

impl Setting {
    const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    const fn default(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    const fn bound(self, bound: Bound) -> Self {
        Self { bound, ..self }
    }

    const fn variable_only(self) -> Self {
        Self {
            is_flag: false,
            ..self
        }
    }
}

impl Setting {
    /// All settings, in the order of the help texts.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SETTINGS.iter()
    }

    /// The settings of a job.
    pub fn of_job() -> impl Iterator<Item = &'static Self> {
        Self::all().filter(|setting| setting.is_of_job())
    }

    /// The settings of a job that a component has too.
    pub fn of_component() -> impl Iterator<Item = &'static Self> {
        Self::all().filter(|setting| setting.is_of_component())
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

    /// Whether a component has it.
    #[must_use]
    pub fn is_of_component(&self) -> bool {
        self.is_of_job() && self.bound != Program
    }

    /// Its variable: `batch-size` is `INTUNE_SYNC_BATCH_SIZE`.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.key)
    }

    /// Whether its words can be written in any letter case.
    #[must_use]
    pub fn ignores_case(&self) -> bool {
        matches!(self.kind, Words(..))
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
}

/// The variable of a key: `batch-size` is `INTUNE_SYNC_BATCH_SIZE`.
#[must_use]
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('-', "_"))
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
            let is_elsewhere = matches!(setting.kind, Elsewhere);
            assert_eq!(is_elsewhere, !setting.is_of_job(), "{}", setting.key);
            let bounds = [Operator, Program];
            let fits = match setting.is_of_job() {
                true => setting.bound != Operator,
                false => bounds.contains(&setting.bound),
            };
            assert!(fits, "{}", setting.key);
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
            if setting.group == Pace {
                assert!(setting.default.is_some(), "{}", setting.key);
            }
        }
    }

    /// What a bound compares is what the setting holds.
    #[test]
    fn each_bound_fits_its_kind() {
        for setting in Setting::of_job() {
            let fits = match setting.bound {
                AtMost | AtMostDefault | AtLeast => setting.range().is_some(),
                UpTo(words) | UpToDefault(words) => match setting.shape() {
                    Shape::Switch => matches!(words, ["false", "true"] | ["true", "false"]),
                    _ => setting.words().iter().all(|(word, _)| words.contains(word)),
                },
                Same => !setting.words().is_empty(),
                Covered(_) | Added | Program => matches!(setting.shape(), Shape::List { .. }),
                Operator => false,
            };
            assert!(fits, "{}", setting.key);
        }
    }
}
