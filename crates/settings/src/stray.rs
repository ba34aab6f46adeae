//! Variables that are meant as settings, but are not settings.

use core::net::IpAddr;

use crate::table::PREFIX;

/// How alike two names must be for the one to be meant by the other, from 0 to 1.
const ALIKE: f64 = 0.8;

/// A variable that is meant as a setting, but is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its name.
    pub name: String,
    /// The variable that is probably meant.
    pub nearest: Option<String>,
}

impl Stray {
    /// The first of `variables`, name and value, that is meant as a setting, but is not one of `known`. What Kubernetes
    /// sets for a service whose name begins as the settings' variables do is not meant as one.
    pub fn find<'a>(
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
        known: &[String],
    ) -> Option<Self> {
        let is_stray = |(name, value): &(&str, &str)| {
            name.starts_with(PREFIX)
                && !value.is_empty()
                && !known.iter().any(|known| known == name)
                && !is_service_link(name, value)
        };
        let (name, _) = variables.into_iter().find(is_stray)?;
        let own = |name: &'a str| name.trim_start_matches(PREFIX);
        let names = known.iter().map(|known| known.trim_start_matches(PREFIX));
        let nearest = nearest(own(name), names).map(|name| format!("{PREFIX}{name}"));
        Some(Self {
            name: name.to_owned(),
            nearest,
        })
    }
}

/// Whether somebody who writes the one name probably means the other. What all names begin with is left out of both.
#[must_use]
pub fn is_alike(name: &str, known: &str) -> bool {
    strsim::jaro(name, known) >= ALIKE
}

/// The one of `known` that somebody who writes `name` probably means. What all names begin with is left out of each.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = known.into_iter().filter(|known| is_alike(name, known));
    alike.max_by(|a, b| strsim::jaro(name, a).total_cmp(&strsim::jaro(name, b)))
}

/// Whether Kubernetes sets this variable for a service, as Docker's links did: `…_SERVICE_HOST`, `…_SERVICE_PORT_HTTP`,
/// `…_PORT`, `…_PORT_80_TCP_ADDR`, each with its kind of value.
///
/// <https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables>
fn is_service_link(name: &str, value: &str) -> bool {
    let is_port = value.parse::<u16>().is_ok();
    let is_host = value.parse::<IpAddr>().is_ok();
    let is_address = ["tcp://", "udp://", "sctp://"]
        .iter()
        .any(|scheme| value.starts_with(scheme));
    let named_port = |port: &str| port.is_empty() || port.starts_with('_');
    match name.rsplit_once("_SERVICE_PORT") {
        Some((_, port)) if is_port && named_port(port) => return true,
        _ if name.ends_with("_SERVICE_HOST") && is_host => return true,
        _ if name.ends_with("_PORT") && is_address => return true,
        _ => {}
    }
    let Some((_, link)) = name.rsplit_once("_PORT_") else {
        return false;
    };
    let [port, "TCP" | "UDP" | "SCTP", rest @ ..] = &*link.split('_').collect::<Vec<_>>() else {
        return false;
    };
    port.parse::<u16>().is_ok()
        && match rest {
            [] => is_address,
            ["ADDR"] => is_host,
            ["PORT"] => is_port,
            ["PROTO"] => matches!(value, "tcp" | "udp" | "sctp"),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Setting;

    fn find(name: &str, value: &str) -> Option<(String, Option<String>)> {
        let known: Vec<String> = Setting::all().map(Setting::variable).collect();
        let stray = Stray::find([("PATH", "/bin"), (name, value)], &known)?;
        Some((stray.name, stray.nearest))
    }

    #[test]
    fn a_misspelt_variable_is_found_with_the_one_that_is_meant() {
        for (name, nearest) in [
            ("INTUNE_SYNC_STALEFOR", Some("INTUNE_SYNC_STALE_FOR")),
            ("INTUNE_SYNC_MAX_RATES", Some("INTUNE_SYNC_MAX_RATE")),
            ("INTUNE_SYNC_LIMITS", Some("INTUNE_SYNC_LIMIT")),
            ("INTUNE_SYNC_BATCHSIZE", Some("INTUNE_SYNC_BATCH_SIZE")),
            ("INTUNE_SYNC_XYZZY", None),
            ("INTUNE_SYNC_", None),
        ] {
            let expected = (name.to_owned(), nearest.map(str::to_owned));
            assert_eq!(find(name, "7d"), Some(expected));
        }
    }

    #[test]
    fn what_is_not_meant_as_a_setting_is_let_pass() {
        for (name, value) in [
            ("INTUNE_SYNC_STALE_FOR", "7d"),
            ("INTUNE_SYNC_STALEFOR", ""),
            ("INTUNESYNC_STALEFOR", "7d"),
            ("INTUNE_SYNC_PORT", "tcp://10.0.0.1:80"),
            ("INTUNE_SYNC_JOB_PORT", "udp://10.0.0.1:80"),
            ("INTUNE_SYNC_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("INTUNE_SYNC_PORT_80_TCP_ADDR", "10.0.0.1"),
            ("INTUNE_SYNC_PORT_80_TCP_PORT", "80"),
            ("INTUNE_SYNC_PORT_80_TCP_PROTO", "tcp"),
            ("INTUNE_SYNC_SERVICE_HOST", "fd00::1"),
            ("INTUNE_SYNC_SERVICE_PORT", "8080"),
            ("INTUNE_SYNC_SERVICE_PORT_HTTP", "8080"),
            // Of a service that is called `intune-sync-service`.
            ("INTUNE_SYNC_SERVICE_PORT", "tcp://10.0.0.1:80"),
            ("INTUNE_SYNC_SERVICE_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("INTUNE_SYNC_SERVICE_SERVICE_HOST", "10.0.0.1"),
        ] {
            assert_eq!(find(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn a_service_link_has_its_kind_of_value() {
        for (name, value) in [
            ("INTUNE_SYNC_PORT", "8080"),
            ("INTUNE_SYNC_SERVICE_HOST", "example"),
            ("INTUNE_SYNC_PORT_80_TCP", "80"),
            ("INTUNE_SYNC_PORT_HTTP_TCP", "tcp://10.0.0.1:80"),
            ("INTUNE_SYNC_PORT_80_TCP_ADDR", "80"),
            ("INTUNE_SYNC_PORT_80_TCP_PROTO", "http"),
        ] {
            assert!(find(name, value).is_some(), "{name}={value}");
        }
    }
}
