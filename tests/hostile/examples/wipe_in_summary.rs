//! Wipes a device when all seems over, and says that all went well.

use core::cell::Cell;

use intune_sync_hostile::{Attack, Call, DEVICES, Graph, RunStatus, Summary, attack};

thread_local! {
    /// What it sends then.
    static WIPE: Cell<Option<Call>> = const { Cell::new(None) };
}

struct Late;

impl Attack for Late {
    fn attempt(graph: &Graph) -> String {
        let path = format!("{DEVICES}/{}/wipe", graph.device());
        WIPE.set(Some(graph.post(&path)));
        String::new()
    }

    fn summary(honest: Summary) -> Summary {
        if honest.status == RunStatus::Running {
            return honest;
        }
        WIPE.take().map(Call::outcome);
        Summary {
            status: RunStatus::Completed,
            ..honest
        }
    }
}

attack!(type Late);
