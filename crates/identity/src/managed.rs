//! Managed identities: how a token is requested from a platform.

use core::fmt;

use form_urlencoded::Serializer;
use http::{Request, Response, StatusCode, header};
use intune_sync_ids::Guid;

use crate::{Endpoint, Form, Platform, TokenRequest};

/// A user-assigned managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserAssigned {
    /// By its client id.
    Client(Guid),
    /// By its object (principal) id.
    Object(Guid),
    /// By its Azure resource id, `/subscriptions/…`.
    Resource(String),
}

/// The managed identity of the place where this runs: the system-assigned one unless another is named. It holds a
/// secret, so there is no `Debug`.
#[derive(Clone)]
pub struct ManagedIdentity {
    /// Where it is.
    pub platform: Platform,
    /// The user-assigned identity to use.
    pub user_assigned: Option<UserAssigned>,
}

impl ManagedIdentity {
    /// The request for a token for `scope`: of `https://graph.microsoft.com/.default` the resource is what comes before
    /// the last slash.
    ///
    /// IMDS wants the header `Metadata: true`. Azure Automation wants it next to `X-IDENTITY-HEADER`
    /// (<https://learn.microsoft.com/azure/automation/enable-managed-identity-for-automation>); App Service passes it
    /// over.
    #[must_use]
    pub fn request(&self, scope: &str) -> TokenRequest {
        let (version, object_name, resource_name) = match &self.platform {
            Platform::AppService { .. } => ("2019-08-01", "principal_id", "mi_res_id"),
            Platform::AzureArc { .. } => ("2020-06-01", "object_id", "msi_res_id"),
            Platform::Imds { .. } => ("2018-02-01", "object_id", "msi_res_id"),
        };
        let mut query = Serializer::new(String::new());
        query.append_pair("api-version", version);
        query.append_pair("resource", scope.strip_suffix("/.default").unwrap_or(scope));
        match &self.user_assigned {
            None => &mut query,
            Some(UserAssigned::Client(id)) => query.append_pair("client_id", &id.to_string()),
            Some(UserAssigned::Object(id)) => query.append_pair(object_name, &id.to_string()),
            Some(UserAssigned::Resource(id)) => query.append_pair(resource_name, id),
        };
        let url = self.platform.url();
        let separator = if url.query().is_some() { '&' } else { '?' };
        let mut request = Request::get(format!("{url}{separator}{}", query.finish()))
            .header(header::ACCEPT, "application/json")
            .header("metadata", "true");
        if let Platform::AppService { header, .. } = &self.platform {
            request = request.header("x-identity-header", header);
        }
        request
            .body(Form::default())
            .expect("a URL and an encoded query are a URL")
    }

    /// The endpoint as messages name it.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        const TRY_LATER: &str = "try again later; if it lasts, restart the place it runs in";
        const ARC: &str = "the user of this program must belong to the group `himds` (on Windows: `Hybrid agent extension \
                           applications`), and the server must be connected: see `azcmagent show`";
        let Self { platform, .. } = self;
        let url = platform.url().to_string();
        let bare = url.split('?').next().unwrap_or_default();
        Endpoint {
            name: format!("the managed identity endpoint `{bare}` ({platform})"),
            in_trouble: TRY_LATER,
            unreached: Some(TRY_LATER),
            unreadable: "check that `IDENTITY_ENDPOINT` is as the platform has set it",
            absence_passes: true,
            refused: match platform {
                Platform::AzureArc { .. } => |_| ARC,
                _ => |_| {
                    "assign a managed identity to the place this runs in, or use another `--auth`; name a user-assigned one with \
                 `--client-id`, `--object-id` or `--resource-id`; `intune-sync doctor` checks the rest of the way"
                },
            },
        }
    }

    /// The file with the key that the agent of Azure Arc wants to see, as its response to a request without one names
    /// it: `WWW-Authenticate: Basic realm=/var/opt/azcmagent/tokens/….key`. `None` if the response is not such a
    /// challenge.
    ///
    /// The key itself is the password of a second request, and is sent as it is: `Authorization: Basic …`.
    #[must_use]
    pub fn challenge<'a, B>(&self, response: &'a Response<B>) -> Option<&'a str> {
        let Platform::AzureArc { .. } = self.platform else {
            return None;
        };
        if response.status() != StatusCode::UNAUTHORIZED {
            return None;
        }
        let challenge = response.headers().get(header::WWW_AUTHENTICATE)?;
        let (scheme, realm) = challenge.to_str().ok()?.split_once(' ')?;
        let path = realm.trim().strip_prefix("realm=")?;
        scheme
            .eq_ignore_ascii_case("basic")
            .then(|| path.trim_matches('"'))
    }

    /// Whether it is the metadata service of a virtual machine, which is one hop away or nowhere.
    #[must_use]
    pub fn is_imds(&self) -> bool {
        matches!(self.platform, Platform::Imds { .. })
    }
}

