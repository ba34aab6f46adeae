//! What the program and the small components agree on beside the WIT in `wit/`: how settings are written, how a run is
//! told as JSON, and how identity endpoints answer.
//!
//! There is no I/O, no clock and no randomness in here, so that it is part of the native program and of components
//! alike, and what one of them takes or says the others take and say too.

pub mod identity;
pub mod report;
pub mod settings;
pub mod wit;
