//! Which managed identity a place has: what the variables of Azure's platforms mean.

use core::{fmt, net::IpAddr};

use http::{HeaderValue, Uri};
use intune_sync_ids::{Origin, Quoted};
use intune_sync_settings::Advice;

use crate::{AUTHORITY_HOST, Naming, address::expect_no_user_info};

const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
const IDENTITY_SERVER_THUMBPRINT: &str = "IDENTITY_SERVER_THUMBPRINT";
const IMDS_ENDPOINT: &str = "IMDS_ENDPOINT";
const MSI_ENDPOINT: &str = "MSI_ENDPOINT";
const MSI_SECRET: &str = "MSI_SECRET";
/// Where IMDS is, instead of at its well-known address.
pub const IMDS_HOST: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// The tenant of an app, as Azure's own tools name it.
pub const TENANT_ID: &str = "AZURE_TENANT_ID";
/// The client id of an app, as Azure's own tools name it.
pub const CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// The file with a token of another issuer, as AKS sets it.
pub const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// All variables that platforms set, or that Azure's own tools heed.
pub const PLATFORM_VARIABLES: [&str; 11] = [
    IDENTITY_ENDPOINT,
    IDENTITY_HEADER,
    IDENTITY_SERVER_THUMBPRINT,
    IMDS_ENDPOINT,
    MSI_ENDPOINT,
    MSI_SECRET,
    IMDS_HOST,
    AUTHORITY_HOST,
    TENANT_ID,
    CLIENT_ID,
    FEDERATED_TOKEN_FILE,
];

/// A platform with a managed identity, and where it issues tokens. It holds a secret, so there is no `Debug`.
#[derive(Clone)]
pub enum Platform {
    /// App Service, Functions, Container Apps, Automation.
    AppService {
        /// The endpoint.
        url: Uri,
        /// The value of `X-IDENTITY-HEADER`.
        header: HeaderValue,
    },
    /// The agent of Azure Arc, on a machine outside Azure. It wants to see a key that only some users of the machine
    /// can read: the response to the first request names its file.
    AzureArc {
        /// The endpoint.
        url: Uri,
    },
    /// The metadata service of a virtual machine.
    Imds {
        /// The endpoint.
        url: Uri,
    },
}

impl Platform {
    /// Finds the platform in the order of Azure's own SDKs.
    ///
    /// # Errors
    ///
    /// When the variables name a platform that is not supported, or an endpoint that makes no sense.
    pub fn discover<'a>(
        variable: impl Fn(&str) -> Option<&'a str>,
        naming: Naming,
    ) -> Result<Self, Advice> {
        let variables = [
            IDENTITY_ENDPOINT,
            IDENTITY_HEADER,
            IMDS_ENDPOINT,
            MSI_ENDPOINT,
        ];
        let unsupported = |platform| Err(unsupported(platform, naming));
        match variables.map(&variable) {
            [Some(_), Some(_), ..] if variable(IDENTITY_SERVER_THUMBPRINT).is_some() => {
                unsupported("Service Fabric")
            }
            [Some(endpoint), Some(header), ..] => Self::app_service(endpoint, header),
            [Some(endpoint), None, Some(_), _] => Self::azure_arc(endpoint),
            [None, _, _, Some(_)] if variable(MSI_SECRET).is_some() => {
                unsupported("Azure Machine Learning")
            }
            [None, _, _, Some(_)] => unsupported("Cloud Shell"),
            _ => Self::imds(variable(IMDS_HOST)),
        }
    }

    /// The agent of Azure Arc where it listens by default. On a machine that has the agent, a process need not have its
    /// variables: Azure's own SDKs look for the agent too.
    #[must_use]
    pub fn arc_agent() -> Self {
        Self::AzureArc {
            url: Uri::from_static("http://127.0.0.1:40342/metadata/identity/oauth2/token"),
        }
    }

    /// Where it issues tokens.
    #[must_use]
    pub fn url(&self) -> &Uri {
        let (Self::AppService { url, .. } | Self::AzureArc { url } | Self::Imds { url }) = self;
        url
    }

    fn azure_arc(endpoint: &str) -> Result<Self, Advice> {
        expect_no_user_info(IDENTITY_ENDPOINT, endpoint)?;
        let url = http_url(endpoint)
            .filter(|url| Origin::of(url).is_some_and(|origin| origin.is_loopback()));
        let url = url.ok_or_else(|| {
            Advice::new(
                format!(
                    "`{IDENTITY_ENDPOINT}` is `{}`, which is not an `http` URL on this machine",
                    Quoted::address(endpoint)
                ),
                format!(
                    "leave `{IDENTITY_ENDPOINT}` as the agent of Azure Arc has set it: the key is sent there"
                ),
            )
        })?;
        Ok(Self::AzureArc { url })
    }

    fn app_service(endpoint: &str, header: &str) -> Result<Self, Advice> {
        expect_no_user_info(IDENTITY_ENDPOINT, endpoint)?;
        let url = http_url(endpoint).ok_or_else(|| {
            Advice::new(
                format!(
                    "`{IDENTITY_ENDPOINT}` is `{}`, which is not an `http` URL",
                    Quoted::address(endpoint)
                ),
                format!(
                    "leave `{IDENTITY_ENDPOINT}` as the platform has set it, or unset it outside Azure"
                ),
            )
        })?;
        if url.scheme_str() != Some("https") && !is_local(&url) {
            return Err(Advice::new(
                format!(
                    "`{IDENTITY_ENDPOINT}` is `{}`, which is another machine: `{IDENTITY_HEADER}` would go there \
                     unprotected",
                    Quoted::address(endpoint)
                ),
                format!(
                    "leave `{IDENTITY_ENDPOINT}` as the platform has set it: on this machine, or `https`"
                ),
            ));
        }
        let mut header = HeaderValue::from_str(header).map_err(|_| {
            Advice::new(
                format!("`{IDENTITY_HEADER}` cannot be sent as an HTTP header"),
                format!(
                    "leave `{IDENTITY_ENDPOINT}` and `{IDENTITY_HEADER}` as the platform has set them"
                ),
            )
        })?;
        header.set_sensitive(true);
        Ok(Self::AppService { url, header })
    }

    /// `host` replaces the well-known address, which is out of reach on a test machine. Only a loopback address may:
    /// anything else could hand out a token of its choice.
    fn imds(host: Option<&str>) -> Result<Self, Advice> {
        const WELL_KNOWN: &str = "http://169.254.169.254";
        const PATH: &str = "/metadata/identity/oauth2/token";

        let is_loopback = |host: &str| {
            host.starts_with("http://") && host.parse().is_ok_and(|host: Origin| host.is_loopback())
        };
        let host = host.unwrap_or(WELL_KNOWN);
        expect_no_user_info(IMDS_HOST, host)?;
        let bare = host.trim_end_matches('/');
        let url = Some(bare)
            .filter(|bare| *bare == WELL_KNOWN || is_loopback(bare))
            .and_then(|bare| http_url(&format!("{bare}{PATH}")));
        let url = url.ok_or_else(|| {
            Advice::new(
                format!(
                    "`{IMDS_HOST}` is `{}`, which is not `http` on a loopback address",
                    Quoted::address(host)
                ),
                format!("unset `{IMDS_HOST}`: virtual machines do not need it"),
            )
        })?;
        Ok(Self::Imds { url })
    }
}

