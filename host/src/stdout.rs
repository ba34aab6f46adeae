//! Whether the program was started without standard output (`>&-`).
//!
//! Before `main`, the standard library opens `/dev/null` in its place, and all that is written there succeeds. So this
//! is found out before that.

use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether standard output was closed when the program was started, as far as that can be known here.
pub(crate) fn was_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

#[cfg(target_os = "linux")]
mod before_main {
    use super::{CLOSED, Ordering};

    // SAFETY: the C library calls what is in this section before `main`, each as a function without a result; the
    // arguments that it passes may be ignored.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        let flags = rustix::io::fcntl_getfd(std::io::stdout());
        CLOSED.store(flags == Err(rustix::io::Errno::BADF), Ordering::Relaxed);
    }
}
