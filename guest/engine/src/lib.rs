//! The sync logic of intune-sync: which requests to send to Microsoft Graph, when, and what the responses mean.
//!
//! [`Run`] is a state machine without I/O, clock, randomness or threads. Its caller passes it the time and responses,
//! and does what [`Run::poll`] says:
//!
//! ```
//! use std::time::Duration;
//!
//! use intune_sync_engine::{
//!     Action, Run, Settings, TokenResponse, TokenSerial,
//!     contract::{self, Dispatch, RunStatus},
//!     http::Response,
//! };
//!
//! // All devices, each in a separate request.
//! let settings = contract::Settings { dispatch: Dispatch::Single, ..Default::default() };
//! let mut run = Run::new(Settings::try_from(settings)?);
//!
//! // The caller has a clock and a token. The run knows tokens by number only.
//! let mut now = Duration::ZERO;
//! let mut sent = Vec::new();
//! loop {
//!     match run.poll(now) {
//!         Action::GetToken { .. } => {
//!             let lifetime = Duration::from_secs(3_600);
//!             run.handle_token(now, TokenResponse::Token { serial: TokenSerial(1), lifetime });
//!         }
//!         Action::Send(request) => {
//!             // This Graph has one device. It responds at once, so there is never more than one request in flight.
//!             let response = if request.path_and_query.ends_with("/syncDevice") {
//!                 Response { status: 204, ..Response::default() }
//!             } else {
//!                 let page = r#"{"value": [{"id": "9d6c4b1e-07f3-4a52-8c1d-2f5e6a7b8c90", "deviceName": "KIOSK-1"}]}"#;
//!                 Response { status: 200, body: page.into(), ..Response::default() }
//!             };
//!             sent.push(request.path_and_query);
//!             run.handle_response(now, request.id, Ok(response));
//!         }
//!         Action::Yield => {}
//!         Action::WaitUntil(time) => now = time.expect("nothing is in flight"),
//!         Action::Done => break,
//!     }
//!     for event in run.events() {
//!         println!("{} ms: {:?}", event.at, event.kind);
//!     }
//! }
//!
//! assert!(sent[0].starts_with("/v1.0/deviceManagement/managedDevices?$select=id,"));
//! assert_eq!(
//!     sent[1],
//!     "/v1.0/deviceManagement/managedDevices/9d6c4b1e-07f3-4a52-8c1d-2f5e6a7b8c90/syncDevice"
//! );
//! assert_eq!(run.summary().status, RunStatus::Completed);
//! assert_eq!(run.summary().success, 1);
//! # Ok::<(), contract::SettingsError>(())
//! ```
//!
//! Compiled for `wasm32-unknown-unknown`, the crate is also the component that ships: the `driver` module drives
//! [`Run`] over WASI. Compiled natively, it is the same logic for tests and simulations: the same settings, seed and
//! responses give the same trace.
//!
//! Times are [`core::time::Duration`]s since the start of the run.

#![deny(
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

pub mod contract;
mod devices;
#[cfg(target_arch = "wasm32")]
mod driver;
pub mod http;
mod pacing;
mod run;
mod settings;
mod token;

pub use devices::DEVICES_MAX;
pub use run::{Action, Run};
pub use settings::Settings;
pub use token::{TokenResponse, TokenSerial};
