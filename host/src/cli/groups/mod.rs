//! Groups of flags that several commands share.

pub(super) mod connection;
mod devices_file;
pub(super) mod identity;
pub(super) mod output;
pub(super) mod selection;
pub(super) mod settings;

use intune_sync_settings::Setting;

/// What the table says of a setting that the program reads in its own way.
fn help(key: &str) -> &'static str {
    Setting::find(key).map_or("", |setting| setting.help)
}
