//! What the components may be given and what they give, to the letter; what the program is built from; and what the files
//! for other runtimes say.

mod component;
mod composed;
mod dependencies;
mod deploy;
