//! Names the action twice, once with an escape in the key, which only a decoded comparison finds.

use intune_sync_hostile::{EXECUTE_ACTION, Graph, attack};

fn attempt(graph: &Graph) -> String {
    let names = r#""actionName":"syncDevice","\u0061ctionName":"wipe""#;
    let body = format!(r#"{{{names},"deviceIds":["{}"]}}"#, graph.device());
    graph.post(EXECUTE_ACTION).body(body).outcome()
}

attack!(attempt);
