//! Names of refusals, for tables.

use std::fmt::Debug;

/// The name of a refusal's variant: `BodyShape { … }` is `body-shape`, `Request(Origin { … })` is `origin`.
pub(crate) fn variant(refusal: &impl Debug) -> String {
    let text = format!("{refusal:?}");
    let text = text.strip_prefix("Request(").unwrap_or(&text);
    let mut name = String::new();
    for c in text.chars().take_while(char::is_ascii_alphabetic) {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}
