//! A tenant as an HTTP service, at tokio's time.

pub(crate) mod simulator;
pub(crate) mod socket;