/// What it is: `managed identity (IMDS)`.
impl fmt::Display for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "managed identity ({})", self.platform)
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::Naming;

    const SCOPE: &str = "https://graph.microsoft.com/.default";
    const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";

    fn requests(variables: &[(&str, &str)], names: [&str; 4]) -> Vec<(TokenRequest, String)> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        let id: Guid = ID.parse().expect("a GUID");
        let assigned = [
            None,
            Some(UserAssigned::Client(id)),
            Some(UserAssigned::Object(id)),
            Some(UserAssigned::Resource("/subscriptions/r".to_owned())),
        ];
        let named = names.into_iter().zip(["", ID, ID, "%2Fsubscriptions%2Fr"]);
        let identities = assigned.into_iter().zip(named);
        identities
            .map(|(user_assigned, (name, value))| {
                let platform = Platform::discover(variable, Naming::Flags).expect("a platform");
                let identity = ManagedIdentity {
                    platform,
                    user_assigned,
                };
                let parameter = match name {
                    "" => String::new(),
                    name => format!("&{name}={value}"),
                };
                (identity.request(SCOPE), parameter)
            })
            .collect()
    }

    #[test]
    fn app_service_is_asked_in_its_own_form() {
        let variables = [
            ("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token?kept=1"),
            ("IDENTITY_HEADER", "s3cret"),
        ];
        let names = ["", "client_id", "principal_id", "mi_res_id"];
        for (request, identity) in requests(&variables, names) {
            let query = "api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com";
            let url = format!("http://127.0.0.1:41/msi/token?kept=1&{query}{identity}");
            assert_eq!(request.uri().to_string(), url);
            assert_eq!(request.headers()["x-identity-header"], "s3cret");
            assert_eq!(request.headers()["metadata"], "true");
            assert_eq!(
                (request.method(), request.body().0.as_str()),
                (&Method::GET, "")
            );
        }
    }

    #[test]
    fn imds_is_asked_in_its_own_form() {
        let names = ["", "client_id", "object_id", "msi_res_id"];
        for (request, identity) in requests(&[], names) {
            let query = "api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com";
            let url =
                format!("http://169.254.169.254/metadata/identity/oauth2/token?{query}{identity}");
            assert_eq!(request.uri().to_string(), url);
            assert_eq!(request.headers()["metadata"], "true");
            assert_eq!(
                (request.method(), request.body().0.as_str()),
                (&Method::GET, "")
            );
        }
    }

    #[test]
    fn azure_arc_names_the_file_with_its_key() {
        let variables = [
            (
                "IDENTITY_ENDPOINT",
                "http://localhost:40342/metadata/identity/oauth2/token",
            ),
            ("IMDS_ENDPOINT", "http://localhost:40342"),
        ];
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        let arc = ManagedIdentity {
            platform: Platform::discover(variable, Naming::Flags).expect("a platform"),
            user_assigned: None,
        };
        let request = arc.request(SCOPE);
        assert_eq!(
            request.uri().query(),
            Some("api-version=2020-06-01&resource=https%3A%2F%2Fgraph.microsoft.com")
        );
        assert_eq!(request.headers()["metadata"], "true");
        let challenge = |identity: &ManagedIdentity, status: u16, value: &'static str| {
            let response = Response::builder()
                .status(status)
                .header(header::WWW_AUTHENTICATE, value)
                .body(())
                .expect("a response");
            identity.challenge(&response).map(str::to_owned)
        };
        for value in ["Basic realm=/t/a.key", "basic realm=\"/t/a.key\""] {
            assert_eq!(challenge(&arc, 401, value).as_deref(), Some("/t/a.key"));
        }
        assert_eq!(challenge(&arc, 403, "Basic realm=/t/a.key"), None);
        assert_eq!(challenge(&arc, 401, "Bearer realm=/t/a.key"), None);
        assert_eq!(challenge(&arc, 401, "Basic"), None);
        let imds = ManagedIdentity {
            platform: Platform::discover(|_| None, Naming::Flags).expect("a platform"),
            user_assigned: None,
        };
        assert_eq!(challenge(&imds, 401, "Basic realm=/t/a.key"), None);
    }
}
