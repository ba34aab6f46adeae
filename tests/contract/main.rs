//! What the engine component may be given and what it gives, to the letter; and what the program is built from.

mod component;
mod dependencies;
