//! The settings of a run, checked: the component does not trust its host to do so.

use core::{fmt, ops::RangeInclusive, time::Duration};

use intune_sync_graph::GraphRoot;
use intune_sync_ranges as ranges;
use intune_sync_selection::Selection;

use crate::contract::{self, Dispatch, Learned, Order, Pace, Purpose, SettingsError};

/// Settings of a run, each within its range.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) root: GraphRoot,
    pub(crate) scope: String,
    pub(crate) purpose: Purpose,
    pub(crate) batch_size: u32,
    pub(crate) batch_delay: Duration,
    pub(crate) max_retries: u32,
    pub(crate) initial_backoff: Duration,
    pub(crate) dispatch: Dispatch,
    pub(crate) pace: Pace,
    /// In syncs per 1,000 seconds.
    pub(crate) ceiling: u64,
    pub(crate) selection: Selection,
    /// Graph leaves nothing out of the list.
    pub(crate) whole_list: bool,
    /// Its rate is in the range of the ceiling.
    pub(crate) learned: Option<Learned>,
    pub(crate) give_up_after: Duration,
    /// Since 1970.
    pub(crate) started_at: Duration,
    pub(crate) seed: u64,
}

impl Settings {
    /// The scope of the token.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Whether Graph is reached over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.root.is_https()
    }

    /// Graph's host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.root.authority()
    }
}

impl TryFrom<contract::Settings> for Settings {
    type Error = SettingsError;

    fn try_from(wire: contract::Settings) -> Result<Self, SettingsError> {
        let root = GraphRoot::parse(&wire.graph_root).ok_or_else(|| {
            let allowed =
                "allowed is an https origin without a path, or an http origin on a loopback address";
            error(
                "graph-root",
                format!("`{}` is not a Graph root; {allowed}", wire.graph_root),
            )
        })?;
        if wire.scope.is_empty() {
            return Err(error("scope", "it is empty".to_owned()));
        }
        in_range("batch-size", wire.batch_size, &ranges::BATCH_SIZE)?;
        in_range("batch-delay", wire.batch_delay, &ranges::BATCH_DELAY)?;
        in_range("max-retries", wire.max_retries, &ranges::MAX_RETRIES)?;
        in_range(
            "initial-backoff",
            wire.initial_backoff,
            &ranges::INITIAL_BACKOFF,
        )?;
        in_range("ceiling", wire.ceiling, &ranges::RATE)?;
        if let Some(Learned { rate, .. }) = wire.learned {
            in_range("learned.rate", rate, &ranges::RATE)?;
        }
        in_range("give-up-after", wire.give_up_after, &ranges::GIVE_UP_AFTER)?;
        if let Some(limit) = wire.selection.limit {
            in_range("selection.limit", limit, &ranges::LIMIT)?;
        }
        // A date in a filter cannot be later than the year 9999.
        in_range("started-at", wire.started_at, &(0..=253_370_764_800_000))?;
        Ok(Self {
            root,
            scope: wire.scope,
            purpose: wire.purpose,
            batch_size: wire.batch_size,
            batch_delay: Duration::from_millis(wire.batch_delay),
            max_retries: wire.max_retries,
            initial_backoff: Duration::from_millis(wire.initial_backoff),
            dispatch: wire.dispatch,
            pace: wire.pace,
            ceiling: wire.ceiling,
            selection: wire.selection.into(),
            whole_list: wire.whole_list,
            learned: wire.learned,
            give_up_after: Duration::from_millis(wire.give_up_after),
            started_at: Duration::from_millis(wire.started_at),
            seed: wire.seed,
        })
    }
}

impl From<contract::Selection> for Selection {
    fn from(wire: contract::Selection) -> Self {
        let contract::Selection {
            os,
            compliance,
            owner,
            agent,
            category,
            name,
            serial,
            user,
            model,
            enrollment_profile,
            os_version,
            stale_for,
            enrolled_since,
            named_only,
            devices,
            entra_devices,
            users,
            device_names,
            serial_numbers,
            exclude_name,
            exclude_devices,
            exclude_device_names,
            exclude_serial_numbers,
            exclude_entra_devices,
            exclude_users,
            limit,
            order,
            include_unsupported,
        } = wire;
        let guids = |ids: Vec<contract::WireGuid>| ids.into_iter().map(Into::into).collect();
        Self {
            os,
            compliance,
            owner,
            agent,
            category,
            name,
            serial,
            user,
            model,
            enrollment_profile,
            os_version,
            stale_for: stale_for.map(Duration::from_millis),
            enrolled_since: enrolled_since.map(Duration::from_millis),
            named_only,
            devices: guids(devices),
            entra_devices: guids(entra_devices),
            users: guids(users),
            device_names,
            serial_numbers,
            exclude_name,
            exclude_devices: guids(exclude_devices),
            exclude_device_names,
            exclude_serial_numbers,
            exclude_entra_devices: guids(exclude_entra_devices),
            exclude_users: guids(exclude_users),
            limit,
            stalest_first: order == Order::Stalest,
            include_unsupported,
        }
    }
}

fn in_range<T: PartialOrd + fmt::Display>(
    setting: &str,
    value: T,
    range: &RangeInclusive<T>,
) -> Result<(), SettingsError> {
    if !range.contains(&value) {
        let (least, most) = (range.start(), range.end());
        return Err(error(
            setting,
            format!("`{value}` is out of range; allowed is {least} to {most}"),
        ));
    }
    Ok(())
}

fn error(setting: &str, problem: String) -> SettingsError {
    SettingsError {
        setting: setting.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_setting_the_value_and_the_range() {
        type Breaks = fn(&mut contract::Settings);
        let broken: [(&str, Breaks); 11] = [
            ("graph-root", |s| {
                s.graph_root = "http://graph.microsoft.com".to_owned()
            }),
            ("scope", |s| s.scope.clear()),
            ("batch-size", |s| s.batch_size = 0),
            ("batch-size", |s| s.batch_size = 10_001),
            ("batch-delay", |s| s.batch_delay = 86_400_001),
            ("max-retries", |s| s.max_retries = 101),
            ("initial-backoff", |s| s.initial_backoff = 3_600_001),
            ("ceiling", |s| s.ceiling = 0),
            ("learned.rate", |s| {
                s.learned = Some(Learned {
                    rate: 0,
                    bulk_counts_devices: false,
                });
            }),
            ("give-up-after", |s| s.give_up_after = 999),
            ("selection.limit", |s| s.selection.limit = Some(0)),
        ];
        assert!(Settings::try_from(contract::Settings::default()).is_ok());
        for (setting, breaks) in broken {
            let mut settings = contract::Settings::default();
            breaks(&mut settings);
            let error = Settings::try_from(settings).expect_err(setting);
            assert_eq!(error.setting, setting);
        }
        let error = Settings::try_from(contract::Settings {
            batch_size: 0,
            ..contract::Settings::default()
        })
        .expect_err("out of range");
        assert_eq!(error.problem, "`0` is out of range; allowed is 1 to 10000");
    }
}
