//! `intune-sync`: makes every Intune device of a tenant check in now, from a sandbox that can do nothing else.

mod stdout;

use std::process::ExitCode;

fn main() -> ExitCode {
    intune_sync::program(stdout::was_closed())
}
