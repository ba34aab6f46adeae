//! The checks of a token's claims. Signatures are not verified here: Graph does that.

use intune_sync_graph::roles::{
    ENTRA_DEVICES, GROUP_MEMBERS, MAY_READ_DEVICES, MAY_READ_GROUPS, PRIVILEGED_OPERATIONS as SYNC,
    READ, READ_WRITE,
};
use intune_sync_settings::Advice;

use super::{
    clock::{in_words, moment},
    step::{Cause, Finding, Outcome, Step},
};
use crate::{
    cli::{Auth, Cloud, DoctorOptions},
    commands::groups,
    identity::Claims,
};

/// The application id of Microsoft Graph, which a token can name instead of its address.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// The age in seconds up to which a token holds everything that is granted. Microsoft backdates some tokens by five
/// minutes.
const FRESH: i64 = 10 * 60;

/// Whose permissions a token has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permits {
    /// An application's own: `roles`.
    Application,
    /// A user's, through an application: `scp`.
    Delegated,
    /// The token does not say.
    Unknown,
}

impl Permits {
    pub(super) fn of(claims: Option<&Claims>) -> Self {
        match claims {
            None => Self::Unknown,
            Some(claims) if claims.scopes.is_some() => Self::Delegated,
            Some(_) => Self::Application,
        }
    }
}

/// The kind of token that was obtained.
pub(super) fn kind(claims: Option<&Claims>) -> String {
    match Permits::of(claims) {
        Permits::Unknown => {
            "obtained; it is opaque, so only Microsoft Graph knows what it permits".into()
        }
        Permits::Delegated => "obtained; it belongs to a signed-in user".into(),
        Permits::Application => "obtained; it belongs to an application".into(),
    }
}

/// The checks of a token.
pub(super) struct TokenCheck<'a> {
    pub(super) options: &'a DoctorOptions,
    pub(super) claims: Option<Claims>,
    /// By Graph's clock, in seconds since 1970.
    pub(super) now: i64,
}

