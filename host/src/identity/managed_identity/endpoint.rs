//! Where this place has its managed identity, and which one is meant.

use azure_core::error::{Error, ErrorKind};
use bytes::Bytes;
use http::HeaderValue;
use url::{Host, Url};

use super::super::TokenError;
use super::super::environment::{
    Environment, IDENTITY_ENDPOINT, IDENTITY_HEADER, IDENTITY_SERVER_THUMBPRINT, IMDS_ENDPOINT,
    IMDS_HOST, MSI_ENDPOINT, MSI_SECRET,
};

/// What works where the managed identity of the platform does not.
const ALTERNATIVE: &str = "use `--auth client-secret`, `--auth workload-identity` or `--auth token-file`, or run it in \
                           App Service, Functions, Container Apps, Automation or on an Azure virtual machine";

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

    /// The request for a token of an identity, in the endpoint's own form.
    pub(super) fn request(
        &self,
        resource: &str,
        assigned: &Assigned,
    ) -> Result<http::Request<Bytes>, Error> {
        let (mut url, version, name, value) = match self {
            Self::AppService { url, header } => (
                url.clone(),
                "2019-08-01",
                "x-identity-header",
                header.clone(),
            ),
            Self::Imds { url } => (
                url.clone(),
                "2018-02-01",
                "metadata",
                HeaderValue::from_static("true"),
            ),
        };
        url.query_pairs_mut()
            .append_pair("api-version", version)
            .append_pair("resource", resource);
        let identity = match (assigned, self) {
            (Assigned::System, _) => None,
            (Assigned::ClientId(id), _) => Some(("client_id", id)),
            (Assigned::ObjectId(id), Self::AppService { .. }) => Some(("principal_id", id)),
            (Assigned::ObjectId(id), Self::Imds { .. }) => Some(("object_id", id)),
            (Assigned::ResourceId(id), Self::AppService { .. }) => Some(("mi_res_id", id)),
            (Assigned::ResourceId(id), Self::Imds { .. }) => Some(("msi_res_id", id)),
        };
        if let Some((name, id)) = identity {
            url.query_pairs_mut().append_pair(name, id);
        }
        http::Request::get(url.as_str())
            .header(name, value)
            .body(Bytes::new())
            .map_err(|error| Error::new(ErrorKind::Other, error))
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

/// The stable releases of `azure_identity`, up to 1.0.0, have none of these; 1.1 is to bring Azure Arc.
fn unsupported(platform: &str) -> TokenError {
    TokenError::denied(
        format!("the managed identity of {platform} is not supported yet"),
        ALTERNATIVE,
    )
}

fn not_a_url(name: &str, value: &str) -> TokenError {
    TokenError::denied(
        format!("`{name}` is `{value}`, which is not an `http` URL"),
        format!("leave `{name}` as the platform has set it, or unset it where there is none"),
    )
}
