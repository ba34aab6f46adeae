//! The engine does not trust its host, so it checks the ranges of settings as the table does. Both read the same ones.

use intune_sync_engine::{Settings, contract};
use intune_sync_settings::Given;

/// A setting with a range: its key, how the user writes a value of the engine's, and where the engine has it.
struct Ranged {
    key: &'static str,
    text: fn(u64) -> String,
    set: fn(&mut contract::Settings, u64) -> Option<()>,
    /// A value within its range.
    within: u64,
}

const RANGED: [Ranged; 7] = [
    Ranged {
        key: "batch-size",
        text: |devices| devices.to_string(),
        set: |settings, devices| {
            settings.batch_size = devices.try_into().ok()?;
            Some(())
        },
        within: 1,
    },
    Ranged {
        key: "batch-delay-seconds",
        text: |millis| format!("{millis}ms"),
        set: |settings, millis| {
            settings.batch_delay = millis;
            Some(())
        },
        within: 1,
    },
    Ranged {
        key: "max-retries",
        text: |retries| retries.to_string(),
        set: |settings, retries| {
            settings.max_retries = retries.try_into().ok()?;
            Some(())
        },
        within: 1,
    },
    Ranged {
        key: "initial-backoff-seconds",
        text: |millis| format!("{millis}ms"),
        set: |settings, millis| {
            settings.initial_backoff = millis;
            Some(())
        },
        within: 1,
    },
    Ranged {
        key: "give-up-after",
        text: |millis| format!("{millis}ms"),
        set: |settings, millis| {
            settings.give_up_after = millis;
            Some(())
        },
        within: 60_000,
    },
    Ranged {
        key: "max-rate",
        text: |thousandths| format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000),
        set: |settings, thousandths| {
            settings.ceiling = thousandths;
            Some(())
        },
        within: 1,
    },
    Ranged {
        key: "limit",
        text: |devices| devices.to_string(),
        set: |settings, devices| {
            settings.selection.limit = Some(devices.try_into().ok()?);
            Some(())
        },
        within: 1,
    },
];

/// Whether the user may set it.
fn user_may(ranged: &Ranged, value: u64) -> bool {
    let set = Given::default().set(ranged.key, &[(ranged.text)(value)]);
    set.is_ok()
}

/// Whether the engine takes it.
fn engine_takes(ranged: &Ranged, value: u64) -> bool {
    let mut settings = contract::Settings::default();
    (ranged.set)(&mut settings, value).is_some() && Settings::try_from(settings).is_ok()
}

/// The least value from which on up to `most` it is as for `most`.
fn border(mut least: u64, mut most: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let at_most = holds(most);
    while least < most {
        let middle = least + (most - least) / 2;
        match holds(middle) == at_most {
            true => most = middle,
            false => least = middle + 1,
        }
    }
    most
}

#[test]
fn the_engine_and_the_table_of_settings_have_the_same_ranges() {
    for ranged in &RANGED {
        let Ranged { key, within, .. } = *ranged;
        let range = |may: fn(&Ranged, u64) -> bool| {
            assert!(may(ranged, within), "{key}");
            let may = |value| may(ranged, value);
            (border(0, within, may), border(within, 1 << 40, may))
        };
        assert_eq!(range(user_may), range(engine_takes), "{key}");
    }
}
