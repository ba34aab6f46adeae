//! An HTTP proxy that knows one host only, whatever it is asked for.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::tenant::Tenant;

/// A proxy whose every tunnel (`CONNECT`) ends at one address.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Runs as long as the tenant.
    pub(crate) fn to(target: SocketAddr, tenant: &Tenant) -> Self {
        let listener = tenant.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        tenant.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("it listens");
                tokio::spawn(tunnel(stream, target, Arc::clone(&record)));
            }
        });
        Self { address, asked }
    }

    /// The value of `HTTPS_PROXY`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked for so far, `host:port`, each once.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().expect("no panic").clone();
        asked.sort();
        asked.dedup();
        asked
    }
}

async fn tunnel(stream: TcpStream, target: SocketAddr, asked: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    let mut line = String::new();
    // The head ends with an empty line.
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 2) {
        if first.is_empty() {
            first.clone_from(&line);
        }
        line.clear();
    }
    let words: Vec<&str> = first.split(' ').collect();
    asked
        .lock()
        .expect("no panic")
        .push(match words.as_slice() {
            ["CONNECT", host, _] => (*host).to_owned(),
            _ => first.trim().to_owned(),
        });
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    let established = b"HTTP/1.1 200 Connection established\r\n\r\n";
    if stream.write_all(established).await.is_ok() {
        let _ = copy_bidirectional(&mut stream, &mut server).await;
    }
}
