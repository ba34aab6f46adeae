//! Ctrl-C, SIGTERM and SIGHUP.
//!
//! They are heeded from the first line of `main`: as process 1 of a container the program would not even end by them
//! otherwise. While nothing has begun, one ends the program at once. Once a command listens, the first is its to
//! handle, and the second ends the program at once.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use intune_sync_report::ExitStatus;
use tokio::sync::watch;

use crate::{embedded, printer};

/// Whether the next signal ends the program at once: no command listens yet.
static AT_ONCE: AtomicBool = AtomicBool::new(true);

/// Heeds signals from now on.
#[cfg(unix)]
pub(crate) fn heed() {
    use signal_hook::flag::register_conditional_shutdown;

    for signal in signals() {
        let status = ExitStatus::Interrupted.code().into();
        // It fails only for signals that cannot be handled at all.
        let _ = register_conditional_shutdown(signal, status, &AT_ONCE);
    }
}

/// Ctrl-C ends the program until a command listens.
#[cfg(not(unix))]
pub(crate) fn heed() {}

/// Whether the user or the system has requested a stop; within another program, whether that has.
#[derive(Debug, Clone)]
pub(crate) struct Interruption {
    requested: watch::Receiver<bool>,
    /// The last line of a program that ends at once.
    last_line: Arc<OnceLock<String>>,
}

impl Interruption {
    /// Listens from now on. Must be called within a tokio runtime.
    pub(crate) fn listen() -> Self {
        if let Some(requested) = embedded::stop_requested() {
            return Self {
                requested,
                last_line: Arc::default(),
            };
        }
        let (flag, requested) = watch::channel(false);
        let mut listener = Listener::new();
        let last_line = Arc::<OnceLock<String>>::default();
        let known = Arc::clone(&last_line);
        tokio::spawn(async move {
            loop {
                listener.next().await;
                if flag.send_replace(true) {
                    if let Some(line) = known.get() {
                        printer::last_line(line);
                    }
                    std::process::exit(ExitStatus::Interrupted.code().into());
                }
            }
        });
        AT_ONCE.store(false, Ordering::SeqCst);
        Self {
            requested,
            last_line,
        }
    }

    /// What a second signal shows, which ends the program at once. Only the first call counts.
    pub(crate) fn set_last_line(&self, line: String) {
        let _ = self.last_line.set(line);
    }

    /// Whether a stop has been requested.
    pub(crate) fn was_requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Waits until a stop is requested.
    pub(crate) async fn requested(&self) {
        let mut requested = self.requested.clone();
        if requested.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The signals that request a stop. `nohup` has SIGHUP ignored, which it stays.
#[cfg(unix)]
fn signals() -> Vec<i32> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        signals.push(SIGHUP);
    }
    signals
}

/// Whether the program was started with a signal ignored, as far as the system says.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| (mask >> (signal - 1)) & 1 == 1)
}

/// Waits for signals within a runtime.
#[cfg(unix)]
struct Listener(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Listener {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        let kinds = signals().into_iter().map(SignalKind::from_raw);
        // One that cannot be listened for never comes.
        Self(kinds.filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        let Self(signals) = self;
        std::future::poll_fn(|context| {
            let mut each = signals.iter_mut();
            match each.any(|signal| signal.poll_recv(context).is_ready()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }
}

#[cfg(not(unix))]
struct Listener;

#[cfg(not(unix))]
impl Listener {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
