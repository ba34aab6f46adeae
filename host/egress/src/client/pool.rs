//! Connections that are kept for the next request, and replaced when the server asks for new ones.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::Uri;
use tokio::time::Instant;

use super::{ClientError, error::REFUSED, proxy::Proxies};

/// Connections are replaced at most this often: many requests in flight run into the same trouble together.
const RETIRE_INTERVAL: Duration = Duration::from_secs(1);

/// A pool that can be replaced. It is made when it is first needed, so that a program that only connects to loopback
/// starts on a machine without any CA certificates.
pub(super) struct Pool {
    /// The proxies; `None` where connections go straight to the host.
    proxies: Option<Proxies>,
    extra: Vec<reqwest::Certificate>,
    state: Mutex<State>,
}

/// The connections to use for a request, and which of the pool's generations they are.
pub(super) struct Connections {
    pub(super) client: reqwest::Client,
    pub(super) generation: u64,
}

#[derive(Default)]
struct State {
    client: Option<reqwest::Client>,
    generation: u64,
    retired: Option<Instant>,
}

impl Pool {
    /// An empty pool that trusts `extra` in addition to the system's certificates.
    pub(super) fn new(proxies: Option<Proxies>, extra: Vec<reqwest::Certificate>) -> Self {
        Self {
            proxies,
            extra,
            state: Mutex::default(),
        }
    }

    /// The present connections.
    ///
    /// # Errors
    ///
    /// When the TLS set-up fails: the system has no CA certificates at all.
    pub(super) fn connections(&self) -> Result<Connections, reqwest::Error> {
        let mut state = self.lock();
        let client = match &state.client {
            Some(client) => client.clone(),
            None => {
                let client = build(self.proxies.as_ref(), &self.extra)?;
                state.client = Some(client.clone());
                client
            }
        };
        Ok(Connections {
            client,
            generation: state.generation,
        })
    }

    /// Makes requests from now on open new connections. Requests in flight finish on theirs. A response over
    /// connections that are already replaced changes nothing.
    pub(super) fn retire(&self, generation: u64) {
        let mut state = self.lock();
        let now = Instant::now();
        let recently = state
            .retired
            .is_some_and(|at| now.duration_since(at) < RETIRE_INTERVAL);
        if state.generation == generation && !recently {
            state.client = None;
            state.generation += 1;
            state.retired = Some(now);
        }
    }

    /// Why a request to `uri` got no response.
    pub(super) async fn explain(
        &self,
        error: reqwest::Error,
        uri: &Uri,
        host: &str,
    ) -> ClientError {
        let route = self.proxies.as_ref();
        let route = route.and_then(|proxies| Some((proxies, proxies.authority_for(uri)?)));
        let Some((proxies, proxy)) = route else {
            return ClientError::classify(error, host);
        };
        match ClientError::classify_through(error, host, &proxy) {
            ClientError::Proxy {
                host,
                proxy,
                problem,
            } if problem == REFUSED => {
                let status = tokio::time::timeout(super::CONNECT_TIMEOUT, proxies.refusal(uri));
                let problem = match status.await {
                    Ok(Some(status)) => format!("{problem} (status {status})"),
                    Ok(None) | Err(_) => problem,
                };
                ClientError::Proxy {
                    host,
                    proxy,
                    problem,
                }
            }
            other => other,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock with the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn build(
    proxies: Option<&Proxies>,
    extra: &[reqwest::Certificate],
) -> Result<reqwest::Client, reqwest::Error> {
    // One crypto provider for the whole process; an error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("intune-sync/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(super::CONNECT_TIMEOUT)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(20))
            .http2_max_header_list_size(64 << 10)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy();
        match proxies.cloned() {
            None => builder,
            Some(proxies) => builder.proxy(reqwest::Proxy::custom(move |url| {
                proxies.address_for(&url.as_str().parse().ok()?)
            })),
        }
    };
    let client = builder().tls_certs_merge(extra.iter().cloned()).build();
    match (client, proxies) {
        // Direct connections go to loopback or to a platform's own endpoint, nearly always over plain HTTP: they must
        // not fail because the machine has no CA certificates.
        (Err(_), None) => builder().tls_certs_only(extra.iter().cloned()).build(),
        (client, _) => client,
    }
}
