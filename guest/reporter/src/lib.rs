//! Has the message about a run sent, for the components that run without the program: they import `intune:sync/notify`.
//!
//! A message whose response did not come may have arrived: it is not sent again. Better late than twice.
//!
//! Natively there is only what tests need.
#![cfg(any(test, target_arch = "wasm32"))]

use core::time::Duration;

use intune_sync_graph::retry_after;
use intune_sync_report::{ExitStatus, Notification, Undelivered, not_sent};
use intune_sync_settings::{Advice, Webhook};
use intune_sync_wit::notify::{Message, NotifyError, Refused};

/// How often a message is tried.
const ATTEMPTS: u32 = 3;
/// The wait before the second attempt, doubled before the third.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A webhook that asks for a longer wait gets no second attempt: the caller of the run waits too.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends the message about a run that ended with this status, if one is due.
///
/// # Errors
///
/// When it is not known to have arrived, which changes nothing about the run.
#[cfg(target_arch = "wasm32")]
pub fn report(
    webhook: &Webhook,
    notification: &Notification,
    status: ExitStatus,
) -> Result<(), Advice> {
    use wasi::clocks::{monotonic_clock, wall_clock};

    deliver(
        webhook,
        notification,
        status,
        intune_sync_wit::notify::send,
        || {
            let now = wall_clock::now();
            Duration::new(now.seconds, now.nanoseconds)
        },
        |wait| {
            let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
            monotonic_clock::subscribe_duration(wait).block();
        },
    )
}

/// Does so by `send`, which has a message sent once, `now`, which is the time since 1970, and `sleep`.
fn deliver(
    webhook: &Webhook,
    notification: &Notification,
    status: ExitStatus,
    mut send: impl FnMut(&str, &Message) -> Result<(), NotifyError>,
    now: impl Fn() -> Duration,
    mut sleep: impl FnMut(Duration),
) -> Result<(), Advice> {
    if !webhook.when.is_due(status == ExitStatus::Success) {
        return Ok(());
    }
    let message = notification.message(webhook.format, status, None);
    let address = webhook.address.expose();
    let mut wait = FIRST_WAIT;
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let (advice, pause) = match send(&address, &message) {
            Ok(()) => return Ok(()),
            Err(error) => trouble(webhook, error, now()),
        };
        let pause = pause.map(|named| named.max(wait));
        match pause.filter(|pause| left > 0 && *pause <= LONGEST_WAIT) {
            Some(pause) => sleep(pause),
            None => return Err(advice),
        }
        wait *= 2;
    }
}

/// What is wrong, and how long the webhook asks to wait, if it makes sense to try again. Nothing of the address is
/// shown.
fn trouble(webhook: &Webhook, error: NotifyError, now: Duration) -> (Advice, Option<Duration>) {
    let name = format!("`{}`", webhook.address.origin().authority());
    let shown = |text: String| match webhook.address.is_in(&text) {
        true => String::new(),
        false => text,
    };
    match error {
        NotifyError::Refused(Refused {
            status,
            retry_after,
            message,
        }) => {
            let headers = retry_after.map(|value| ("retry-after".to_owned(), value));
            let named = retry_after::wait(headers.as_slice(), None, now);
            let refused = Undelivered::refused(status, &shown(message));
            let again = refused.passes.then(|| named.unwrap_or_default());
            (refused.advice(&name).by_variables(), again)
        }
        NotifyError::NotSent(why) | NotifyError::NoResponse(why) => {
            let why = match shown(why) {
                why if why.is_empty() => "there is no response".to_owned(),
                why => why,
            };
            let hint = "check that this runtime lets requests out to it";
            (not_sent(&name, &why, hint), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use intune_sync_settings::Variables;

    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw";

    /// What came of a message to a webhook that responds like this, how often it was sent, and the waits between.
    fn sent(
        responses: Vec<Result<(), NotifyError>>,
        status: ExitStatus,
    ) -> (Result<(), Advice>, usize, Vec<u64>) {
        let url = format!("https://hooks.example/T0/{SECRET}");
        let variables = vec![("INTUNE_SYNC_NOTIFY_URL".to_owned(), url.clone())];
        let webhook = Webhook::read(&Variables::new(variables))
            .expect("it is right")
            .expect("it is there");
        let mut left = responses.into_iter();
        let (mut attempts, mut waits) = (0, Vec::new());
        let ended = deliver(
            &webhook,
            &Notification::default(),
            status,
            |target, _| {
                assert_eq!(target, url);
                attempts += 1;
                left.next().expect("no more attempts")
            },
            || Duration::ZERO,
            |wait| waits.push(wait.as_secs()),
        );
        (ended, attempts, waits)
    }

    fn refused(status: u16, retry_after: Option<&str>) -> Result<(), NotifyError> {
        Err(NotifyError::Refused(Refused {
            status,
            retry_after: retry_after.map(str::to_owned),
            message: format!("at {SECRET}"),
        }))
    }

    #[test]
    fn nothing_is_sent_about_a_run_that_went_well() {
        assert_eq!(sent(vec![], ExitStatus::Success), (Ok(()), 0, vec![]));
        let failed = sent(vec![Ok(())], ExitStatus::Failed);
        assert_eq!(failed, (Ok(()), 1, vec![]));
    }

    #[test]
    fn trouble_that_passes_is_tried_again() {
        let responses = vec![refused(429, Some("7")), refused(503, None), Ok(())];
        assert_eq!(sent(responses, ExitStatus::Failed), (Ok(()), 3, vec![7, 2]));
        let (ended, attempts, _) = sent(vec![refused(500, None); 3], ExitStatus::Failed);
        assert_eq!(attempts, 3);
        assert_eq!(
            ended.expect_err("it has failed").message,
            "the message to `hooks.example` was not sent: status 500"
        );
        let (_, attempts, _) = sent(vec![refused(429, Some("3600"))], ExitStatus::Failed);
        assert_eq!(attempts, 1);
    }

    #[test]
    fn what_may_have_arrived_is_not_sent_twice_and_nothing_shows_the_address() {
        let words = format!("no route to {SECRET}");
        for response in [
            Err(NotifyError::NoResponse(words.clone())),
            Err(NotifyError::NotSent(words)),
            refused(404, None),
        ] {
            let (ended, attempts, _) = sent(vec![response], ExitStatus::Failed);
            let Advice { message, hint } = ended.expect_err("it has failed");
            assert_eq!(attempts, 1);
            assert!(
                !message.contains(SECRET) && !hint.contains(SECRET),
                "{message} {hint}"
            );
        }
    }
}
