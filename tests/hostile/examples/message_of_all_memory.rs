//! Takes all the memory that there is.

use intune_sync_hostile::{Post, errand};

fn attempt(post: &Post) -> String {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![u8::try_from(post.path().len()).unwrap_or(1); 1 << 20]);
        core::hint::black_box(&taken);
    }
}

errand!(attempt);
