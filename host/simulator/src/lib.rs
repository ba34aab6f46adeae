//! Microsoft Graph's device management and Azure's identity endpoints, with their quotas and their faults, as one
//! [`axum::Router`].
//!
//! Everything follows from a [`Config`] and its seed: which devices there are, which of them fail and how, which
//! request meets which fault. Requests and outcomes are counted in [`Statistics`], so that a test can check what a
//! client did, not only what it reported.
//!
//! There are two ways to run it. A [`Tenant`] gets the time from its caller and does nothing on its own: it is for
//! simulations that keep their own time. A [`Simulator`] is a tenant at tokio's time, as a router or, with [`serve`],
//! on a socket; with a paused clock it takes no real time.
//!
//! Within the crate a request borrows the tenant's plain state (`world`) while it is executed. Each module of `graph`
//! reads and executes the requests for one resource; `entra` issues and checks tokens, `quota` throttles, `fleet`
//! knows the devices. `tenant` and `server` drive requests through these; nothing imports in the other direction.
//!
//! | route | serves |
//! |---|---|
//! | `GET /v1.0/deviceManagement/managedDevices` (also `/beta`) | the list, with `$top`, `$select`, `$filter` |
//! | `POST …/managedDevices/{id}/syncDevice`, `…/managedDevices('{id}')/syncDevice` | one sync |
//! | `POST /v1.0/$batch` | at most 20 syncs |
//! | `POST /beta/deviceManagement/managedDevices/executeAction` | the bulk action |
//! | `GET /v1.0/servicePrincipals…`, `…/{id}/appRoleAssignments` | the directory |
//! | `POST …/servicePrincipals/{id}/appRoleAssignedTo`, `DELETE …/appRoleAssignedTo/{id}` | the identity's app roles |
//! | `GET /v1.0/groups/{id}`, `/v1.0/groups?$filter=displayName eq '…'` | groups |
//! | `GET …/groups/{id}/transitiveMembers/microsoft.graph.device`, `….user` | who is in a group |
//! | any other write | success, counted as forbidden |
//! | `GET /msi/token` | the identity endpoint of App Service |
//! | `GET /metadata/identity/oauth2/token` | the identity endpoint of a virtual machine, or of Azure Arc |
//! | `POST /{tenant}/oauth2/v2.0/token` | Entra ID's token endpoint, for an app with a secret, a certificate or an assertion |
//! | `GET /actions/idtoken`, `POST /pipelines/oidctoken` | the token issuers of GitHub Actions and Azure Pipelines |
//! | `GET /_simulator/statistics` | [`Statistics`] |
//! | `GET /_simulator/devices[?outcome=…]` | how often each device was synced: `{"id":count}` |

mod clock;
mod config;
mod dice;
mod entra;
mod fleet;
mod graph;
mod quota;
mod response;
mod server;
mod statistics;
mod tenant;
mod world;

pub use config::{
    Approval, BulkConfig, BulkCost, BulkRefusal, Config, DirectoryConfig, EntraConfig, ErrorStyle,
    ExpiresIn, ExpiresOn, Fault, FaultsConfig, FleetConfig, GroupConfig, GroupsConfig,
    IdentityConfig, Latency, ListConfig, NextLink, PipelinesConfig, Platforms, PrincipalConfig,
    Quota, QuotaChange, QuotaKind, RetryAfterConfig, RetryAfterForm, Share, ShareError,
    TokensConfig,
};
pub use response::{Delivery, DropConnection};
pub use server::{simulator::Simulator, socket::serve};
pub use statistics::{Requests, Statistics};
pub use tenant::{Tenant, Ticket};
