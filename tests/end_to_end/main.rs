//! The built program against the simulator, over real sockets: each behaviour, each fault, each kind of bad input.

mod accounting;
mod audit;
mod bad_input;
mod batches;
mod books;
mod demo;
mod dispatch;
mod faults;
mod happy_path;
mod help;
mod identity;
mod listing;
mod output;
mod plan;
mod program;
mod retries;
mod retry_after;
mod running;
mod schema;
mod selection;
mod simulate;
mod stopping;
mod systemic;
mod tenant;
mod token_file;
mod tokens;
