//! `--auth client-certificate`: an app registration that signs assertions with the key of its certificate.

use std::path::Path;

use futures::future::BoxFuture;
use intune_sync_certificate::{CertificateError, ClientCertificate};
use intune_sync_egress::TokenClient;
use intune_sync_identity::{AccessToken, App, ProofKind, TokenError};
use intune_sync_settings::Advice;

use super::{TokenSource, exchange::request_token, now, secret_file::PrivateFile};

/// The largest file with a certificate: it may hold those of its issuers too.
const MOST: usize = 256 << 10;

/// The largest file with a password.
const MOST_OF_PASSWORD: usize = 4 << 10;

/// An app with a certificate in a file. The file is read again for each token: its keeper may put the next certificate
/// there at any time.
pub(crate) struct CertificateApp {
    app: App,
    file: PrivateFile,
    password: Option<PrivateFile>,
    client: TokenClient,
    /// When the certificate that was read first expires.
    expires: String,
}

impl CertificateApp {
    /// An app with the certificate and the key in a file, which the password in another may open.
    ///
    /// # Errors
    ///
    /// Naming the file and what is wrong with it.
    pub(crate) fn open(
        app: App,
        file: &Path,
        password: Option<&Path>,
        client: TokenClient,
    ) -> Result<Self, Advice> {
        let file = PrivateFile::open(file, MOST).map_err(|problem| {
            let hint =
                "give `--client-certificate-file` a file with the certificate and its private key";
            Advice::new(format!("the client certificate in {problem}"), hint)
        })?;
        let password = password.map(|path| {
            PrivateFile::open(path, MOST_OF_PASSWORD).map_err(|problem| unusable_password(&problem))
        });
        let mut app = Self {
            app,
            file,
            password: password.transpose()?,
            client,
            expires: String::new(),
        };
        app.expires = app.certificate()?.expires();
        Ok(app)
    }

    /// Warnings where others can read the files.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = Advice> {
        let password = self.password.as_ref();
        let password = password.and_then(|file| file.warning("certificate's password in"));
        let certificate = self.file.warning("client certificate in");
        certificate.into_iter().chain(password)
    }

    /// The certificate that the file holds now.
    fn certificate(&self) -> Result<ClientCertificate, Advice> {
        let unusable = |error: &CertificateError| {
            let hint = error.hint();
            Advice::new(format!("the file {}", self.file.problem(error)), hint)
        };
        let content = self.file.read().map_err(|problem| {
            Advice::new(
                format!("the client certificate in {problem}"),
                "write it anew",
            )
        })?;
        let password = self.password.as_ref().map(password).transpose()?;
        let certificate = ClientCertificate::read(&content, password.as_deref())
            .map_err(|error| unusable(&error))?;
        certificate
            .check_validity(now())
            .map_err(|error| unusable(&error))?;
        Ok(certificate)
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        let Self { app, client, .. } = self;
        let assertion = self.certificate()?.assertion(app, now());
        let request = app.request(ProofKind::Certificate, &assertion, scope);
        request_token(client, request, &app.endpoint(ProofKind::Certificate)).await
    }
}

impl TokenSource for CertificateApp {
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        _renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self.token(scope))
    }

    fn describe(&self) -> String {
        let Self {
            app, file, expires, ..
        } = self;
        format!(
            "client certificate in {}, which expires on {expires}, {app}",
            file.name()
        )
    }
}

/// The password in a file: a text without the line break that most editors put at its end.
fn password(file: &PrivateFile) -> Result<String, Advice> {
    let bytes = file.read().map_err(|problem| unusable_password(&problem))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| unusable_password(&file.problem("is not UTF-8 text")))?;
    let text = text.trim_start_matches('\u{feff}');
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn unusable_password(problem: &str) -> Advice {
    Advice::new(
        format!("the certificate's password in {problem}"),
        "give `--client-certificate-password-file` a file with the password and nothing else",
    )
}
