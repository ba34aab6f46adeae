//! Tokens: how identity endpoints are asked for one, and how they answer.

mod answer;
mod jwt;
mod refusal;
mod source;

pub use self::answer::{Answer, Unreadable, read};
pub use self::jwt::expires_on;
pub use self::refusal::{one_line, passes, words};
pub use self::source::{KEYS, Source, TokenRequest};
