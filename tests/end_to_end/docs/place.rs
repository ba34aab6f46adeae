//! Where the commands of a page run: a folder that is their home, a simulated tenant, and stand-ins for what a reader
//! has.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use intune_sync_simulator::{Config, GroupConfig};
use tempfile::TempDir;

use crate::{
    program::write_secret,
    tenant::{Tenant, healthy},
};

/// The object id of the simulated identity.
const OBJECT: &str = "00000000-0000-4000-8000-0000000b0001";
const TENANT: &str = "00000000-0000-4000-8000-00000000beef";
const APP: &str = "00000000-0000-4000-8000-0000000a0001";
const ADMIN: &str = "opaque-token-of-the-administrator";

/// Says, in a page, that its reader has not granted anything yet.
const NO_PERMISSION: &str = "<!-- the identity has no permission yet -->";

/// Where the commands of a page run.
pub(super) struct Place {
    folder: TempDir,
    tenant: Tenant,
    device: String,
}

/// How commands ended.
pub(super) struct Ended {
    pub(super) code: i32,
    /// Both outputs, as a terminal shows them.
    pub(super) output: String,
}

impl Place {
    /// A place for a page with this text.
    pub(super) fn new(page: &str) -> Self {
        let tenant = Tenant::new(config(!page.contains(NO_PERMISSION)));
        let devices = tenant.simulator.devices(None).expect("all of them");
        let device = devices.into_keys().min().expect("there is one");
        let folder = tempfile::tempdir().expect("a folder");
        let place = Self {
            folder,
            tenant,
            device,
        };
        place.furnish();
        place
    }

    /// The files that the pages name, and the programs that they call.
    fn furnish(&self) {
        let home = self.folder.path();
        let device = &self.device;
        let file = |name: &str, text: &str| fs::write(home.join(name), text).expect("written");
        file(
            "devices.csv",
            &format!("Device ID,Device name\n{device},PC\n"),
        );
        write_secret(&home.join("admin.token"), ADMIN);
        fs::create_dir(home.join("bin")).expect("it is new");
        let program = env!("CARGO_BIN_EXE_intune-sync");
        let root = self.tenant.root();
        // An administrator has signed in, and nobody has a minute for the quota.
        self.script(
            "intune-sync",
            &format!(
                r#"case $1 in
grant) shift; set -- grant --graph-url {root} --auth token-file --token-file ~/admin.token "$@" ;;
sync | runs) export INTUNE_SYNC_BATCH_DELAY_SECONDS=0 INTUNE_SYNC_MAX_RATE=1000000 ;;
esac
exec {program} "$@""#
            ),
        );
        self.script(
            "latest-run",
            r#"first() { intune-sync runs list | sed -n '2s/ .*//p'; }
[ -n "$(first)" ] || intune-sync sync --quiet --limit 20 > /dev/null 2>&1
first"#,
        );
        self.script(
            "az",
            &format!(
                r#"exec 3<>/dev/tcp/127.0.0.1/{}
printf 'GET /msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com HTTP/1.0\r\nX-IDENTITY-HEADER: simulator\r\n\r\n' >&3
json=$(sed -e '1,/^\r$/d' -e 's/access_token/accessToken/' -e 's/token_type/tokenType/' <&3)
case "$*" in
*tsv*) sed 's/.*"accessToken":"\([^"]*\)".*/\1/' <<< "$json" ;;
*) echo "$json" ;;
esac"#,
                self.tenant.address.port()
            ),
        );
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.bin().join(name);
        fs::write(&path, format!("#!/bin/bash\n{text}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// Puts a file there, which a page shows: below the home, wherever it is for a reader.
    pub(super) fn file(&self, name: &str, text: &str) {
        let name = name.trim_start_matches(['~', '/']);
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// What the page's words for a reader's own values are here.
    pub(super) fn filled_in(&self, text: &str) -> String {
        let run = match text.contains("RUN") {
            true => self.run("latest-run").output.trim().to_owned(),
            false => String::new(),
        };
        self.fill(text, &run)
    }

    fn fill(&self, text: &str, run: &str) -> String {
        text.replace("TENANT_ID", TENANT)
            .replace("OBJECT_ID", OBJECT)
            .replace("APP_ID", APP)
            .replace("DEVICE_ID", &self.device)
            .replace("RUN", run)
    }

    /// Runs commands in a shell. The first one that fails ends it.
    pub(super) fn run(&self, commands: &str) -> Ended {
        let home = self.folder.path();
        // The latest run is that of the moment at which its command runs.
        let commands = self.fill(commands, "$(latest-run)");
        let output = home.join("output");
        let file = fs::File::create(&output).expect("a file");
        let status = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &commands])
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env(
                "PATH",
                format!("{}:/usr/local/bin:/usr/bin:/bin", self.bin().display()),
            )
            .env("XDG_CACHE_HOME", cache())
            .env("INTUNE_SYNC_GRAPH_URL", self.tenant.root())
            .env(
                "IDENTITY_ENDPOINT",
                format!("{}/msi/token", self.tenant.root()),
            )
            .env("IDENTITY_HEADER", "simulator")
            .stdout(file.try_clone().expect("a file"))
            .stderr(file)
            .status()
            .expect("there is a shell");
        let output = fs::read_to_string(output).expect("it is text");
        Ended {
            code: status.code().unwrap_or(-1),
            output: without_haste(&output),
        }
    }
}

/// The output without the warning of a rate that only tests have.
fn without_haste(output: &str) -> String {
    let mut lines = output.lines();
    let mut kept = String::new();
    while let Some(line) = lines.next() {
        if line.starts_with("warning: `--max-rate 1000000` is above") {
            // And its hint.
            lines.next();
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Where the compiled component is, for all tests.
fn cache() -> PathBuf {
    let of = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = of("XDG_CACHE_HOME").map(PathBuf::from);
    cache.unwrap_or_else(|| Path::new(&of("HOME").unwrap_or_default()).join(".cache"))
}

/// A tenant that has what the pages name.
fn config(has_permissions: bool) -> Config {
    let mut config = healthy(1000);
    config.list.page_size = Config::default().list.page_size;
    config.directory.admin_token = Some(ADMIN.to_owned());
    config.directory.name = "intune-sync-vm".to_owned();
    let group = |id: &str, name: &str, devices, users| GroupConfig {
        id: id.to_owned(),
        name: name.to_owned(),
        devices,
        users,
        ..GroupConfig::default()
    };
    config.groups.groups = vec![
        group(
            "02bd9fd6-8f93-4758-87c3-1fb73740a315",
            "Kiosks",
            0..120,
            500..525,
        ),
        group(
            "4d0ef681-e88f-42a3-a2db-e6bf1e249e10",
            "Branches",
            100..400,
            0..0,
        ),
        group(
            "d9fb0c47-c783-40a1-bce1-53b52ada51fc",
            "Test lab",
            0..4,
            500..501,
        ),
    ];
    match has_permissions {
        true => config
            .tokens
            .roles
            .extend(["GroupMember.Read.All", "Device.Read.All"].map(str::to_owned)),
        false => config.tokens.roles.clear(),
    }
    config
}
