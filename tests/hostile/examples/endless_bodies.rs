//! Makes the host hold bodies without end that it never sends.

use intune_sync_hostile::{
    Graph, attack,
    wasi::http::types::{Fields, OutgoingRequest},
};

fn attempt(_graph: &Graph) -> String {
    let mut taken = Vec::new();
    loop {
        let request = OutgoingRequest::new(Fields::new());
        let body = request.body().expect("it is taken once");
        let stream = body.write().expect("it is taken once");
        while let Ok(room @ 1..) = stream.check_write() {
            let part = vec![b'x'; usize::try_from(room).unwrap_or(usize::MAX).min(2 << 20)];
            if stream.write(&part).is_err() {
                break;
            }
        }
        taken.push((request, body, stream));
    }
}

attack!(attempt);
