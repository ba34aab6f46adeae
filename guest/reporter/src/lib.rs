//! Has the message about a run sent, for the components that run without the program: they import `intune:sync/notify`.
//!
//! A message whose response did not come may have arrived: it is not sent again. Better late than twice.

use core::time::Duration;

use intune_sync_report::{ExitStatus, Notification, Undelivered, not_sent};
use intune_sync_settings::{Advice, Webhook};
use intune_sync_wit::notify::{Message, NotifyError, Refused};

/// How often a message is tried.
const ATTEMPTS: u32 = 3;
/// The wait before the second attempt, doubled before the third.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A webhook that asks for a longer wait gets no second attempt: the caller of the run waits too.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends the message about a run that ended with this status, if one is due. `problem` is why it did not begin, if it did
/// not. `send` has a message sent once, and `sleep` waits.
///
/// # Errors
///
/// When it is not known to have arrived, which changes nothing about the run.
pub fn report(
    webhook: &Webhook,
    notification: &Notification,
    status: ExitStatus,
    problem: Option<&Advice>,
    mut send: impl FnMut(&str, &Message) -> Result<(), NotifyError>,
    mut sleep: impl FnMut(Duration),
) -> Result<(), Advice> {
    if !webhook.when.is_due(status == ExitStatus::Success) {
        return Ok(());
    }
    let name = format!("`{}`", webhook.address.origin().authority());
    let message = notification.message(webhook.format, status, problem);
    let address = webhook.address.expose();
    let mut wait = FIRST_WAIT;
    for attempt in 1.. {
        let refused = match send(&address, &message) {
            Ok(()) => return Ok(()),
            Err(NotifyError::Refused(refused)) => refused,
            Err(NotifyError::NotSent(why) | NotifyError::NoResponse(why)) => {
                // The runtime's own words, which may have the address in them.
                let why = match webhook.address.is_in(&why) {
                    true => "there was no response".to_owned(),
                    false => why,
                };
                let hint = "check that this runtime lets requests out to it";
                return Err(not_sent(&name, &why, hint));
            }
        };
        let named = named_wait(&refused);
        let Refused {
            status, message, ..
        } = refused;
        let line = match webhook.address.is_in(&message) {
            true => "",
            false => &message,
        };
        let undelivered = Undelivered::refused(status, line);
        let pause = named.unwrap_or_default().max(wait);
        if !undelivered.passes || attempt == ATTEMPTS || pause > LONGEST_WAIT {
            return Err(undelivered.advice(&name).by_variables());
        }
        sleep(pause);
        wait *= 2;
    }
    Ok(())
}

/// The seconds that a response asks to wait. Of a date nothing is read: a webhook names seconds.
fn named_wait(refused: &Refused) -> Option<Duration> {
    let seconds = refused.retry_after.as_ref()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
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
        let ended = report(
            &webhook,
            &Notification::default(),
            status,
            None,
            |target, _| {
                assert_eq!(target, url);
                attempts += 1;
                left.next().expect("no more attempts")
            },
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
