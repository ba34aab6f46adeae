//! The composed components on runtimes that nobody here wrote: the same script on each, and what comes of it compared
//! with `intune-sync sync`.
//!
//! A runtime that is not on this machine is skipped, and said to be. `INTUNE_SYNC_RUNTIMES=jco,wasmtime` names those
//! that must be there. Arguments select by name, as those of other tests do.

mod account;
mod caller;
mod checks;
mod components;
mod jco;
mod messages;
mod plain_host;
mod process;
mod runtime;
mod spin;
mod wash;
mod wasmtime;

/// What the tests of the program have, too.
#[expect(dead_code, reason = "it has more than is used here")]
#[path = "../end_to_end"]
mod shared {
    pub(crate) mod program;
    pub(crate) mod schema;
    pub(crate) mod tenant;
    pub(crate) mod tls;
    pub(crate) mod webhook;
}

use std::{env, process::ExitCode, thread};

use runtime::{Runtime, Skipped};
use shared::{program, schema, tenant, tls, webhook};

const RUNTIMES: [&dyn Runtime; 5] = [
    &plain_host::PlainHost,
    &jco::Jco,
    &wasmtime::Wasmtime,
    &spin::Spin,
    &wash::Wash,
];

#[expect(clippy::print_stdout, reason = "it is how a test reports")]
fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let names: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part));
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for runtime in RUNTIMES {
        let name = runtime.name();
        if !wanted(name) {
            continue;
        }
        let (count, report) = match check(runtime) {
            Outcome::Passed(which) => (&mut passed, format!("passed, {which}")),
            Outcome::Failed(why) => (&mut failed, format!("FAILED, {why}")),
            Outcome::Skipped(why) => (&mut skipped, format!("skipped, {why}")),
        };
        *count += 1;
        println!("runtime {name}: {report}");
    }
    println!("runtimes: {passed} passed, {failed} failed, {skipped} skipped");
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// What came of a runtime, in words.
enum Outcome {
    Passed(String),
    Failed(String),
    Skipped(String),
}

fn check(runtime: &dyn Runtime) -> Outcome {
    let name = runtime.name();
    let which = match runtime.find() {
        Ok(which) => which,
        Err(Skipped(why)) => {
            let required = env::var("INTUNE_SYNC_RUNTIMES").unwrap_or_default();
            return match required.split(',').any(|required| required == name) {
                true => Outcome::Failed(format!("{why}, and INTUNE_SYNC_RUNTIMES names it")),
                false => Outcome::Skipped(why),
            };
        }
    };
    // In a thread of its name, so that a failure says where it was.
    let script = thread::scope(|scope| {
        let thread = thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn_scoped(scope, || checks::run(runtime));
        thread.expect("a thread").join()
    });
    match script {
        Ok(unchecked) => {
            let why = unchecked.iter().map(|why| format!("; {why}"));
            Outcome::Passed(which + &why.collect::<String>())
        }
        Err(_) => Outcome::Failed(which),
    }
}
