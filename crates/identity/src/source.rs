//! Where a component that stands alone gets its tokens, and how that place is asked.

use core::fmt;

use form_urlencoded::Serializer;

use intune_sync_settings::{
    Advice, Choice, Cloud, Variables, choice, number::Refused, terms, variable,
};

use crate::{AUTHORITY_HOST, Address, Authority, InvalidTenant, Naming, TenantId};

const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
const IMDS_HOST: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// The variables that tell of a platform whose managed identity is asked in another way.
const UNSUPPORTED: [(&str, &str); 3] = [
    ("IDENTITY_SERVER_THUMBPRINT", "Service Fabric"),
    ("IMDS_ENDPOINT", "Azure Arc"),
    ("MSI_ENDPOINT", "Cloud Shell or Azure Machine Learning"),
];

/// A place that gives tokens, and who asks. It may hold a secret, so there is no `Debug`.
#[derive(Clone)]
pub struct Source {
    place: Place,
    address: Address,
    /// Parameters of the query or the form, name and value.
    parameters: Vec<(&'static str, String)>,
    /// A header, name and value.
    header: Option<(&'static str, String)>,
}

/// The kinds of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    AppService,
    Imds,
    /// Entra's token endpoint, by what proves who asks.
    Entra(&'static str),
}

/// A request for a token. It may hold a secret, so there is no `Debug`.
pub struct TokenRequest {
    /// Where it goes.
    pub address: Address,
    /// Name and value of each.
    pub headers: Vec<(&'static str, String)>,
    /// The form to post; none for a `GET`.
    pub form: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Auth {
    #[default]
    ManagedIdentity,
    WorkloadIdentity,
    ClientSecret,
}

impl Choice for Auth {
    const WORDS: &[(&str, Self)] = &[
        ("managed-identity", Self::ManagedIdentity),
        ("workload-identity", Self::WorkloadIdentity),
        ("client-secret", Self::ClientSecret),
    ];
}

impl Source {
    /// Finds out from the environment where tokens are to be had.
    ///
    /// # Errors
    ///
    /// When something that is needed is missing, is not allowed, or names a platform that is not supported.
    pub fn read(variables: &Variables) -> Result<Self, Advice> {
        let auth = match setting(variables, "auth") {
            Some(text) => choice(text).map_err(|allowed| not_allowed("auth", text, &allowed))?,
            None => Auth::default(),
        };
        match auth {
            Auth::ManagedIdentity => Self::managed_identity(variables),
            Auth::WorkloadIdentity => {
                let token = needed(variables, "federated-token", None, auth)?;
                Self::entra(
                    variables,
                    auth,
                    "workload identity",
                    vec![
                        (
                            "client_assertion_type",
                            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                        ),
                        ("client_assertion", token.trim().to_owned()),
                    ],
                )
            }
            Auth::ClientSecret => {
                let secret = needed(variables, "client-secret", None, auth)?;
                let secret = vec![("client_secret", secret.trim().to_owned())];
                Self::entra(variables, auth, "client secret", secret)
            }
        }
    }

    fn managed_identity(variables: &Variables) -> Result<Self, Advice> {
        let endpoint = variables
            .get(IDENTITY_ENDPOINT)
            .zip(variables.get(IDENTITY_HEADER));
        let platform = UNSUPPORTED.iter().find(|(name, _)| match *name {
            "IMDS_ENDPOINT" => endpoint.is_none() && variables.get(name).is_some(),
            "MSI_ENDPOINT" => {
                variables.get(IDENTITY_ENDPOINT).is_none() && variables.get(name).is_some()
            }
            name => endpoint.is_some() && variables.get(name).is_some(),
        });
        if let Some((_, platform)) = platform {
            return Err(Advice::new(
                format!("the managed identity of {platform} cannot be used by this component"),
                "set `INTUNE_SYNC_AUTH` to `workload-identity` or `client-secret`",
            ));
        }
        let (place, address, header) = match endpoint {
            Some((endpoint, header)) => {
                let address = Address::parse(endpoint)
                    .ok_or_else(|| not_a_url(IDENTITY_ENDPOINT, endpoint))?;
                (
                    Place::AppService,
                    address,
                    ("x-identity-header", header.to_owned()),
                )
            }
            None => (
                Place::Imds,
                imds(variables.get(IMDS_HOST))?,
                ("metadata", "true".to_owned()),
            ),
        };
        let (version, object, resource) = match place {
            Place::AppService => ("2019-08-01", "principal_id", "mi_res_id"),
            _ => ("2018-02-01", "object_id", "msi_res_id"),
        };
        let mut parameters = vec![("api-version", version.to_owned())];
        let mut named = None;
        for (key, parameter) in [
            ("client-id", "client_id"),
            ("object-id", object),
            ("resource-id", resource),
        ] {
            let Some(value) = setting(variables, key) else {
                continue;
            };
            if let Some(other) = named.replace(key) {
                return Err(Advice::new(
                    format!(
                        "`{}` and `{}` are not allowed together: each names the one identity to use",
                        variable(other),
                        variable(key)
                    ),
                    format!("remove `{}` or `{}`", variable(other), variable(key)),
                ));
            }
            let value = match key {
                "resource-id" => terms::resource_id(value),
                _ => terms::guid(value).map(|id| id.to_string()),
            }
            .map_err(|allowed| not_allowed(key, value, &allowed))?;
            parameters.push((parameter, value));
        }
        Ok(Self {
            place,
            address,
            parameters,
            header: Some(header),
        })
    }

    fn entra(
        variables: &Variables,
        auth: Auth,
        proof: &'static str,
        credentials: Vec<(&'static str, String)>,
    ) -> Result<Self, Advice> {
        let tenant = needed(variables, "tenant-id", Some("AZURE_TENANT_ID"), auth)?;
        let client = needed(variables, "client-id", Some("AZURE_CLIENT_ID"), auth)?;
        let client =
            terms::guid(client).map_err(|allowed| not_allowed("client-id", client, &allowed))?;
        let tenant: TenantId = tenant.parse().map_err(|allowed: InvalidTenant| {
            not_allowed("tenant-id", tenant, &Refused(allowed.to_string()))
        })?;
        let cloud = match setting(variables, "cloud") {
            Some(text) => choice(text).map_err(|allowed| not_allowed("cloud", text, &allowed))?,
            None => Cloud::default(),
        };
        let host = variables.get(AUTHORITY_HOST);
        let authority =
            Authority::new(cloud, host).map_err(|refused| refused.advice(Naming::Variables))?;
        let address = format!("{authority}/{tenant}/oauth2/v2.0/token");
        let mut parameters = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", client.to_string()),
        ];
        parameters.extend(credentials);
        Ok(Self {
            place: Place::Entra(proof),
            address: Address::parse(&address).ok_or_else(|| not_a_url(AUTHORITY_HOST, &address))?,
            parameters,
            header: None,
        })
    }

    /// The request for a token for `scope` (`https://graph.microsoft.com/.default`).
    #[must_use]
    pub fn request(&self, scope: &str) -> TokenRequest {
        let mut parameters = Serializer::new(String::new());
        parameters.extend_pairs(
            self.parameters
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        let (address, form) = match self.place {
            Place::Entra(_) => {
                let form = parameters.append_pair("scope", scope).finish();
                (self.address.clone(), Some(form))
            }
            Place::AppService | Place::Imds => {
                let resource = scope.strip_suffix("/.default").unwrap_or(scope);
                let query = parameters.append_pair("resource", resource).finish();
                let mut address = self.address.clone();
                let separator = if address.path_and_query.contains('?') {
                    '&'
                } else {
                    '?'
                };
                address.path_and_query.push(separator);
                address.path_and_query.push_str(&query);
                (address, None)
            }
        };
        let mut headers: Vec<(&str, String)> = self.header.iter().cloned().collect();
        if form.is_some() {
            headers.push((
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ));
        }
        TokenRequest {
            address,
            headers,
            form,
        }
    }

    /// Whether it is the metadata service of a virtual machine, which is one hop away or nowhere.
    #[must_use]
    pub fn is_imds(&self) -> bool {
        self.place == Place::Imds
    }
}

/// What it is called in messages: the managed identity endpoint `http://169.254.169.254/…` (IMDS).
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, kind) = match self.place {
            Place::AppService => ("managed identity", "App Service"),
            Place::Imds => ("managed identity", "IMDS"),
            Place::Entra(proof) => ("token", proof),
        };
        let scheme = if self.address.https { "https" } else { "http" };
        let path = self
            .address
            .path_and_query
            .split('?')
            .next()
            .unwrap_or_default();
        write!(
            f,
            "the {what} endpoint `{scheme}://{}{path}` ({kind})",
            self.address.authority
        )
    }
}

/// `host` takes the place of the well-known address, which cannot be had on a test machine. Only a loopback address
/// may: anything else could hand out a token of its own choice.
fn imds(host: Option<&str>) -> Result<Address, Advice> {
    const PATH: &str = "/metadata/identity/oauth2/token";
    let origin = match host {
        None => "http://169.254.169.254".to_owned(),
        Some(host) => terms::origin(host)
            .ok()
            .filter(|origin| origin.is_loopback() && host.starts_with("http://"))
            .map(|origin| origin.to_string())
            .ok_or_else(|| {
                Advice::new(
                    format!("`{IMDS_HOST}` is `{host}`, which is not `http` on a loopback address"),
                    format!("unset `{IMDS_HOST}`: virtual machines need none"),
                )
            })?,
    };
    let given = host.unwrap_or_default();
    Address::parse(&format!("{origin}{PATH}")).ok_or_else(|| not_a_url(IMDS_HOST, given))
}

fn setting<'a>(variables: &'a Variables, key: &str) -> Option<&'a str> {
    variables.get(&variable(key))
}

/// A setting that this way to authenticate needs; `platform` is the variable in which Azure's own tools look for it.
fn needed<'a>(
    variables: &'a Variables,
    key: &str,
    platform: Option<&str>,
    auth: Auth,
) -> Result<&'a str, Advice> {
    let found = setting(variables, key).or_else(|| variables.get(platform?));
    found.ok_or_else(|| {
        let word = Auth::WORDS.iter().find(|(_, kind)| *kind == auth);
        let word = word.map_or("", |(word, _)| word);
        Advice::new(
            format!(
                "`INTUNE_SYNC_AUTH` is `{word}`, which needs `{}`",
                variable(key)
            ),
            format!("set `{}`", variable(key)),
        )
    })
}

fn not_allowed(key: &str, value: &str, allowed: &Refused) -> Advice {
    Advice::new(
        format!(
            "`{value}` is not allowed for `{}`: {allowed}",
            variable(key)
        ),
        "correct it, or remove it",
    )
}

fn not_a_url(name: &str, value: &str) -> Advice {
    Advice::new(
        format!("`{name}` is `{value}`, which is not an `http` URL"),
        format!("leave `{name}` as the platform has set it, or unset it where there is none"),
    )
}

#[cfg(test)]
mod tests;
