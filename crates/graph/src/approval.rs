//! Multi Admin Approval: how a refusal for it is recognised, and what to say
//! (docs/graph-facts.md#multi-admin-approval).

/// What is wrong. The details are those of the refusal, if there are any.
#[must_use]
pub fn blocked(details: &str) -> String {
    let details = match details {
        "" => String::new(),
        details => format!(" ({details})"),
    };
    format!(
        "Multi Admin Approval blocks the sync: Intune requires another administrator's approval{details}"
    )
}

/// What to do about it.
pub const HINT: &str = "report this with its request id: Microsoft documents approval for wipe, retire and delete, not for \
    sync; to go on meanwhile, add the identity's application to the policy's Exclusions (Intune admin center, Tenant \
    administration, Multi Admin Approval), which lets a stolen token wipe devices, too";

/// What its headers begin with, which a message may name too.
const HEADERS: &str = "x-msft-approval-";
/// Its name, in letters alone: messages write it in several ways.
const NAME: &str = "multiadminapproval";

/// Whether this is a header of its responses.
pub(crate) fn is_header(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with(HEADERS)
}

/// Whether an error's message is about it.
pub(crate) fn is_named(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let letters: String = message.chars().filter(char::is_ascii_alphabetic).collect();
    message.contains(HEADERS) || letters.contains(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_details_are_those_of_the_refusal() {
        let bare = blocked("");
        assert!(bare.starts_with("Multi Admin Approval blocks the sync: "));
        assert!(bare.ends_with(" approval"));
        assert_eq!(blocked("412, X"), format!("{bare} (412, X)"));
    }

    #[test]
    fn its_headers_are_known_by_how_they_begin() {
        assert!(is_header("X-MSFT-Approval-Code"));
        for other in ["x-msft-approval", "retry-after", "request-id"] {
            assert!(!is_header(other), "{other}");
        }
    }
}
