//! The component's own export.

mod response;
mod run;
mod sink;

use intune_sync_settings::{Advice, Environment, Variables, Webhook};
use intune_sync_wit::Purpose;
use wasi::{
    cli::environment,
    exports::http::incoming_handler::Guest,
    http::types::{IncomingRequest, Method, ResponseOutparam},
};

use self::run::Run;
use crate::{BODY_MAX, Refusal, Route, admit, may_run, narrow, page, read};

struct Component;

wasi::http::proxy::export!(Component);

impl Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let method = match request.method() {
            Method::Get | Method::Head => "GET".to_owned(),
            Method::Post => "POST".to_owned(),
            other => format!("{other:?}"),
        };
        let target = request.path_with_query().unwrap_or_default();
        match Route::find(&method, &target) {
            Ok(Route::Page) => response::text(out, 200, "text/html; charset=utf-8", &page(), None),
            Ok(Route::Health) => {
                response::text(out, 200, "application/json", "{\"Status\":\"ok\"}\n", None);
            }
            Ok(Route::Run(purpose)) => {
                let variables = Variables::new(environment::get_environment());
                match prepare(&variables, &request, purpose) {
                    Ok(run) => run.respond(out),
                    Err(refusal) => response::refusal(out, &refusal, None),
                }
            }
            Err((refusal, allowed)) => response::refusal(out, &refusal, allowed),
        }
    }
}

/// A run that is permitted; nothing has been sent yet.
fn prepare(
    variables: &Variables,
    request: &IncomingRequest,
    purpose: Purpose,
) -> Result<Run, Refusal> {
    let headers = request.headers();
    admit(variables, &headers.get("authorization"))?;
    let length = headers.get("content-length");
    drop(headers);
    let announced = length
        .first()
        .and_then(|length| str::from_utf8(length).ok()?.trim().parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_MAX as u64) {
        return Err(response::too_large());
    }
    let requested = read(&response::body(request)?)?;
    let operator = Environment::read(variables)
        .map_err(|Advice { message, hint }| Refusal::new(500, message, hint))?;
    let given = narrow(&operator.given, requested)?;
    may_run(&given, &operator.given, purpose)?;
    let webhook = Webhook::read(variables)
        .map_err(|Advice { message, hint }| Refusal::new(500, message, hint))?;
    Run::start(&given, &operator, webhook, purpose)
}
