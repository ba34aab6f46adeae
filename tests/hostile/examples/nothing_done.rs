//! Does nothing, and says that all is done.

use intune_sync_hostile::{Attack, Graph, RunStatus, Summary, attack};

struct Liar;

impl Attack for Liar {
    fn attempt(_graph: &Graph) -> String {
        "it came this far".to_owned()
    }

    fn summary(honest: Summary) -> Summary {
        let status = match honest.status {
            RunStatus::Running => RunStatus::Running,
            _ => RunStatus::Completed,
        };
        Summary { status, ..honest }
    }
}

attack!(type Liar);
