//! The arguments: flags of `intune-sync sync`, each also a variable.

use intune_sync_settings::{
    Advice, Choice, Environment, Given, Group, OUTPUT, Setting, Shape, Variables, Webhook,
    by_variables, choice,
};
use intune_sync_wit::Purpose;

/// What `--help` shows.
#[must_use]
pub fn help() -> String {
    let mut help = "\
Request a sync of every Intune device of a tenant, or of those selected

Usage: intune-sync-job [sync | plan] [--KEY VALUE | --KEY=VALUE]...
"
    .to_owned();
    let mut heading = "";
    for setting in Setting::of_component() {
        if setting.group.heading() != heading {
            heading = setting.group.heading();
            help += &format!("\n{heading}:\n");
        }
        help += &entry(setting);
    }
    let format: Vec<&str> = Format::WORDS.iter().map(|(word, ..)| *word).collect();
    help += &format!("\nOutput:\n  --{OUTPUT} {}\n", format.join("|"));
    help += "\nEach can also be a variable, `INTUNE_SYNC_` and the key in capitals. By variables only:\n";
    for setting in Setting::all() {
        if matches!(
            setting.group,
            Group::Graph | Group::Identity | Group::Notification
        ) {
            let text = by_variables(setting.help);
            help += &format!("  {}\n      {text}\n", setting.variable());
        }
    }
    help + "\nThe exit status is 0 when every device that can sync was sent one, else 1.\n"
}

/// A setting in the help text: its flag, what it does, and its default.
fn entry(setting: &Setting) -> String {
    let words: Vec<&str> = setting.words().iter().map(|(word, _)| *word).collect();
    let value = match setting.shape() {
        Shape::Switch => String::new(),
        _ if words.is_empty() => format!(" {}", setting.value_name),
        _ => format!(" {}", words.join("|")),
    };
    let default = setting
        .default
        .map_or_else(String::new, |default| format!(" [default: {default}]"));
    format!(
        "  --{}{value}\n      {}{default}\n",
        setting.key,
        setting.long_help()
    )
}

/// What standard output gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A summary for people.
    #[default]
    Text,
    /// A JSON object for each event, one a line, and the summary last.
    Jsonl,
}

impl Choice for Format {
    const WORDS: &[(&str, Self, &str)] = &[("text", Self::Text, ""), ("jsonl", Self::Jsonl, "")];
}

/// What the arguments request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// `--help`.
    Help,
    /// A run.
    Run(Box<Request>),
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub purpose: Purpose,
    /// The job, the cloud, and where Graph is.
    pub environment: Environment,
    /// What standard output gets.
    pub format: Format,
    /// What gets a message about the run.
    pub webhook: Option<Webhook>,
}

impl Asked {
    /// Reads the arguments, without the program's name, over the environment.
    ///
    /// # Errors
    ///
    /// Naming the argument or the variable, and what is allowed.
    pub fn read(arguments: &[String], variables: &Variables) -> Result<Self, Advice> {
        let mut purpose = None;
        let mut flags: Vec<(&str, Vec<String>)> = Vec::new();
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            let Some(flag) = argument.strip_prefix("--") else {
                let word = match argument {
                    "-h" => return Ok(Self::Help),
                    "sync" => Purpose::Sync,
                    "plan" => Purpose::Plan,
                    other => return Err(unknown(other)),
                };
                if purpose.replace(word).is_some() {
                    return Err(Advice::new(
                        "more than one of `sync` and `plan` is given",
                        "give one",
                    ));
                }
                continue;
            };
            if flag == "help" {
                return Ok(Self::Help);
            }
            let (key, value) = match flag.split_once('=') {
                Some((key, value)) => (key, Some(value)),
                None => (flag, None),
            };
            let setting = Setting::find(key)
                .filter(|setting| setting.is_of_component() || key == OUTPUT)
                .ok_or_else(|| unknown(argument))?;
            let value = match (value, setting.shape()) {
                (Some(value), _) => value,
                (None, Shape::Switch) => "true",
                (None, Shape::One | Shape::List { .. }) => rest.next().ok_or_else(|| {
                    Advice::new(
                        format!("`--{key}` needs a value"),
                        "`--help` lists the keys",
                    )
                })?,
            };
            match flags.iter_mut().find(|(known, _)| *known == key) {
                Some((_, values)) => values.push(value.to_owned()),
                None => flags.push((key, vec![value.to_owned()])),
            }
        }

