//! Tokens: how identity endpoints are asked for one, and how they answer.

mod address;
mod answer;
mod authority;
mod claims;
mod naming;
mod refusal;
mod source;
mod state;
mod tenant;
mod token;

pub use self::address::Address;
pub use self::answer::{Answer, Unreadable, read};
pub use self::authority::{AUTHORITY_HOST, Authority, RefusedAuthority};
pub use self::claims::{Claims, expires_on};
pub use self::naming::Naming;
pub use self::refusal::{one_line, passes, words};
pub use self::source::{Source, TokenRequest};
pub use self::state::{Fetch, Patience, TokenId, TokenState, Usable};
pub use self::tenant::{InvalidTenant, TenantId};
pub use self::token::{AccessToken, MAX_TOKEN_BYTES, Secret, TokenError, TokenErrorKind};
