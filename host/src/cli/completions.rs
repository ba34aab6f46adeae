//! `completions`: for which shell.

use clap::Args;
use clap_complete::Shell;

/// Where each shell looks for them.
pub(super) const INSTALL: &str = "Examples:
  bash        intune-sync completions bash > ~/.local/share/bash-completion/completions/intune-sync
  zsh         intune-sync completions zsh > ~/.zfunc/_intune-sync   (with `fpath+=~/.zfunc` before `compinit`)
  fish        intune-sync completions fish > ~/.config/fish/completions/intune-sync.fish
  PowerShell  intune-sync completions powershell | Out-String | Invoke-Expression   (in $PROFILE)";

/// `completions`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}
