//! What the fuzz targets do with an input, and the seeds of their corpora.
//!
//! Each target is a function of bytes that panics when the code breaks its promise. `fuzz/`, outside the workspace,
//! gives these functions to libFuzzer (`make fuzz`); the tests here run the seeds through them, so that the seeds keep
//! up with the code; and the property tests of the gates use the same [rules](sync_gate).

mod certificate_file;
mod config_file;
pub mod custody;
mod device_list;
mod grant_gate;
mod graph_response;
pub mod groups_gate;
mod json;
mod request;
mod retry_after;
mod rule;
pub mod sync_gate;
mod token_response;

/// Something that is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its seeds' folder.
    pub name: &'static str,
    /// Runs an input, and returns whether the code took it for what it may be.
    pub run: fn(&[u8]) -> bool,
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    Target {
        name: "sync_gate",
        run: sync_gate::run,
    },
    Target {
        name: "custody",
        run: custody::run,
    },
    Target {
        name: "grant_gate",
        run: grant_gate::run,
    },
    Target {
        name: "groups_gate",
        run: groups_gate::run,
    },
    Target {
        name: "graph_response",
        run: graph_response::run,
    },
    Target {
        name: "retry_after",
        run: retry_after::run,
    },
    Target {
        name: "token_response",
        run: token_response::run,
    },
    Target {
        name: "device_list",
        run: device_list::run,
    },
    Target {
        name: "config_file",
        run: config_file::run,
    },
    Target {
        name: "certificate_file",
        run: certificate_file::run,
    },
];

/// Runs an input through the target of this name.
///
/// # Panics
///
/// When there is no such target, or the code breaks its promise.
pub fn run(name: &str, input: &[u8]) -> bool {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("there is no target `{name}`"));
    (target.run)(input)
}
