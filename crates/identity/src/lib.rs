//! Tokens: how identity endpoints are asked for one, and how they answer.

mod address;
mod answer;
mod jwt;
mod refusal;
mod source;

pub use self::address::Address;
pub use self::answer::{Answer, Unreadable, read};
pub use self::jwt::{claims, expires_on, seconds};
pub use self::refusal::{one_line, passes, words};
pub use self::source::{Source, TokenRequest};
