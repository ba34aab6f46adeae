//! The terms of a device's selection as clap takes them, and the addresses that only the command line knows.

use std::net::SocketAddr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use intune_sync_identity::{InvalidTenant, TenantId};

pub(super) use intune_sync_settings::terms::{
    AGENT, COMPLIANCE, OWNER, guid, origin, resource_id, text,
};

use super::number::Refused;

/// A parser of the words in `list`; letter case does not matter, the answer is spelled as in the list.
pub(super) fn one_of<const N: usize>(
    list: &'static [&'static str; N],
) -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(list.iter().copied()).map(|word| {
        list.iter()
            .find(|known| known.eq_ignore_ascii_case(&word))
            .map_or(word, |known| (*known).to_owned())
    })
}

/// A tenant of Entra ID.
pub(super) fn tenant(text: &str) -> Result<TenantId, Refused> {
    text.parse()
        .map_err(|error: InvalidTenant| Refused(error.to_string()))
}

/// A loopback address with a port: the simulator has no business elsewhere.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, Refused> {
    text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback()).ok_or_else(|| {
        Refused("it takes a loopback address with a port, such as `127.0.0.1:8080` or `[::1]:0`, where 0 is any free port".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for address in ["127.0.0.1:0", "127.0.0.2:80", "[::1]:8080"] {
            assert!(loopback(address).is_ok(), "{address}");
        }
        for address in [
            "0.0.0.0:80",
            "127.0.0.1",
            "192.168.1.1:80",
            "[::]:80",
            "localhost:80",
            "127.0.0.1:70000",
            "",
        ] {
            assert!(loopback(address).is_err(), "{address}");
        }
    }
}
