//! What the components import and export, to the letter; what the program is built from; and the files for other
//! runtimes.

mod component;
mod composed;
mod dependencies;
mod deploy;
