//! The files that people write: lists of devices, config files, and text in whatever encoding.
//!
//! No I/O: what is in a file comes as bytes.

pub mod config;
pub mod devices;
mod text;

pub use self::text::decode;
