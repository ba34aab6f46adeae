//! Wipes a device when all seems over, and says that all went well.

use core::cell::Cell;

use intune_sync_hostile::{Attack, Call, DEVICES, Graph, Standing, Summary, attack};

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
        if honest.standing != Standing::Running {
            WIPE.take().map(Call::outcome);
        }
        Summary {
            standing: Standing::Completed,
            ..honest
        }
    }
}

attack!(type Late);
