//! The built program against the simulator, over real sockets: each behaviour, each fault, each kind of bad input.

mod accounting;
mod audit;
mod azure_arc;
mod azure_cli;
mod bad_input;
mod batches;
mod books;
mod client_certificate;
mod client_secret;
mod clouds;
mod config;
mod confined;
mod confirm;
#[cfg(unix)]
mod crash;
mod demo;
mod devices_file;
mod dispatch;
#[cfg(unix)]
mod docs;
mod doctor;
mod entra;
mod exit_codes;
mod faults;
mod field;
mod grant;
mod group_roles;
mod groups;
mod happy_path;
mod help;
mod history;
mod identity;
#[cfg(target_os = "linux")]
mod limits;
mod listing;
mod logs;
mod notifications;
mod output;
mod pipelines;
mod plan;
mod program;
mod proxy;
#[cfg(unix)]
mod question;
mod rehearse;
mod reports;
mod request_ids;
mod retries;
mod retry_after;
mod running;
mod schema;
#[cfg(unix)]
mod secret_files;
mod selection;
mod signals;
mod simulate;
mod sources;
mod stopping;
mod systemic;
mod tenant;
#[cfg(target_os = "linux")]
mod terminal;
mod tls;
mod token_file;
mod tokens;
mod webhook;
mod workload_identity;
