//! The random texts that represent tokens in the sandbox.

use std::collections::VecDeque;

use intune_sync_identity::{Secret, TokenId};

use crate::{credential::Authorization, random};

/// How many tokens are known: the current one and the last few that were replaced.
const REMEMBERED: usize = 5;

/// The surrogates of the current token and its predecessors, the newest first.
#[derive(Default)]
pub(super) struct Surrogates(VecDeque<Named>);

struct Named {
    token: TokenId,
    authorization: Authorization,
    surrogate: String,
}

impl Surrogates {
    /// Gives a token a surrogate, unless it has one.
    pub(super) fn name(&mut self, token: TokenId, secret: &Secret) {
        if self.of(token).is_some() {
            return;
        }
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front(Named {
            token,
            authorization: Authorization::new(secret.bearer()),
            surrogate: format!("surrogate-{:032x}", random::bits()),
        });
    }

    /// The surrogate of a token.
    pub(super) fn of(&self, token: TokenId) -> Option<&str> {
        let named = self.0.iter().find(|named| named.token == token)?;
        Some(&named.surrogate)
    }

    /// The token of a surrogate.
    pub(super) fn token(&self, surrogate: &str) -> Option<TokenId> {
        self.find(surrogate).map(|named| named.token)
    }

    /// What goes into `Authorization` for the token of a surrogate.
    pub(super) fn reveal(&self, surrogate: &str) -> Option<Authorization> {
        let named = self.find(surrogate)?;
        Some(named.authorization.clone())
    }

    fn find(&self, surrogate: &str) -> Option<&Named> {
        self.0.iter().find(|named| named.surrogate == surrogate)
    }
}
