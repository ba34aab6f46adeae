//! The egress gate: what may leave the sandbox, as a function without I/O.
//!
//! [`Gate::check`] takes a request as the guest made it and answers either an [`Allowed`] request or a [`Refusal`] with
//! its reason. It denies by default: what [`rules_table`] lists leaves, nothing else does. What leaves is written by
//! the gate from what it has parsed (address, headers and body alike); no byte of the guest's goes through, save the
//! query of the list and the ids of batch items, both bounded and checked.
//!
//! The way back is [`answer_headers`] and [`Call::answer_limit`]; the ceiling on writes that holds whatever the guest's
//! pace is [`WriteCeiling`].

mod answer;
mod batch;
mod bulk;
mod ceiling;
mod gate;
mod headers;
mod json;
mod refusal;
mod request;
mod rules;

pub use answer::{
    ANSWER_BODY_LIMIT, ANSWER_HEADER_LIMIT, ANSWER_HEADERS_LIMIT, AnswerError, KEPT_ANSWER_HEADERS,
    LIST_BODY_LIMIT, answer_headers,
};
pub use batch::{BATCH_ITEMS, BatchItem, ITEM_ID_LENGTH};
pub use bulk::BULK_DEVICES;
pub use ceiling::WriteCeiling;
pub use gate::{Allowed, BODY_LIMIT, Call, Gate, Rules, Writes};
pub use headers::{Bearer, DROPPED_HEADERS, TOKEN_LENGTH};
pub use refusal::Refusal;
pub use request::QUERY_LENGTH;
pub use rules::{Rule, rules_table};
