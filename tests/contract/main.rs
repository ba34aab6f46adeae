//! What the components may be given and what they give, to the letter; and what the program is built from.

mod component;
mod composed;
mod dependencies;
