//! What may precede the host of an address: a user name and a password. No message shows it.

/// Whether an address has a user name or a password before its host.
#[must_use]
pub fn has_user_info(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    rest[..end].contains('@')
}

/// A text that may be an address, as a message may show it: of one with a scheme, nothing between that and the last
/// `@`.
#[must_use]
pub fn without_user_info(text: &str) -> String {
    if text.contains("://") {
        hidden(text)
    } else {
        text.to_owned()
    }
}

/// An address without anything that precedes the last `@`, but for its scheme.
pub(crate) fn hidden(address: &str) -> String {
    let Some(at) = address.rfind('@') else {
        return address.to_owned();
    };
    let is_scheme = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let before = &address[..at];
    let scheme = match before.split_once("://") {
        Some((scheme, _)) if is_scheme(scheme) => &before[..scheme.len() + 3],
        _ => "",
    };
    format!("{scheme}...{}", &address[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_precedes_a_host_is_found() {
        for address in [
            "http://user:pw@127.0.0.1/x",
            "https://me@graph.example",
            "https://@graph.example?x",
            "me:pw@graph.example",
        ] {
            assert!(has_user_info(address), "{address}");
        }
        for address in [
            "",
            "https://graph.example",
            "https://graph.example/@x",
            "https://graph.example?mail=a@b",
            "graph.example/a@b",
        ] {
            assert!(!has_user_info(address), "{address}");
        }
    }

    #[test]
    fn a_password_is_left_out_however_it_is_written() {
        for (address, shown) in [
            ("http://user:pw@127.0.0.1/x", "http://...@127.0.0.1/x"),
            ("HTTPS://user:pw@x", "HTTPS://...@x"),
            ("http://user:p@pw@x", "http://...@x"),
            ("http://user:p/pw@x", "http://...@x"),
            ("http://user:p://pw@x", "http://...@x"),
            ("user:p://pw@x", "...@x"),
            ("user:pw@http://x", "...@http://x"),
            (" http://user:pw@x", "...@x"),
            ("https://graph.example/x", "https://graph.example/x"),
        ] {
            assert_eq!(without_user_info(address), shown, "{address}");
            assert_eq!(hidden(address), shown, "{address}");
        }
    }

    #[test]
    fn a_text_without_a_scheme_stays_unless_it_is_an_address() {
        assert_eq!(without_user_info("me@contoso.com"), "me@contoso.com");
        assert_eq!(hidden("user:pw@contoso.com"), "...@contoso.com");
    }
}
