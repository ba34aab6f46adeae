//! What stands between `azure_identity` and the network.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient as Carrier, Request};
use bytes::Bytes;
use http::header;
use http_body_util::BodyExt;

use super::answer;
use super::environment::{Assigned, Endpoint};
use crate::http_client::{ClientError, HttpClient, Limits};

/// A token's answer has a few kilobytes.
const LIMITS: Limits = Limits {
    first_byte: Duration::from_secs(30),
    between_bytes: Duration::from_secs(10),
    body: 256 << 10,
};

/// Carries requests for a token to one endpoint, in that endpoint's own form.
///
/// Of the request that `azure_identity` has written only the resource is used. It would find the endpoint in the
/// process's environment for itself, but takes no resource id in App Service, and IMDS at one address only.
pub(super) struct Courier {
    client: Arc<HttpClient>,
    endpoint: Endpoint,
    assigned: Assigned,
}

impl Courier {
    /// A courier to `endpoint` for the identity that is `assigned`.
    pub(super) fn new(client: Arc<HttpClient>, endpoint: Endpoint, assigned: Assigned) -> Self {
        Self {
            client,
            endpoint,
            assigned,
        }
    }

    async fn carry(&self, resource: &str) -> Result<AsyncRawResponse, Error> {
        let answer = self
            .client
            .send(self.request(resource)?, LIMITS)
            .await
            .map_err(into_azure)?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(into_azure)?.to_bytes();
        let body = match parts.status.is_success() {
            true => {
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_secs());
                // Neither `Connection` nor `Io`: what cannot be read now cannot be read a moment later.
                let read = answer::normalise(&body, now.cast_signed());
                Bytes::from(read.map_err(|error| Error::new(ErrorKind::DataConversion, error))?)
            }
            false => body,
        };
        let mut headers = Headers::new();
        if let Some(Ok(wait)) = parts
            .headers
            .get(header::RETRY_AFTER)
            .map(|value| value.to_str())
        {
            headers.insert(header::RETRY_AFTER.as_str().to_owned(), wait.to_owned());
        }
        Ok(AsyncRawResponse::from_bytes(
            parts.status.as_u16().into(),
            headers,
            body,
        ))
    }

    fn request(&self, resource: &str) -> Result<http::Request<Bytes>, Error> {
        let (mut url, version, name, value) = match &self.endpoint {
            Endpoint::AppService { url, header } => (
                url.clone(),
                "2019-08-01",
                "x-identity-header",
                header.clone(),
            ),
            Endpoint::Imds { url } => (
                url.clone(),
                "2018-02-01",
                "metadata",
                header::HeaderValue::from_static("true"),
            ),
        };
        url.query_pairs_mut()
            .append_pair("api-version", version)
            .append_pair("resource", resource);
        let identity = match (&self.assigned, &self.endpoint) {
            (Assigned::System, _) => None,
            (Assigned::ClientId(id), _) => Some(("client_id", id)),
            (Assigned::ObjectId(id), Endpoint::AppService { .. }) => Some(("principal_id", id)),
            (Assigned::ObjectId(id), Endpoint::Imds { .. }) => Some(("object_id", id)),
            (Assigned::ResourceId(id), Endpoint::AppService { .. }) => Some(("mi_res_id", id)),
            (Assigned::ResourceId(id), Endpoint::Imds { .. }) => Some(("msi_res_id", id)),
        };
        if let Some((name, id)) = identity {
            url.query_pairs_mut().append_pair(name, id);
        }
        http::Request::get(url.as_str())
            .header(name, value)
            .body(Bytes::new())
            .map_err(|error| Error::new(ErrorKind::Other, error))
    }
}

impl Carrier for Courier {
    // Written out as `async_trait` would, for one function.
    fn execute_request<'courier, 'request, 'call>(
        &'courier self,
        request: &'request Request,
    ) -> Pin<Box<dyn Future<Output = Result<AsyncRawResponse, Error>> + Send + 'call>>
    where
        'courier: 'call,
        'request: 'call,
        Self: 'call,
    {
        let resource = request
            .url()
            .query_pairs()
            .find(|(name, _)| name == "resource");
        let resource = resource
            .map(|(_, resource)| resource.into_owned())
            .unwrap_or_default();
        Box::pin(async move { self.carry(&resource).await })
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// Both kinds are tried again.
fn into_azure(error: ClientError) -> Error {
    let kind = match error {
        ClientError::Dns { .. }
        | ClientError::Refused { .. }
        | ClientError::ConnectTimeout { .. } => ErrorKind::Connection,
        _ => ErrorKind::Io,
    };
    Error::new(kind, error)
}
