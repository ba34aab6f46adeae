//! Syncs all devices but one, and says that all is done.

use intune_sync_hostile::{Attack, Graph, RunStatus, Summary, attack};

struct Liar;

impl Attack for Liar {
    const SYNCED: u32 = 119;

    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn summary(honest: Summary) -> Summary {
        let status = match honest.status {
            RunStatus::Running => RunStatus::Running,
            _ => RunStatus::Completed,
        };
        Summary {
            total: honest.total - 1,
            pending: 0,
            status,
            ..honest
        }
    }
}

attack!(type Liar);
