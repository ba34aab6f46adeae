//! The simulator on a socket.

use std::io;

use intune_sync_simulator::{FaultsConfig, Share, Simulator, Statistics, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::client::{TOKEN, config};

/// A served simulator and a connection to it.
async fn connect(simulator: &Simulator) -> io::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(simulator.clone(), listener));
    TcpStream::connect(address).await
}

/// Sends a request without a body, and reads to the end of the response's body; empty if the connection was closed.
async fn exchange(
    stream: &mut TcpStream,
    method: &str,
    path: &str,
) -> io::Result<(String, Vec<u8>)> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok((String::new(), response));
        }
        response.extend(byte);
    }
    let head = String::from_utf8_lossy(&response).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
    stream.read_exact(&mut body).await?;
    Ok((head, body))
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() -> io::Result<()> {
    let simulator = Simulator::new(config(10));
    let mut stream = connect(&simulator).await?;
    let id = simulator.device_id(0).expect("there is one");
    let path = format!("/v1.0/deviceManagement/managedDevices/{id}/syncDevice");
    let (head, _) = exchange(&mut stream, "POST", &path).await?;
    assert!(head.starts_with("HTTP/1.1 204"), "{head}");
    assert_eq!(head.matches("date: ").count(), 1);
    let (_, body) = exchange(&mut stream, "GET", "/_simulator/statistics").await?;
    let statistics: Statistics =
        serde_json::from_slice(&body).expect("statistics are read as they are written");
    assert_eq!(statistics, simulator.statistics());
    assert_eq!(statistics.syncs_accepted, 1);
    let (_, body) = exchange(&mut stream, "GET", "/_simulator/devices?outcome=synced").await?;
    assert_eq!(String::from_utf8_lossy(&body), format!("{{\"{id}\":1}}"));
    let (head, _) = exchange(&mut stream, "GET", "/_simulator/devices?outcome=nonsense").await?;
    assert!(head.starts_with("HTTP/1.1 404"));
    Ok(())
}

#[tokio::test]
async fn a_dropped_connection_is_closed_without_a_response() -> io::Result<()> {
    let mut config = config(10);
    config.faults = FaultsConfig {
        drop_after: Share::ALL,
        ..FaultsConfig::default()
    };
    let simulator = Simulator::new(config);
    let mut stream = connect(&simulator).await?;
    let response = exchange(&mut stream, "GET", "/v1.0/deviceManagement/managedDevices").await?;
    assert_eq!(response, (String::new(), Vec::new()));
    Ok(())
}
