//! Microsoft Graph's device management and Azure's identity endpoints, with their quotas and their faults, as one
//! [`axum::Router`].
//!
//! Everything follows from a [`Config`] and its seed: which devices there are, which of them fail and how, which
//! request meets which fault. What came in is counted in [`Statistics`], so that a test can say not only what a client
//! reported but what it did.
//!
//! There are two ways to run it. A [`Tenant`] is told the time and does nothing by itself: for simulations that keep
//! their own time. A [`Simulator`] answers at tokio's time, over a socket too, so that a run on a paused clock takes no
//! real time.
//!
//! | route | is |
//! |---|---|
//! | `GET /v1.0/deviceManagement/managedDevices` (also `/beta`) | the list, with `$top`, `$select`, `$filter` |
//! | `POST …/managedDevices/{id}/syncDevice`, `…/managedDevices('{id}')/syncDevice` | one sync |
//! | `POST /v1.0/$batch` | at most 20 syncs |
//! | `POST /beta/deviceManagement/managedDevices/executeAction` | the bulk action |
//! | any other write | succeeds, and is counted as forbidden |
//! | `GET /msi/token` | the identity endpoint of App Service |
//! | `GET /metadata/identity/oauth2/token` | the identity endpoint of a virtual machine |
//! | `POST /{tenant}/oauth2/v2.0/token` | Entra ID's token endpoint, for an app with a client secret or an assertion |
//! | `GET /_simulator/statistics` | [`Statistics`] |
//! | `GET /_simulator/devices[?outcome=…]` | how many syncs each device got: `{"id":count}` |

mod batch;
mod call;
mod clock;
mod config;
mod device;
mod dice;
mod entra;
mod errors;
mod exchange;
mod execute_action;
mod faults;
mod filter;
mod fleet;
mod guid;
mod identity;
mod inspection;
mod limiter;
mod list;
mod reply;
mod retry_after;
mod server;
mod service;
mod simulator;
mod statistics;
mod sync_device;
mod tenant;
mod throttle;
mod tokens;

pub use config::{
    Approval, BulkConfig, BulkCost, BulkRefusal, Config, EntraConfig, ErrorStyle, ExpiresIn,
    ExpiresOn, FaultsConfig, FleetConfig, IdentityConfig, Latency, ListConfig, NextLink, Platforms,
    Quota, QuotaChange, QuotaKind, RetryAfterConfig, RetryAfterForm, Share, ShareError,
    TokensConfig,
};
pub use faults::Fault;
pub use reply::{Answer, DropConnection};
pub use server::serve;
pub use simulator::Simulator;
pub use statistics::{Requests, Statistics};
pub use tenant::{Tenant, Ticket};
