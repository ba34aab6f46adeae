//! The gates, in one program, since linking takes longer than all of its tests.

mod books;
mod bounds;
mod ceiling;
mod doctor;
mod gated;
mod grant;
mod groups;
mod property;
mod refusal;
mod table;
mod texts;
mod webhook;
