//! Tokens: how identity endpoints are asked for one, and how they answer.

mod address;
mod answer;
mod authority;
mod jwt;
mod naming;
mod refusal;
mod source;
mod tenant;

pub use self::address::Address;
pub use self::answer::{Answer, Unreadable, read};
pub use self::authority::{AUTHORITY_HOST, Authority, RefusedAuthority};
pub use self::jwt::{claims, expires_on, seconds};
pub use self::naming::Naming;
pub use self::refusal::{one_line, passes, words};
pub use self::source::{Source, TokenRequest};
pub use self::tenant::{InvalidTenant, TenantId};
