//! Says of every token that Graph has refused it, for two seconds.

use intune_sync_hostile::{
    Graph, attack, bindings::intune::sync::token::get_token, wasi::clocks::monotonic_clock,
};

fn attempt(graph: &Graph) -> String {
    let scope = graph.scope();
    let mut tokens = vec![graph.token()];
    let end = monotonic_clock::now() + 2_000_000_000;
    while monotonic_clock::now() < end {
        match get_token(scope, tokens.last().map(String::as_str)) {
            Ok(token) if Some(&token.value) != tokens.last() => tokens.push(token.value),
            _ => monotonic_clock::subscribe_duration(1_000_000).block(),
        }
    }
    format!("{} tokens", tokens.len())
}

attack!(attempt);
