//! Ctrl-C and SIGTERM.

use intune_sync_report::ExitStatus;
use tokio::sync::watch;

/// Whether the user or the system has requested a stop.
///
/// After the first Ctrl-C or SIGTERM the run finishes what is in flight; the second ends the program at once.
#[derive(Debug, Clone)]
pub(crate) struct Interruption(watch::Receiver<bool>);

impl Interruption {
    /// Listens from now on. Must be called within a tokio runtime.
    pub(crate) fn listen() -> Self {
        let (flag, requested) = watch::channel(false);
        let mut signals = Signals::listen();
        tokio::spawn(async move {
            loop {
                signals.next().await;
                if flag.send_replace(true) {
                    std::process::exit(ExitStatus::Interrupted.code().into());
                }
            }
        });
        Self(requested)
    }

    /// Whether a stop has been requested.
    pub(crate) fn was_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until a stop is requested.
    pub(crate) async fn requested(&self) {
        let mut requested = self.0.clone();
        if requested.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Ctrl-C and SIGTERM.
#[cfg(unix)]
struct Signals([Option<tokio::signal::unix::Signal>; 2]);

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self(kinds.map(|kind| signal(kind).ok()))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }
}

/// A signal that cannot be listened for never comes.
#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    let received = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
