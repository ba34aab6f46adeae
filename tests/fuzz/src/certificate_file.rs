//! The reader of a file with a certificate and its key: PEM, or PFX with the password of the test files.

use intune_sync_certificate::ClientCertificate;

/// Takes a file if it holds a certificate with its key. What is wrong with one that it refuses is a sentence on one
/// line.
pub(crate) fn run(input: &[u8]) -> bool {
    let taken = [None, Some("a päss word")].map(|password| {
        match ClientCertificate::read(input, password) {
            Ok(certificate) => {
                assert_eq!(certificate.expires().len(), "2026-11-26".len());
                true
            }
            Err(error) => {
                let text = format!("{error} {}", error.hint());
                assert!(!text.contains(char::is_control), "{text:?}");
                false
            }
        }
    });
    taken.contains(&true)
}
