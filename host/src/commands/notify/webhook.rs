//! The webhook that gets messages: its address, and how messages to it are written.

use intune_sync_egress::webhook::Address;
use intune_sync_settings::{NOTIFY_URL, format_of, variable, webhook_address};
use intune_sync_wit::notify::Format;

use crate::{
    cli::WebhookOptions,
    commands::Failure,
    identity::{Environment, SecretFile},
    printer::Printer,
};

/// A webhook.
pub(crate) struct Webhook {
    pub(super) address: Address,
    format: Format,
}

impl Webhook {
    /// The webhook whose address is in the file that the options name, or else in the variable; `None` where there is
    /// neither. Warns where others can read the file.
    ///
    /// # Errors
    ///
    /// Wrong usage, when the file cannot be read, or what is in it is not an address. Nothing of that is shown.
    pub(crate) fn open(
        options: &WebhookOptions,
        environment: &Environment,
        printer: &mut Printer,
    ) -> Result<Option<Self>, Failure> {
        let variable = variable(NOTIFY_URL);
        let address = match (&options.file, environment.get(&variable)) {
            (Some(path), _) => {
                let unusable = |problem: String| {
                    Failure::usage(
                        format!("the address of the webhook in {problem}"),
                        "`--notify-url-file` takes a file with the address of a webhook and nothing else",
                    )
                };
                let file = SecretFile::open(path).map_err(unusable)?;
                if let Some(warning) = file.warning("file with the webhook's address") {
                    printer.warning(&warning);
                }
                let secret = file.read().map_err(unusable)?;
                webhook_address(&file.name(), secret.expose())
            }
            (None, Some(value)) => webhook_address(&format!("`{variable}`"), value),
            (None, None) => return Ok(None),
        };
        let address = address.map_err(Failure::from_usage)?;
        Ok(Some(Self::at(address, options.format)))
    }

    fn at(address: Address, format: Option<Format>) -> Self {
        let format = format.unwrap_or_else(|| format_of(&address.origin().host()));
        Self { address, format }
    }

    /// How messages are written.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// What it is called in messages: its host, which is not secret.
    pub(crate) fn name(&self) -> String {
        format!("`{}`", self.address.origin().authority())
    }

    /// Its address.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }
}

/// There is no webhook, where `what` needs one.
pub(super) fn missing(what: &str) -> Failure {
    Failure::usage(
        format!("{what} needs the address of a webhook"),
        "give `--notify-url-file` a file with it, or set `INTUNE_SYNC_NOTIFY_URL`",
    )
}
