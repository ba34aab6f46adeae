//! The settings: one table of them, and how each is written on the command line, in variables, in the config file and
//! in the body of a request.
//!
//! Each value is a text first, wherever it is written, and one parser reads it.

mod advice;
mod choices;
pub mod cloud;
pub mod duration;
mod environment;
mod given;
mod kind;
mod moment;
mod notification;
pub mod number;
mod seed;
mod stray;
mod table;
pub mod terms;

pub use self::{
    advice::{Advice, by_variables},
    choices::{Choice, choice, words},
    cloud::Cloud,
    environment::{Environment, Variables},
    given::Given,
    kind::{Form, NotSet, Shape, Value},
    notification::{NOTIFY_URL, Notify, Webhook, format_of, webhook_address},
    seed::seed,
    stray::{Stray, is_alike, nearest},
    table::{Bound, Cover, Group, OUTPUT, SERVICE_SECRET, Setting, variable},
};