        let mut given = Given::default();
        let mut format: Format = variables.choice(OUTPUT)?.unwrap_or_default();
        for (key, values) in flags {
            let set = match (key, values.as_slice()) {
                (OUTPUT, [value]) => choice(value)
                    .map(|chosen| format = chosen)
                    .map_err(|allowed| allowed.of(value)),
                _ => given.set(key, &values),
            };
            set.map_err(|problem| Advice {
                hint: "correct it, or leave it out".to_owned(),
                ..problem.at(&format!("--{key}"))
            })?;
        }
        let mut environment = Environment::read(variables)?;
        environment.given = given.or(environment.given);
        Ok(Self::Run(Box::new(Request {
            purpose: purpose.unwrap_or(Purpose::Sync),
            environment,
            format,
            webhook: Webhook::read(variables)?,
        })))
    }
}

fn unknown(argument: &str) -> Advice {
    let flag = argument.split('=').next().unwrap_or_default();
    Advice::new(
        format!("`{flag}` is not an argument of this job"),
        "`--help` lists the keys",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Asked, Advice> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Asked::read(
            &arguments,
            &Variables::new(variables.iter().map(own).collect()),
        )
    }

    fn request(arguments: &[&str], variables: &[(&str, &str)]) -> Request {
        match read(arguments, variables) {
            Ok(Asked::Run(request)) => *request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_win_over_variables() {
        let variables = [
            ("INTUNE_SYNC_BATCH_SIZE", "20"),
            ("INTUNE_SYNC_LIMIT", "5"),
            ("INTUNE_SYNC_OUTPUT", "text"),
            ("INTUNE_SYNC_SERVICE_SECRET", "of the service"),
        ];
        let arguments = [
            "plan",
            "--batch-size=30",
            "--os",
            "Windows",
            "--os=iOS,macOS",
            "--include-unsupported",
            "--output",
            "jsonl",
        ];
        let request = request(&arguments, &variables);
        assert_eq!(
            (request.purpose, request.format),
            (Purpose::Plan, Format::Jsonl)
        );
        let given = request.environment.given;
        assert_eq!((given.batch_size, given.limit), (Some(30), Some(5)));
        assert_eq!(given.os, ["Windows", "iOS", "macOS"]);
        assert_eq!(given.include_unsupported, Some(true));
    }

    #[test]
    fn without_arguments_it_is_a_sync() {
        let request = request(&[], &[]);
        assert_eq!(
            (request.purpose, request.format),
            (Purpose::Sync, Format::Text)
        );
        assert_eq!(request.environment.given, Given::default());
        for help in ["--help", "-h"] {
            assert_eq!(read(&["sync", help, "--nonsense"], &[]), Ok(Asked::Help));
        }
    }

    #[test]
    fn help_has_each_setting_with_its_range_and_default() {
        let help = help();
        for setting in Setting::of_component() {
            assert!(help.contains(&format!("  --{}", setting.key)), "{help}");
        }
        let size = "  --batch-size N\n      Devices in a batch (1 to 10000) [default: 50]\n";
        assert!(help.contains(size), "{help}");
        assert!(help.contains("  --dispatch batch|single|bulk\n"), "{help}");
        assert!(help.contains("  INTUNE_SYNC_CLIENT_SECRET\n"), "{help}");
        assert!(!help.contains("SERVICE_SECRET"), "{help}");
        let (_, variables) = help.split_once("By variables only:").expect("both");
        assert!(!variables.contains("--"), "{variables}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (arguments, message) in [
            (
                vec!["--batch-size", "0"],
                "`0` is not allowed for `--batch-size`: it takes 1 to 10000 devices",
            ),
            (vec!["--limit"], "`--limit` needs a value"),
            (
                vec!["--limit=1", "--limit=2"],
                "`[1, 2]` is not allowed for `--limit`: it takes one value",
            ),
            (
                vec!["--group=Kiosks"],
                "`--group` is not an argument of this job",
            ),
            (
                vec!["--graph-url=https://x"],
                "`--graph-url` is not an argument of this job",
            ),
            (
                vec!["--output", "xml"],
                "`xml` is not allowed for `--output`: it takes `text` or `jsonl`",
            ),
            (vec!["wipe"], "`wipe` is not an argument of this job"),
            (
                vec!["sync", "plan"],
                "more than one of `sync` and `plan` is given",
            ),
        ] {
            let problem = read(&arguments, &[]).expect_err(message);
            assert_eq!(problem.message, message);
        }
        let problem = read(&[], &[("INTUNE_SYNC_OUTPUT", "json")]).expect_err("not offered");
        let message = "`json` is not allowed for `INTUNE_SYNC_OUTPUT`: it takes `text` or `jsonl`";
        assert_eq!(problem.message, message);
    }
}
