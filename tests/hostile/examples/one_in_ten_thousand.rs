//! Does everything right but for one device in ten thousand, which it reports as synced and has not sent.

use core::cell::Cell;

use intune_sync_hostile::{
    Attack, BATCH, Event, Graph, Outcome, RunStatus, Summary, attack, device_done, planned,
};

/// The one.
const NEVER_SENT: usize = 7_777;

thread_local! {
    static DEVICES: Cell<u32> = const { Cell::new(0) };
}

struct Liar;

impl Attack for Liar {
    fn attempt(graph: &Graph) -> String {
        let mut devices = graph.all_devices();
        DEVICES.set(u32::try_from(devices.len()).unwrap_or(u32::MAX));
        devices.remove(NEVER_SENT);
        for devices in devices.chunks(20) {
            let item = |(id, device): (usize, &String)| {
                let url = format!("/deviceManagement/managedDevices/{device}/syncDevice");
                format!(r#"{{"id":"{id}","method":"POST","url":"{url}"}}"#)
            };
            let items: Vec<String> = devices.iter().enumerate().map(item).collect();
            let body = format!(r#"{{"requests":[{}]}}"#, items.join(","));
            let response = graph.post(BATCH).body(body).send();
            assert_eq!(response.map(|response| response.status), Ok(200));
        }
        "all is done".to_owned()
    }

    fn report(graph: &Graph) -> Vec<Event> {
        let mut events = vec![planned(DEVICES.get(), &[])];
        let devices = graph.all_devices().into_iter();
        events.extend(devices.map(|device| device_done(&device, Outcome::Accepted)));
        events
    }

    fn summary(honest: Summary) -> Summary {
        let status = match honest.status {
            RunStatus::Running => RunStatus::Running,
            _ => RunStatus::Completed,
        };
        Summary {
            total: DEVICES.get(),
            success: DEVICES.get(),
            status,
            ..honest
        }
    }
}

attack!(type Liar);
