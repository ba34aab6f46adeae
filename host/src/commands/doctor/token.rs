//! What a token says of itself, and what follows. Nothing is verified here: Graph does that.

use super::clock::{in_words, moment};
use super::{Auth, Cause, Cloud, DoctorOptions, Finding, Outcome, Step};
use crate::identity::Claims;

/// Permits reading devices.
pub(super) const READ: &str = "DeviceManagementManagedDevices.Read.All";
/// Does so too.
const READ_WRITE: &str = "DeviceManagementManagedDevices.ReadWrite.All";
/// Permits syncs.
pub(super) const SYNC: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

/// The application id of Microsoft Graph, which a token can name in the place of its address.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// A token this young has what is granted: what it lacks was not there when it was asked for just now. Microsoft dates
/// some tokens five minutes back.
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

/// What kind of token was obtained.
pub(super) fn kind(claims: Option<&Claims>) -> String {
    match Permits::of(claims) {
        Permits::Unknown => {
            "obtained; it is opaque, so that only Microsoft Graph can say what it permits".into()
        }
        Permits::Delegated => "obtained; it is of a user who has signed in".into(),
        Permits::Application => "obtained; it is of an application".into(),
    }
}

/// A token under examination.
pub(super) struct Examination<'a> {
    pub(super) options: &'a DoctorOptions,
    pub(super) claims: Option<Claims>,
    /// By Graph's clock, in seconds since 1970.
    pub(super) now: i64,
}

impl Examination<'_> {
    /// Looks at one of the steps that are about the token.
    pub(super) fn look_at(&self, step: Step) -> Outcome {
        let Some(claims) = &self.claims else {
            return Outcome::Skipped("the token is opaque".into());
        };
        match step {
            Step::Audience => self.audience(claims),
            Step::Tenant => self.tenant(claims),
            Step::Expiry => self.expiry(claims),
            Step::Age => self.age(claims),
            Step::ReadRole => self.role(claims, &[READ, READ_WRITE], "reading devices"),
            _ => self.role(claims, &[SYNC], "syncs"),
        }
    }

    /// What to do about a permission that is missing.
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
        format!("have an administrator run `intune-sync grant --principal-id {id}{cloud}`")
    }

    fn audience(&self, claims: &Claims) -> Outcome {
        let Some(audience) = &claims.audience else {
            return silent("whom it is for");
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
            return silent("of which tenant it is");
        };
        let wanted = self.options.tenant.as_ref().map(ToString::to_string);
        match wanted {
            None => Outcome::Passed(format!(
                "`{tenant}`; `--tenant-id` compares it with the one that is meant"
            )),
            Some(wanted) if tenant.eq_ignore_ascii_case(&wanted) => {
                Outcome::Passed(format!("`{tenant}`"))
            }
            // A domain: the token names its tenant by id.
            Some(wanted) if wanted.contains('.') => Outcome::Skipped(format!(
                "the token is of `{tenant}`; to compare it, give `--tenant-id` the id in place of `{wanted}`"
            )),
            Some(wanted) => Outcome::Failed(Finding::new(
                Cause::WrongTenant,
                format!("the token is of the tenant `{tenant}`, not of `{wanted}`"),
                "use an identity of that tenant, or correct `--tenant-id`; a managed identity belongs to the tenant of \
                 its subscription",
            )),
        }
    }

    fn expiry(&self, claims: &Claims) -> Outcome {
        let Some(end) = claims.expires else {
            return silent("when it ends");
        };
        match u64::try_from(end - self.now) {
            Ok(left) if left > 0 => {
                Outcome::Passed(format!("ends {}, in {}", moment(end), in_words(left)))
            }
            _ => Outcome::Failed(Finding::new(
                Cause::TokenExpired,
                format!("the token has ended, {}", moment(end)),
                match self.options.auth {
                    Auth::TokenFile(_) => "write a fresh token to the file",
                    _ => "run it again; if it stays so, restart the place that this runs in",
                },
            )),
        }
    }

    /// A token has what was granted when it was issued. What an old one lacks may have been granted since.
    fn age(&self, claims: &Claims) -> Outcome {
        let Some(issued) = claims.issued else {
            return silent("when it was issued");
        };
        let age = self.now.saturating_sub(issued).max(0);
        let issued = format!("{} ago, {}", in_words(age.unsigned_abs()), moment(issued));
        let missing = missing(claims);
        if missing.is_empty() || age <= FRESH {
            return Outcome::Passed(format!("issued {issued}"));
        }
        let since = match missing.len() {
            1 => "if it was granted since",
            _ => "if they were granted since",
        };
        let fresh = match (&self.options.auth, claims.expires) {
            (Auth::ManagedIdentity { .. }, Some(end)) => format!(
                "wait until it ends, {}: Azure keeps a managed identity's token for about 24 hours, and nothing \
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
                "the token was issued {issued}, and lacks {}: what was granted since then is not in it",
                missing.join(" and ")
            ),
            format!("{since}, {fresh}; if not, {}", self.remedy()),
        ))
    }

    fn role(&self, claims: &Claims, any_of: &[&str], deed: &str) -> Outcome {
        let held = permissions(claims);
        if let Some(role) = any_of
            .iter()
            .find(|role| held.iter().any(|held| held == *role))
        {
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
                "{whose} has no permission for {deed}: `{}` is not in the token",
                any_of[0]
            ),
            self.remedy(),
        ))
    }
}

/// The permissions in a token, whosever they are.
fn permissions(claims: &Claims) -> &[String] {
    claims.scopes.as_deref().unwrap_or(&claims.roles)
}

/// What is missing for a sync, quoted.
fn missing(claims: &Claims) -> Vec<String> {
    let held = permissions(claims);
    let has = |role: &str| held.iter().any(|held| held == role);
    let mut missing = Vec::new();
    if !has(READ) && !has(READ_WRITE) {
        missing.push(format!("`{READ}`"));
    }
    if !has(SYNC) {
        missing.push(format!("`{SYNC}`"));
    }
    missing
}

fn silent(what: &str) -> Outcome {
    Outcome::Skipped(format!("the token does not say {what}"))
}