/// Its name.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppService { .. } => "App Service",
            Self::AzureArc { .. } => "Azure Arc",
            Self::Imds { .. } => "IMDS",
        })
    }
}

/// A platform whose managed identity cannot be used, and what to use instead.
pub(crate) fn unsupported(platform: &str, naming: Naming) -> Advice {
    let others = match naming {
        Naming::Flags => &["client-secret", "workload-identity", "token-file"][..],
        Naming::Variables => &["client-secret", "workload-identity"],
    };
    let others: Vec<String> = others
        .iter()
        .map(|other| format!("`{}`", naming.with("auth", other)))
        .collect();
    Advice::new(
        format!("the managed identity of {platform} is not supported yet"),
        format!(
            "use {}; or run it in App Service, Functions, Container Apps, Automation or on an Azure virtual machine",
            others.join(" or ")
        ),
    )
}

/// Reads an absolute `http` or `https` URL without a user.
fn http_url(text: &str) -> Option<Uri> {
    let url: Uri = text.trim().parse().ok()?;
    let is_http = matches!(url.scheme_str(), Some("http" | "https"));
    let has_user = url.authority()?.as_str().contains('@');
    (is_http && !has_user).then_some(url)
}

/// Whether a request to it stays on this machine, or on the link to its host.
fn is_local(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Err(_) => bare.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discover(variables: &[(&str, &str)]) -> Result<Platform, Advice> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        Platform::discover(variable, Naming::Flags)
    }

    #[test]
    fn the_environment_decides_as_in_azures_sdks() {
        const ENDPOINT: (&str, &str) = ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token");
        const HEADER: (&str, &str) = ("IDENTITY_HEADER", "x");
        const MSI: (&str, &str) = ("MSI_ENDPOINT", "http://127.0.0.1:3");

        for (variables, name) in [
            (&[][..], "IMDS"),
            (&[ENDPOINT, HEADER], "App Service"),
            (&[ENDPOINT], "IMDS"),
            (&[("IMDS_ENDPOINT", "http://127.0.0.1:2")], "IMDS"),
            (
                &[ENDPOINT, ("IMDS_ENDPOINT", "http://127.0.0.1:2")],
                "Azure Arc",
            ),
        ] {
            let platform = discover(variables).expect("a platform");
            assert_eq!(platform.to_string(), name);
        }
        for (variables, platform) in [
            (
                &[ENDPOINT, HEADER, ("IDENTITY_SERVER_THUMBPRINT", "x")][..],
                "Service Fabric",
            ),
            (&[MSI], "Cloud Shell"),
            (&[MSI, ("MSI_SECRET", "x")], "Azure Machine Learning"),
        ] {
            let advice = discover(variables).err().expect("unsupported");
            assert_eq!(
                advice.message,
                format!("the managed identity of {platform} is not supported yet")
            );
            assert!(advice.hint.contains("--auth token-file"));
        }
        for endpoint in ["", "127.0.0.1/token", "file:///etc/passwd", "ftp://x"] {
            let advice = discover(&[("IDENTITY_ENDPOINT", endpoint), HEADER])
                .err()
                .expect("not a URL");
            assert_eq!(
                advice.message,
                format!("`IDENTITY_ENDPOINT` is `{endpoint}`, which is not an `http` URL")
            );
        }
        for endpoint in [
            "http://127.9.9.9:41/msi/token",
            "http://localhost:42356/msi/token",
            "http://169.254.129.2:8081/msi/token/",
            "http://[::1]:2/",
            "http://[fe80::1]/",
            "https://identity.example/token",
        ] {
            assert!(discover(&[("IDENTITY_ENDPOINT", endpoint), HEADER]).is_ok());
        }
        for endpoint in [
            "http://10.0.0.4/token",
            "http://169.254.evil.example/token",
            "http://localhost.evil.example/token",
            "http://[2001:db8::1]/token",
        ] {
            let advice = discover(&[("IDENTITY_ENDPOINT", endpoint), HEADER])
                .err()
                .expect("another machine");
            assert!(
                advice.message.contains("which is another machine"),
                "{advice:?}"
            );
        }
        let header = ("IDENTITY_HEADER", "a\nb");
        let advice = discover(&[ENDPOINT, header]).err().expect("no header");
        assert!(advice.message.starts_with("`IDENTITY_HEADER` cannot be"));
    }

    #[test]
    fn a_user_name_or_a_password_is_refused_and_not_shown() {
        const ENDPOINT: &str = "http://user:s3cret@127.0.0.1/x";
        for (variables, name) in [
            (
                &[(IDENTITY_ENDPOINT, ENDPOINT), (IDENTITY_HEADER, "x")][..],
                IDENTITY_ENDPOINT,
            ),
            (
                &[(IDENTITY_ENDPOINT, ENDPOINT), (IMDS_ENDPOINT, "x")],
                IDENTITY_ENDPOINT,
            ),
            (&[(IMDS_HOST, ENDPOINT)], IMDS_HOST),
        ] {
            let advice = discover(variables).err().expect("refused");
            let expected = format!(
                "`{name}` is `http://...@127.0.0.1/x`, which has a user name or a password, and neither is allowed there"
            );
            assert_eq!(advice.message, expected);
            assert!(!format!("{advice:?}").contains("s3cret"), "{advice:?}");
        }
        // One that is not an address either way.
        for endpoint in ["http://user:s3/cret@127.0.0.1", "user:s3://cret@127.0.0.1"] {
            let variables = [(IDENTITY_ENDPOINT, endpoint), (IDENTITY_HEADER, "x")];
            let advice = discover(&variables).err().expect("refused");
            assert!(!advice.message.contains("user:s3"), "{advice}");
            assert!(!advice.message.contains("cret"), "{advice}");
        }
    }

    #[test]
    fn the_key_of_azure_arc_stays_on_this_machine() {
        let arc = |endpoint| discover(&[("IDENTITY_ENDPOINT", endpoint), ("IMDS_ENDPOINT", "x")]);
        let url = "http://localhost:40342/metadata/identity/oauth2/token";
        assert_eq!(arc(url).expect("allowed").url().to_string(), url);
        for endpoint in [
            "http://10.0.0.4:40342/x",
            "https://arc.example/x",
            "http://169.254.169.254/x",
            "http://localhost.example/x",
            "x",
        ] {
            let advice = arc(endpoint).err().expect("refused");
            let start =
                format!("`IDENTITY_ENDPOINT` is `{endpoint}`, which is not an `http` URL on");
            assert!(advice.message.starts_with(&start), "{advice}");
        }
    }

    #[test]
    fn imds_can_only_be_moved_to_loopback() {
        for host in [
            "http://127.0.0.1:8080",
            "http://[::1]:8080/",
            "http://localhost",
            "http://169.254.169.254",
        ] {
            let platform = discover(&[(IMDS_HOST, host)]).expect("allowed");
            let expected = format!(
                "{}/metadata/identity/oauth2/token",
                host.trim_end_matches('/')
            );
            assert_eq!(platform.url().to_string(), expected);
        }
        for host in [
            "http://10.0.0.1",
            "http://169.254.169.253",
            "https://169.254.169.254",
            "https://127.0.0.1",
            "http://127.0.0.1.example",
            "http://evil.example",
            "127.0.0.1",
            "x",
            "",
        ] {
            let advice = discover(&[(IMDS_HOST, host)]).err().expect("refused");
            let start = format!("`AZURE_POD_IDENTITY_AUTHORITY_HOST` is `{host}`, which is not");
            assert!(advice.message.starts_with(&start), "{advice}");
        }
    }
}
