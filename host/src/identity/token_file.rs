//! `--auth token-file`: a token that someone else obtains and keeps fresh in a file.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use intune_sync_settings::Advice;

use super::{AccessToken, Secret, TokenError, TokenSource, secret_file::SecretFile, until};

/// How long a token is taken to last that does not say so itself.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// A file with a bearer token in it, read again whenever a token is needed.
pub(crate) struct TokenFile {
    file: SecretFile,
    /// The token returned last: the one that Graph has refused when a renewal is requested.
    returned: Mutex<Option<Secret>>,
}

impl TokenFile {
    /// Checks that the file can be read and holds what can be a token.
    ///
    /// # Errors
    /// Naming the file and what is wrong with it. Whether the token has expired is not looked at here.
    pub(crate) fn open(path: &Path) -> Result<Self, Advice> {
        Ok(Self {
            file: SecretFile::open(path).map_err(|problem| unusable(&problem))?,
            returned: Mutex::default(),
        })
    }

    /// A warning where others can read the file.
    pub(crate) fn warning(&self) -> Option<Advice> {
        self.file.warning("token file")
    }

    fn token(&self, renew: bool) -> Result<AccessToken, TokenError> {
        let path = self.file.name();
        let secret = self.file.read().map_err(|problem| unusable(&problem))?;
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        if renew && returned.as_ref() == Some(&secret) {
            return Err(TokenError::denied(
                format!("the token in {path} was refused by Graph"),
                "write a fresh token for Graph to the file, or use `--auth managed-identity`",
            ));
        }
        let lifetime = match secret.claims().and_then(|claims| claims.expires) {
            Some(at) => until(at),
            None => UNKNOWN_LIFETIME,
        };
        *returned = Some(secret.clone());
        AccessToken::new(secret, lifetime).map_err(|problem| {
            TokenError::denied(
                format!("the token in {path} {problem}"),
                "write a fresh token to the file, and check the clock of this machine",
            )
        })
    }
}

impl TokenSource for TokenFile {
    fn fetch<'a>(
        &'a self,
        _scope: &'a str,
        renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        // A file of a few kilobytes: not worth a thread.
        Box::pin(async move { self.token(renew) })
    }

    fn describe(&self) -> String {
        format!("token file {}", self.file.name())
    }
}

fn unusable(problem: &str) -> Advice {
    Advice::new(
        format!("the token file {problem}"),
        "give `--token-file` a file that holds one bearer token and nothing else, as ASCII text",
    )
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        path::PathBuf,
        sync::Arc,
        time::{SystemTime, UNIX_EPOCH},
    };

    use data_encoding::BASE64URL_NOPAD;
    use intune_sync_identity::{MAX_TOKEN_BYTES, TokenErrorKind};

    use super::*;

    fn file(content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("graph.token");
        std::fs::write(&path, content).expect("written");
        (folder, path)
    }

    fn token_ending_in(seconds: i64) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let payload = format!(r#"{{"exp":{}}}"#, now.cast_signed() + seconds);
        format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(payload.as_bytes()))
    }

    #[test]
    fn bad_files_are_named_with_what_is_wrong() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "is empty"),
            (b" \r\n\t\n", "is empty"),
            (b"Bearer abc", "contains a space or line break"),
            (b"abc\ndef", "contains a space or line break"),
            (
                "t\u{f6}ken".as_bytes(),
                "contains characters that are not visible ASCII",
            ),
            (b"\xff\xfea\0b\0", "is not ASCII text"),
            (&[b'a'; MAX_TOKEN_BYTES + 1], "is larger than 16 KiB"),
        ];
        for (content, problem) in cases {
            let (_folder, path) = file(content);
            let error = TokenFile::open(&path).err().expect("refused");
            assert_eq!(
                error.message,
                format!("the token file `{}` {problem}", path.display())
            );
            assert!(error.hint.contains("--token-file"));
        }
        let (folder, path) = file("abc");
        let missing = path.with_file_name("missing");
        for path in [missing.as_path(), folder.path()] {
            let error = TokenFile::open(path).err().expect("refused");
            assert!(
                error
                    .message
                    .contains(&format!("`{}` cannot be read: ", path.display())),
                "{error}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn space_around_the_token_is_no_part_of_it() {
        let (_folder, path) = file("\u{feff}  abc.def \r\n");
        let token = TokenFile::open(&path)
            .expect("a token")
            .fetch("scope", false)
            .await
            .expect("a token");
        assert_eq!(token.secret, Secret::parse("abc.def").expect("valid"));
        assert_eq!(token.lifetime(), UNKNOWN_LIFETIME);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_comes_from_the_token() {
        let (_folder, path) = file(token_ending_in(600));
        let token = TokenFile::open(&path)
            .expect("a token")
            .fetch("scope", false)
            .await
            .expect("a token");
        let left = token.lifetime();
        assert!(
            left <= Duration::from_secs(600) && left > Duration::from_secs(300),
            "{left:?}"
        );
    }

    #[tokio::test]
    async fn an_expired_token_is_denied() {
        let (_folder, path) = file(token_ending_in(-1));
        let error = TokenFile::open(&path)
            .expect("a token")
            .fetch("scope", false)
            .await
            .expect_err("expired");
        assert_eq!(error.kind, TokenErrorKind::Denied);
        assert_eq!(
            error.message,
            format!("the token in `{}` has expired already", path.display())
        );
    }

    #[tokio::test]
    async fn a_renewal_wants_another_token_in_the_file() {
        let (_folder, path) = file("first");
        let source = TokenFile::open(&path).expect("a token");
        source.fetch("scope", false).await.expect("a token");
        let error = source.fetch("scope", true).await.expect_err("the same");
        assert_eq!(error.kind, TokenErrorKind::Denied);
        assert_eq!(
            error.message,
            format!("the token in `{}` was refused by Graph", path.display())
        );
        std::fs::write(&path, "second\n").expect("written");
        let token = source.fetch("scope", true).await.expect("another");
        assert_eq!(token.secret, Secret::parse("second").expect("valid"));
    }

    /// Whatever keeps the file fresh, a run of three hours on virtual time goes on with tokens of an hour each.
    #[tokio::test(start_paused = true)]
    async fn a_run_of_three_hours_outlives_its_tokens() {
        let (_folder, path) = file("token-0");
        let source = Arc::new(TokenFile::open(&path).expect("a token"));
        let runtime = tokio::runtime::Handle::current();
        let cache = intune_sync_egress::TokenCache::new(source, "scope".to_owned(), &runtime);
        cache.first().await.expect("a token");
        let mut seen = BTreeSet::new();
        for minutes in 0..180 {
            std::fs::write(&path, format!("token-{minutes}")).expect("written");
            tokio::time::sleep(Duration::from_secs(60)).await;
            let surrogate = cache.get(None).expect("a token at any time");
            assert!(!surrogate.lifetime.is_zero());
            seen.insert(surrogate.value);
        }
        // At the start, and whenever four fifths of an hour are over.
        assert_eq!(seen.len(), 4);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_is_read_once() {
        use std::os::fd::AsRawFd;

        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        std::io::Write::write_all(&mut writer, b"piped\n").expect("written");
        drop(writer);
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        let source = TokenFile::open(&path).expect("a token");
        for _ in 0..2 {
            let token = source.fetch("scope", false).await.expect("a token");
            assert_eq!(token.secret, Secret::parse("piped").expect("valid"));
        }
    }
}
