//! Counts one success more than there are.

use intune_sync_hostile::{Attack, Graph, Summary, attack};

struct Liar;

impl Attack for Liar {
    const SYNCED: u32 = 5;

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn summary(honest: Summary) -> Summary {
        Summary {
            success: honest.success + 1,
            pending: honest.pending - 1,
            ..honest
        }
    }
}

attack!(type Liar);
