//! The second sandbox: what sends notifications, one instance for each attempt.

use std::{path::Path, sync::Arc, time::Duration};

use intune_sync_egress::{HttpClient, webhook::Address};
use intune_sync_wit::{
    NotifierPre,
    notify::{Message, NotifyError},
};
use wasmtime::component::Component;

use crate::{
    Execution, SandboxError, compile,
    delivery::{Delivery, Receipt},
    deserialize, embedded,
    limits::{ATTEMPT, GRACE, NOTIFIER_MEMORY, Time},
    linker,
    promise::Promise,
    run::{store, within},
    state::State,
    tick, unfit,
};

/// A compiled component that sends notifications, ready to run.
pub struct Messenger(NotifierPre<State<Delivery>>);

impl Messenger {
    /// The embedded component. Compiled code is kept as that of the engine is.
    ///
    /// # Errors
    ///
    /// When the system does not give what the sandbox needs.
    pub fn built_in(execution: Execution) -> Result<Self, SandboxError> {
        Self::new(&embedded(Promise::Notifier, execution)?)
    }

    /// Compiles the component in a file, as [`Sandbox::compile`](crate::Sandbox::compile) does.
    ///
    /// # Errors
    ///
    /// When there is no such file, it breaks a bound, or it is not a component of this world.
    pub fn compile(file: &Path, execution: Execution) -> Result<Vec<u8>, SandboxError> {
        compile(file, Promise::Notifier, execution)
    }

    /// The component whose compiled code this is.
    ///
    /// # Errors
    ///
    /// When it was compiled elsewhere, or for another execution, or the system does not give what the sandbox needs.
    ///
    /// # Safety
    ///
    /// `compiled` is what [`compile`](Self::compile) returned: it is run as it is.
    pub unsafe fn from_compiled(
        compiled: &[u8],
        execution: Execution,
    ) -> Result<Self, SandboxError> {
        // SAFETY: the caller's.
        let (component, _) = unsafe { deserialize(compiled, execution) }?;
        Self::new(&component)
    }

    fn new(component: &Component) -> Result<Self, SandboxError> {
        let pre = linker::notifier(component).map_err(unfit)?;
        tick(component)?;
        Ok(Self(pre))
    }

    /// Has a new instance send a message to this address, once. The response may take `most` or [`ATTEMPT`],
    /// whichever is shorter.
    ///
    /// What came of it is what the host has seen, and not what the component says.
    ///
    /// # Errors
    ///
    /// When the component tries what it must not; when it sends nothing, or traps or does not come back in time before
    /// there is a response.
    pub async fn send(
        &self,
        message: &Message,
        address: &Address,
        client: HttpClient,
        most: Duration,
    ) -> Result<Receipt, SandboxError> {
        let most = most.min(ATTEMPT);
        let delivery = Arc::new(Delivery::new(address, client, most));
        let state = State::new(Arc::clone(&delivery), NOTIFIER_MEMORY, Time::Real);
        let mut store = store(self.0.engine(), state);
        store.data_mut().deadline = Time::Real.deadline(most);
        let call = async {
            let notifier = self.0.instantiate_async(&mut store).await?;
            let notify = notifier.intune_sync_notify();
            notify
                .call_send(&mut store, &address.expose(), message)
                .await
        };
        let said = within(most + GRACE, &*delivery, call).await;
        match (said, delivery.receipt()) {
            (Err(refused @ SandboxError::Refused(_)), _) => Err(refused),
            // However the component has ended since.
            (_, Some(receipt)) => Ok(receipt),
            (Err(error), None) => Err(error),
            (Ok(Ok(())), None) => Err(unsent("it says that it has")),
            (Ok(Err(NotifyError::NotSent(reason) | NotifyError::NoResponse(reason))), None) => {
                // What it says may be the address.
                Err(unsent(&match address.is_in(&reason) {
                    true => "it gives no reason".to_owned(),
                    false => format!("its reason: {reason}"),
                }))
            }
            (Ok(Err(NotifyError::Refused(_))), None) => Err(unsent("it says that it was refused")),
        }
    }
}

fn unsent(reason: &str) -> SandboxError {
    let mut reason = reason.to_owned();
    crate::border::cut(&mut reason);
    SandboxError::Unsent(reason)
}