impl TokenCheck<'_> {
    /// Makes one of the checks of the token.
    pub(super) fn check(&self, step: Step) -> Outcome {
        let Some(claims) = &self.claims else {
            return Outcome::Skipped("the token is opaque".into());
        };
        match step {
            Step::Audience => self.audience(claims),
            Step::Tenant => self.tenant(claims),
            Step::Expiry => self.expiry(claims),
            Step::Age => self.age(claims),
            Step::ReadRole => self.role(claims, &[READ, READ_WRITE], "reading devices"),
            Step::Groups => self.groups(claims),
            _ => self.role(claims, &[SYNC], "syncs"),
        }
    }

    /// The remedy for a missing permission.
    pub(super) fn remedy(&self) -> String {
        let claims = self.claims.as_ref();
        if claims.is_some_and(|claims| claims.scopes.is_some()) {
            return format!(
                "sign in again with the scopes `{READ}` and `{SYNC}`, or as an application that has them"
            );
        }
        let id = claims
            .and_then(|claims| claims.object.as_deref())
            .unwrap_or("ID");
        let cloud = match self.options.cloud {
            Cloud::Public => String::new(),
            other => format!(" --cloud {other}"),
        };
        format!(
            "have an administrator run `intune-sync grant --principal-id {id}{cloud}`, with `--type application` for an app registration"
        )
    }

    /// The remedy for a missing permission to read who is in a group.
    pub(super) fn remedy_for_groups(&self) -> String {
        groups::remedy(self.claims.as_ref(), self.options.cloud)
    }

    fn audience(&self, claims: &Claims) -> Outcome {
        let Some(audience) = &claims.audience else {
            return silent("its audience");
        };
        let graph = self.options.cloud.graph().to_string();
        let bare = audience.trim_end_matches('/');
        if bare.eq_ignore_ascii_case(&graph) || bare.eq_ignore_ascii_case(GRAPH_APP) {
            return Outcome::Passed(format!("`{audience}`"));
        }
        Outcome::Failed(Finding::new(
            Cause::WrongAudience,
            format!("the token is for `{audience}`, not for `{graph}`"),
            format!(
                "get a token for the resource `{graph}`, or name the tenant's cloud by `--cloud`"
            ),
        ))
    }

    fn tenant(&self, claims: &Claims) -> Outcome {
        let Some(tenant) = &claims.tenant else {
            return silent("its tenant");
        };
        let wanted = self.options.tenant.as_ref().map(ToString::to_string);
        match wanted {
            None => Outcome::Passed(format!(
                "`{tenant}`; `--tenant-id` compares it with the intended one"
            )),
            Some(wanted) if tenant.eq_ignore_ascii_case(&wanted) => {
                Outcome::Passed(format!("`{tenant}`"))
            }
            // A domain: the token names its tenant by id.
            Some(wanted) if wanted.contains('.') => Outcome::Skipped(format!(
                "the token belongs to `{tenant}`; to compare it, give `--tenant-id` the id instead of `{wanted}`"
            )),
            Some(wanted) => Outcome::Failed(Finding::new(
                Cause::WrongTenant,
                format!("the token belongs to the tenant `{tenant}`, not to `{wanted}`"),
                "use an identity of that tenant, or correct `--tenant-id`; a managed identity belongs to the tenant of \
                 its subscription",
            )),
        }
    }

    fn expiry(&self, claims: &Claims) -> Outcome {
        let Some(end) = claims.expires else {
            return silent("when it expires");
        };
        match u64::try_from(end - self.now) {
            Ok(left) if left > 0 => {
                Outcome::Passed(format!("expires {}, in {}", moment(end), in_words(left)))
            }
            _ => Outcome::Failed(Finding::new(
                Cause::TokenExpired,
                format!("the token expired {}", moment(end)),
                match self.options.auth {
                    Auth::TokenFile(_) => "write a fresh token to the file",
                    _ => {
                        "run it again; if that does not help, restart the machine or container that this runs in"
                    }
                },
            )),
        }
    }

    /// A token holds what was granted when it was issued. What an old one lacks may have been granted since.
    fn age(&self, claims: &Claims) -> Outcome {
        let Some(issued) = claims.issued else {
            return silent("when it was issued");
        };
        let age = self.now.saturating_sub(issued).max(0);
        let issued = format!("{} ago, {}", in_words(age.unsigned_abs()), moment(issued));
        let missing = self.missing(claims);
        if missing.is_empty() || age <= FRESH {
            return Outcome::Passed(format!("issued {issued}"));
        }
        let remedy = match missing.as_slice() {
            [only] if only.contains(GROUP_MEMBERS) => self.remedy_for_groups(),
            _ => self.remedy(),
        };
        let since = match missing.len() {
            1 => "if it was granted since",
            _ => "if they were granted since",
        };
        let fresh = match (&self.options.auth, claims.expires) {
            (Auth::ManagedIdentity { .. }, Some(end)) => format!(
                "wait until it expires, {}: Azure keeps a managed identity's token for about 24 hours, and nothing \
                 renews it sooner",
                moment(end)
            ),
            (Auth::TokenFile(_), _) => "write a fresh token to the file".to_owned(),
            (Auth::AzureCli { .. }, _) => {
                "sign in again (`az logout`, then `az login`), since the Azure CLI keeps its tokens"
                    .to_owned()
            }
            _ => "run it again".to_owned(),
        };
        Outcome::Failed(Finding::new(
            Cause::StaleToken,
            format!(
                "the token was issued {issued}, and lacks {}: it does not hold what was granted since then",
                missing.join(" and ")
            ),
            format!("{since}, {fresh}; if not, {remedy}"),
        ))
    }

    /// Whether the token permits reading who is in a group. Devices take another role, which a group of users does not.
    fn groups(&self, claims: &Claims) -> Outcome {
        match self.role(claims, &MAY_READ_GROUPS, "reading who is in a group") {
            Outcome::Passed(role) => Outcome::Passed(match held(claims, &MAY_READ_DEVICES) {
                Some(devices) => format!("{role}, `{devices}`"),
                None => {
                    format!("{role}; `{ENTRA_DEVICES}` is missing, which groups with devices need")
                }
            }),
            Outcome::Failed(finding) => Outcome::failed(
                finding.cause,
                Advice::new(finding.advice.message, self.remedy_for_groups()),
            ),
            other => other,
        }
    }

    /// The permissions for the job that are missing, quoted.
    fn missing(&self, claims: &Claims) -> Vec<String> {
        let mut needed = vec![(READ, &[READ, READ_WRITE][..]), (SYNC, &[SYNC])];
        // Whether the devices in a group may be read shows when they are.
        if !self.options.groups.is_empty() {
            needed.push((GROUP_MEMBERS, &MAY_READ_GROUPS));
        }
        let missing = needed
            .iter()
            .filter(|(_, any_of)| held(claims, any_of).is_none());
        missing.map(|(role, _)| format!("`{role}`")).collect()
    }

    fn role(&self, claims: &Claims, any_of: &[&'static str], action: &str) -> Outcome {
        if let Some(role) = held(claims, any_of) {
            return Outcome::Passed(format!("`{role}`"));
        }
        if let Outcome::Failed(_) = self.age(claims) {
            return Outcome::Blocked(Step::Age);
        }
        let whose = match claims.scopes {
            Some(_) => "the user's sign-in",
            None => "the identity",
        };
        Outcome::Failed(Finding::new(
            Cause::RoleMissing,
            format!(
                "{whose} has no permission for {action}: `{}` is not in the token",
                any_of[0]
            ),
            self.remedy(),
        ))
    }
}

/// The permissions in a token, an application's or a user's.
fn permissions(claims: &Claims) -> &[String] {
    claims.scopes.as_deref().unwrap_or(&claims.roles)
}

/// The first of these permissions that a token has.
fn held(claims: &Claims, any_of: &[&'static str]) -> Option<&'static str> {
    let held = permissions(claims);
    let mut any_of = any_of.iter();
    any_of
        .find(|role| held.iter().any(|held| held == *role))
        .copied()
}

fn silent(what: &str) -> Outcome {
    Outcome::Skipped(format!("the token does not say {what}"))
}
