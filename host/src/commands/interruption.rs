use tokio::sync::watch;

/// Whether the user, or the system, has asked to stop.
///
/// The first Ctrl-C, or SIGTERM, lets the run finish what is in flight; the second ends the program at once.
#[derive(Debug, Clone)]
pub(crate) struct Interruption(watch::Receiver<bool>);

/// The exit code of an interrupted run.
pub(crate) const INTERRUPTED: u8 = 130;

impl Interruption {
    /// Listens from now on. Within a tokio runtime.
    pub(crate) fn listen() -> Self {
        let (flag, asked) = watch::channel(false);
        let mut signals = Signals::listen();
        tokio::spawn(async move {
            loop {
                signals.next().await;
                if flag.send_replace(true) {
                    std::process::exit(INTERRUPTED.into());
                }
            }
        });
        Self(asked)
    }

    pub(crate) fn was_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked.
    pub(crate) async fn asked(&self) {
        let mut asked = self.0.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Ctrl-C and SIGTERM, each of them from the moment it is listened for.
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
