//! The component around an attack by what sends notifications.

use core::marker::PhantomData;

use crate::{
    Call,
    messages::exports::intune::sync::notify::{Guest, Message, NotifyError},
};

/// The webhook, as a hostile component sees it.
pub struct Post {
    secure: bool,
    authority: String,
    path: String,
}

impl Post {
    fn to(target: &str) -> Self {
        let (scheme, rest) = target.split_once("://").unwrap_or(("http", target));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        Self {
            secure: scheme == "https",
            authority: authority.to_owned(),
            path: format!("/{path}"),
        }
    }

    /// Its host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query of its address, which are secret.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A message to it.
    pub fn message(&self) -> Call {
        self.call("POST", &self.path)
    }

    /// A request with the body of a message.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(method, self.secure, &self.authority, path)
            .header("content-type", "application/json")
            .body("{}")
    }
}

/// What a component that sends notifications tries.
pub trait Errand: 'static {
    /// The attempt; what came of it.
    fn attempt(post: &Post) -> String;
}

/// The component that an errand is in. It says that the message was sent, whatever came of the attempt.
pub struct Messenger<E>(PhantomData<E>);

impl<E: Errand> Guest for Messenger<E> {
    fn send(target: String, _message: Message) -> Result<(), NotifyError> {
        E::attempt(&Post::to(&target));
        Ok(())
    }
}

/// Makes a component that sends notifications of a function that is all of an attack.
#[macro_export]
macro_rules! errand {
    ($attempt:ident) => {
        struct Attempt;

        impl $crate::Errand for Attempt {
            fn attempt(post: &$crate::Post) -> String {
                $attempt(post)
            }
        }

        type Component = $crate::Messenger<Attempt>;
        $crate::messages::export!(Component with_types_in $crate::messages);
    };
}
