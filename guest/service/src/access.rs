//! Who may start a run: a client that presents the shared secret.

use intune_sync_settings::{SERVICE_SECRET, Variables, variable};
use subtle::ConstantTimeEq;

use crate::Refusal;

/// A shorter one can be guessed.
const SECRET_MIN: usize = 16;

/// Lets a request pass whose `Authorization` headers are `given`. The comparison takes the same time wherever the
/// texts differ; only their lengths show.
///
/// # Errors
///
/// 403 where no secret is configured, or one that is too short: nobody may; 401 for everything but the secret.
pub fn admit(variables: &Variables, given: &[Vec<u8>]) -> Result<(), Refusal> {
    let name = variable(SERVICE_SECRET);
    let secret = variables.get(&name).map(str::trim).unwrap_or_default();
    if secret.len() < SECRET_MIN || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::new(
            403,
            "nobody may start a run here: the operator has set no shared secret that can be used",
            format!("set `{name}` to at least {SECRET_MIN} random printable ASCII characters"),
        ));
    }
    let presented = match given {
        [header] => bearer(header),
        _ => None,
    };
    match presented {
        Some(presented) if bool::from(presented.ct_eq(secret.as_bytes())) => Ok(()),
        _ => Err(Refusal::new(
            401,
            "the shared secret is missing or wrong",
            "send it as `Authorization: Bearer SECRET`",
        )),
    }
}

/// What follows `Bearer`, a word whose letter case does not matter.
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(secret: Option<&str>, given: &[&[u8]]) -> u16 {
        let set = secret.map(|secret| (variable(SERVICE_SECRET), secret.to_owned()));
        let given: Vec<Vec<u8>> = given.iter().map(|given| given.to_vec()).collect();
        let variables = Variables::new(set.into_iter().collect());
        admit(&variables, &given)
            .err()
            .map_or(200, |refusal| refusal.status)
    }

    const GOOD: &str = "0123456789abcdef";

    #[test]
    fn the_secret_opens_and_nothing_else_does() {
        for (given, expected) in [
            (vec![&b"Bearer 0123456789abcdef"[..]], 200),
            (vec![b"bearer  0123456789abcdef "], 200),
            (vec![], 401),
            (vec![b""], 401),
            (vec![b"Bearer"], 401),
            (vec![b"Bearer "], 401),
            (vec![b"Bearer 0123456789abcdeF"], 401),
            (vec![b"Bearer 0123456789abcde"], 401),
            (vec![b"Bearer 0123456789abcdef0"], 401),
            (vec![b"Basic 0123456789abcdef"], 401),
            (vec![b"0123456789abcdef"], 401),
            (
                vec![b"Bearer 0123456789abcdef", b"Bearer 0123456789abcdef"],
                401,
            ),
        ] {
            assert_eq!(status(Some(GOOD), &given), expected, "{given:?}");
        }
    }

    #[test]
    fn without_a_secret_nobody_may() {
        for secret in [
            None,
            Some(""),
            Some("  "),
            Some("short"),
            Some("0123456789abcd\u{e4}"),
        ] {
            let header = format!("Bearer {}", secret.unwrap_or_default());
            assert_eq!(status(secret, &[header.as_bytes()]), 403, "{secret:?}");
            assert_eq!(status(secret, &[b"Bearer "]), 403, "{secret:?}");
        }
    }

    proptest! {
        #[test]
        fn any_other_text_is_refused(text in "[!-~]{0,40}") {
            prop_assume!(text != GOOD);
            prop_assert_eq!(status(Some(GOOD), &[format!("Bearer {text}").as_bytes()]), 401);
        }
    }
}
