//! The addresses that variables name. None has a user name or a password: neither would go anywhere.

use intune_sync_ids::{Quoted, has_user_info};
use intune_sync_settings::Advice;

/// Refuses an address with a user name or a password, which may be a secret: the message does not show it.
///
/// # Errors
///
/// When there is something before its host.
pub(crate) fn expect_no_user_info(variable: &str, address: &str) -> Result<(), Advice> {
    if !has_user_info(address) {
        return Ok(());
    }
    Err(Advice::new(
        format!(
            "`{variable}` is `{}`, which has a user name or a password, and neither is allowed there",
            Quoted::address(address)
        ),
        format!("leave out what is between `://` and `@`, or unset `{variable}`"),
    ))
}
