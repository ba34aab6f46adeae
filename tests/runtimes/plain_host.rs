//! The host of these tests, which knows nothing but WASI.

use std::{path::Path, sync::atomic::Ordering};

use intune_sync_plain_host::{Ran, Server, run};

use crate::{
    components,
    runtime::{Ended, Environment, Runtime, Serving, Skipped},
};

/// It is always there.
pub(crate) struct PlainHost;

impl Runtime for PlainHost {
    fn name(&self) -> &'static str {
        "plain-host"
    }

    fn find(&self) -> Result<String, Skipped> {
        Ok("a plain host for WASI 0.2, in these tests".to_owned())
    }

    fn serve(&self, environment: &Environment) -> Serving {
        let variables = environment.as_slice().to_vec();
        let server = Server::start(
            Path::new(components::SERVICE),
            variables,
            environment.speed(),
        );
        let server = server.expect("it imports nothing but WASI");
        let running = server.running();
        let idle = move || running.load(Ordering::Relaxed) == 0;
        Serving::new(server.address(), server).seen_idle(idle)
    }

    /// It speaks plain HTTP only.
    fn denies_https(&self) -> bool {
        true
    }

    fn run(&self, environment: &Environment, arguments: &[&str]) -> Option<Ended> {
        let arguments = [&["intune-sync-job"], arguments].concat();
        let job = Path::new(components::JOB);
        let ran = run(job, environment.as_slice(), &arguments).expect("it does not trap");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let Ran {
            success,
            stdout,
            stderr,
        } = ran;
        Some(Ended {
            success,
            stdout: text(stdout),
            stderr: text(stderr),
        })
    }
}
