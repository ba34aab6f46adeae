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
        tokio::spawn(async move {
            loop {
                signal().await;
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

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => if pressed.is_err() { std::future::pending::<()>().await },
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
