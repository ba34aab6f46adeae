//! Refuses its settings with a reason of many megabytes.

use intune_sync_hostile::bindings::{
    self,
    exports::intune::sync::sync::{
        Event, Guest, GuestRun, Guid, Learned, Run, Selected, Settings, SettingsError, Summary,
    },
};

struct Component;

struct Never;

impl Guest for Component {
    type Run = Never;
}

impl GuestRun for Never {
    fn start(_settings: Settings) -> Result<Run, SettingsError> {
        Err(SettingsError {
            setting: "x".repeat(20 << 20),
            problem: "x".repeat(20 << 20),
        })
    }

    fn skip(&self, _devices: Vec<Guid>) {}

    fn selected(&self, _first: u32) -> Vec<Selected> {
        Vec::new()
    }

    fn learned(&self) -> Option<Learned> {
        None
    }

    fn next(&self, _max_wait: u64) -> Option<Vec<Event>> {
        None
    }

    fn stop(&self) {}

    fn summary(&self) -> Summary {
        unreachable!("there is no run")
    }
}

bindings::export!(Component with_types_in bindings);
