//! Says that more devices were synced than there are.

use intune_sync_hostile::{Attack, Graph, Summary, attack};

struct Wrong;

impl Attack for Wrong {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn summary(honest: Summary) -> Summary {
        Summary {
            success: honest.total + 1,
            ..honest
        }
    }
}

attack!(type Wrong);
