//! The built program against the simulator, over real sockets: each behaviour, each fault, each kind of bad input.

mod happy_path;
mod program;
mod tenant;
