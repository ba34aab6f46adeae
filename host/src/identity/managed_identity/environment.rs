//! Where this place has its managed identity, and which one is meant.

use std::collections::HashMap;

use http::HeaderValue;
use url::{Host, Url};

use super::super::TokenError;

const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
const IDENTITY_SERVER_THUMBPRINT: &str = "IDENTITY_SERVER_THUMBPRINT";
const IMDS_ENDPOINT: &str = "IMDS_ENDPOINT";
const MSI_ENDPOINT: &str = "MSI_ENDPOINT";
const MSI_SECRET: &str = "MSI_SECRET";
const IMDS_HOST: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// Works wherever none of the platforms does.
const ALTERNATIVE: &str = "use `--auth token-file` with a token obtained otherwise, or run in App Service, Functions, \
                           Container Apps, Automation or on an Azure virtual machine";

/// The variables by which Azure's platforms tell where they have their managed identity. One of them is a secret, so
/// there is no `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Environment(HashMap<&'static str, String>);

impl Environment {
    /// The environment of this process.
    pub(crate) fn capture() -> Self {
        let names = [
            IDENTITY_ENDPOINT,
            IDENTITY_HEADER,
            IDENTITY_SERVER_THUMBPRINT,
            IMDS_ENDPOINT,
            MSI_ENDPOINT,
            MSI_SECRET,
            IMDS_HOST,
        ];
        Self(
            names
                .into_iter()
                .filter_map(|name| Some((name, std::env::var(name).ok()?)))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// An environment of these variables alone.
impl<const N: usize> From<[(&'static str, &str); N]> for Environment {
    fn from(variables: [(&'static str, &str); N]) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
        )
    }
}

/// Which of the identities of a place is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Assigned {
    /// The one that belongs to the place itself.
    #[default]
    System,
    /// A user-assigned one by the id of its application.
    ClientId(String),
    /// A user-assigned one by the id of its service principal.
    ObjectId(String),
    /// A user-assigned one by its path in Azure: `/subscriptions/…/userAssignedIdentities/name`.
    ResourceId(String),
}

/// Where tokens are to be had.
#[derive(Clone)]
pub(super) enum Endpoint {
    /// App Service, Functions, Container Apps, Automation.
    AppService { url: Url, header: HeaderValue },
    /// The metadata service of a virtual machine.
    Imds { url: Url },
}

impl Endpoint {
    /// Finds the endpoint in the order of Azure's own SDKs.
    pub(super) fn discover(environment: &Environment) -> Result<Self, TokenError> {
        let variables = [
            IDENTITY_ENDPOINT,
            IDENTITY_HEADER,
            IMDS_ENDPOINT,
            MSI_ENDPOINT,
        ];
        match variables.map(|name| environment.get(name)) {
            [Some(_), Some(_), ..] if environment.get(IDENTITY_SERVER_THUMBPRINT).is_some() => {
                Err(unsupported("Service Fabric"))
            }
            [Some(endpoint), Some(header), ..] => Self::app_service(endpoint, header),
            [Some(_), None, Some(_), _] => Err(unsupported("Azure Arc")),
            [None, _, _, Some(_)] if environment.get(MSI_SECRET).is_some() => {
                Err(unsupported("Azure Machine Learning"))
            }
            [None, _, _, Some(_)] => Err(unsupported("Cloud Shell")),
            _ => Self::imds(environment.get(IMDS_HOST)),
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::AppService { .. } => "App Service",
            Self::Imds { .. } => "IMDS",
        }
    }

    /// Where it is, without a query.
    pub(super) fn address(&self) -> String {
        let (Self::AppService { url, .. } | Self::Imds { url }) = self;
        let mut bare = url.clone();
        bare.set_query(None);
        bare.to_string()
    }

    fn app_service(endpoint: &str, header: &str) -> Result<Self, TokenError> {
        let url = Url::parse(endpoint)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| not_a_url(IDENTITY_ENDPOINT, endpoint))?;
        let mut header = HeaderValue::from_str(header).map_err(|_| {
            TokenError::denied(
                format!("`{IDENTITY_HEADER}` cannot be sent as an HTTP header"),
                format!("leave `{IDENTITY_ENDPOINT}` and `{IDENTITY_HEADER}` as the platform has set them"),
            )
        })?;
        header.set_sensitive(true);
        Ok(Self::AppService { url, header })
    }

    /// `host` takes the place of the well-known address, which cannot be had on a test machine. Only a loopback
    /// address may: anything else could hand out a token of its own choice.
    fn imds(host: Option<&str>) -> Result<Self, TokenError> {
        const WELL_KNOWN: &str = "http://169.254.169.254";

        let given = host.unwrap_or(WELL_KNOWN);
        let base = Url::parse(given).map_err(|_| not_a_url(IMDS_HOST, given))?;
        let allowed = match base.host() {
            Some(Host::Ipv4(address)) => {
                address.is_loopback() || address.octets() == [169, 254, 169, 254]
            }
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if !allowed || base.scheme() != "http" {
            return Err(TokenError::denied(
                format!("`{IMDS_HOST}` is `{given}`, which is not `http` on a loopback address"),
                format!("unset `{IMDS_HOST}`: virtual machines need none"),
            ));
        }
        let url = base
            .join("/metadata/identity/oauth2/token")
            .map_err(|_| not_a_url(IMDS_HOST, given))?;
        Ok(Self::Imds { url })
    }
}

fn unsupported(platform: &str) -> TokenError {
    TokenError::denied(
        format!("the managed identity of {platform} cannot be used yet"),
        ALTERNATIVE,
    )
}

fn not_a_url(name: &str, value: &str) -> TokenError {
    TokenError::denied(
        format!("`{name}` is `{value}`, which is not an `http` URL"),
        format!("leave `{name}` as the platform has set it, or unset it where there is none"),
    )
}
