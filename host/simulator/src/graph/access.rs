//! Whether a request's token is accepted, and permits it.

use crate::{
    config::Approval,
    entra::tokens::TokenProblem,
    graph::{
        error::{APPROVAL_CODE_HEADER, APPROVAL_HEADER, GraphError},
        exchange::Exchange,
    },
};

const READ: &str = "DeviceManagementManagedDevices.Read.All";
const READ_WRITE: &str = "DeviceManagementManagedDevices.ReadWrite.All";
const PRIVILEGED: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

/// Checks the value of the `Authorization` header, and sets the exchange's caller.
pub(crate) fn authenticate(
    exchange: &mut Exchange<'_>,
    authorization: Option<&str>,
) -> Result<(), GraphError> {
    let writes = exchange.state.ledger.writes;
    let tokens = &mut exchange.state.tokens;
    exchange.caller = tokens.check(authorization, exchange.now, writes)?;
    Ok(())
}

/// Checks that the caller may list devices.
pub(crate) fn may_list(exchange: &Exchange<'_>) -> Result<(), GraphError> {
    if exchange.caller.has(READ) || exchange.caller.has(READ_WRITE) {
        return Ok(());
    }
    Err(missing_role(&format!("{READ}, {READ_WRITE}")))
}

/// Checks that the caller may sync devices.
pub(crate) fn may_sync(exchange: &Exchange<'_>) -> Result<(), GraphError> {
    let config = &exchange.config.tokens;
    let lost = config
        .role_lost_after_writes
        .is_some_and(|after| after <= exchange.state.ledger.writes);
    if lost || !exchange.caller.has(PRIVILEGED) {
        return Err(missing_role(PRIVILEGED));
    }
    let required = format!(
        "This action is protected by Multi Admin Approval: a request must carry the header {APPROVAL_HEADER}"
    );
    let (status, code, message, header) = match config.approval {
        None => return Ok(()),
        Some(Approval::BadRequest) => (400, "BadRequest", required, APPROVAL_HEADER),
        Some(Approval::Forbidden) => (403, "Forbidden", required, APPROVAL_HEADER),
        Some(Approval::Pending) => (
            412,
            "PreconditionFailed",
            "The request is pending.".to_owned(),
            APPROVAL_CODE_HEADER,
        ),
    };
    Err(GraphError {
        approval_header: Some(header),
        ..GraphError::new(status, code, message)
    })
}

/// Checks that the caller has one of the roles that permit a request to the directory.
pub(crate) fn may_use_directory(exchange: &Exchange<'_>, roles: &[&str]) -> Result<(), GraphError> {
    if roles.iter().any(|role| exchange.caller.has(role)) {
        return Ok(());
    }
    Err(GraphError::new(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    ))
}

/// The app has none of the roles that would do.
fn missing_role(roles: &str) -> GraphError {
    let message = format!(
        "Application is not authorized to perform this operation. Application must have one of the following \
         scopes: {roles}"
    );
    GraphError::new(403, "Forbidden", message)
}

impl From<TokenProblem> for GraphError {
    fn from(problem: TokenProblem) -> Self {
        let message = match problem {
            TokenProblem::Missing => "Access token is empty.",
            TokenProblem::NoneAccepted => "Access token validation failure.",
            TokenProblem::Unknown => "Access token validation failure. Invalid audience.",
            TokenProblem::Expired => "Lifetime validation failed, the token is expired.",
            TokenProblem::Revoked => {
                "Continuous access evaluation resulted in challenge: the token is revoked."
            }
        };
        Self::new(401, "InvalidAuthenticationToken", message)
    }
}
