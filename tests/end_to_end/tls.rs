//! A certificate authority of the tests' own, and tenants behind TLS.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use axum::body::Body;
use http::{Request, Uri, header::HOST, uri::PathAndQuery};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use intune_sync_simulator::Simulator;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::tenant::Tenant;

/// What no certificate authority of the system has signed.
pub(crate) struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// A tenant behind TLS.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A connection whose handshake was completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The name that the client has asked for; none for an address.
    pub(crate) name: Option<String>,
    /// `h2`, `http/1.1`, or nothing.
    pub(crate) protocol: String,
}

impl TestAuthority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no name to be wrong");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "intune-sync test authority");
        let certificate = params.self_signed(&key).expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("written");
        Self {
            issuer: Issuer::new(params, key),
            folder,
        }
    }

    /// What `--ca-file` takes.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What a server of these names and addresses shows.
    pub(crate) fn server(&self, names: &[&str], protocols: &[&str]) -> ServerConfig {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(names)
            .and_then(|params| params.signed_by(&key, &self.issuer))
            .expect("valid names");
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .expect("the key is the certificate's");
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().into())
            .collect();
        config
    }
}

/// What is done once there is a response to the request for a path, before it leaves.
pub(crate) type Hook = Arc<dyn Fn(&str) + Send + Sync>;

impl Front {
    /// Serves the tenant under these names and addresses, over HTTP/2 and HTTP/1.1.
    pub(crate) fn of(tenant: &Tenant, authority: &TestAuthority, names: &[&str]) -> Self {
        let config = authority.server(names, &["h2", "http/1.1"]);
        Self::serve(tenant, config, Arc::new(|_| {}))
    }

    /// The same over HTTP/1.1 alone.
    pub(crate) fn of_http1(tenant: &Tenant, authority: &TestAuthority, names: &[&str]) -> Self {
        let config = authority.server(names, &["http/1.1"]);
        Self::serve(tenant, config, Arc::new(|_| {}))
    }

    /// The same on a loopback address, with a hook.
    pub(crate) fn hooked(tenant: &Tenant, authority: &TestAuthority, hook: Hook) -> Self {
        let config = authority.server(&["127.0.0.1"], &["h2", "http/1.1"]);
        Self::serve(tenant, config, hook)
    }

    fn serve(tenant: &Tenant, config: ServerConfig, hook: Hook) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = tenant.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (simulator, record) = (tenant.simulator.clone(), Arc::clone(&seen));
        tenant.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("it listens");
                let (acceptor, simulator) = (acceptor.clone(), simulator.clone());
                let (record, hook) = (Arc::clone(&record), Arc::clone(&hook));
                tokio::spawn(serve(stream, acceptor, simulator, record, hook));
            }
        });
        Self { address, seen }
    }

    /// `https://127.0.0.1:port`.
    pub(crate) fn root(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The connections so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }
}

/// Serves one connection; a failed handshake ends it.
async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    simulator: Simulator,
    seen: Arc<Mutex<Vec<Seen>>>,
    hook: Hook,
) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let session = stream.get_ref().1;
    let protocol = session.alpn_protocol().unwrap_or_default();
    let protocol = String::from_utf8_lossy(protocol).into_owned();
    let name = session.server_name().map(str::to_owned);
    let is_http2 = protocol == "h2";
    seen.lock().expect("no panic").push(Seen { name, protocol });
    let service = service_fn(move |request: Request<Incoming>| {
        let (simulator, hook) = (simulator.clone(), Arc::clone(&hook));
        async move {
            let path = request.uri().path().to_owned();
            let response = simulator.respond(absolute(request)).await;
            hook(&path);
            Ok::<_, hyper::Error>(response)
        }
    });
    let stream = TokioIo::new(stream);
    // An error ends this connection only.
    if is_http2 {
        let _ = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .serve_connection(stream, service)
            .await;
    } else {
        let _ = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(stream, service)
            .await;
    }
}

/// The request with the whole of its URI, so that the tenant's links lead back here. HTTP/1.1 sends a part of it.
fn absolute(request: Request<Incoming>) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    if let Some(host) = parts.headers.get(HOST) {
        let target = parts.uri.path_and_query().cloned();
        parts.uri = Uri::builder()
            .scheme("https")
            .authority(host.as_bytes())
            .path_and_query(target.unwrap_or(PathAndQuery::from_static("/")))
            .build()
            .expect("a host is an authority");
    }
    Request::from_parts(parts, Body::new(body))
}
