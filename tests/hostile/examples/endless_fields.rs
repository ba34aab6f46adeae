//! Makes the host hold headers without end.

use intune_sync_hostile::{Graph, attack, wasi::http::types::Fields};

fn attempt(_graph: &Graph) -> String {
    let header = ("x".to_owned(), vec![b'x'; 120 << 10]);
    let mut taken = Vec::new();
    loop {
        match Fields::from_list(core::slice::from_ref(&header)) {
            Ok(fields) => taken.push(fields),
            Err(error) => return format!("{} were taken: {error}", taken.len()),
        }
    }
}

attack!(attempt);
