//! The flags of a job, made from the table of settings.

use std::{fmt, marker::PhantomData};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, builder::ValueParser};
use intune_sync_settings::{Given, Group, Setting, Shape};

use crate::cli::clap_error::error_of;

/// The settings of some groups as flags, and what they are given as.
///
/// clap checks each value, and knows the defaults; what it has accepted is then set as the components set it.
#[derive(PartialEq)]
pub(crate) struct Settings<P> {
    /// The settings, with the defaults that the command has.
    pub(crate) given: Given,
    part: PhantomData<P>,
}

/// Some groups of settings.
pub(in crate::cli) trait Part {
    /// The groups.
    const GROUPS: &'static [Group];

    /// The settings in them.
    fn settings() -> impl Iterator<Item = &'static Setting> {
        Setting::of_job().filter(|setting| Self::GROUPS.contains(&setting.group))
    }
}

/// The whole job. Devices meet every criterion given, and of one criterion any of its values.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Job;

impl Part for Job {
    const GROUPS: &'static [Group] = &Group::JOB;
}

/// How fast, and what happens on errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace;

impl Part for Pace {
    const GROUPS: &'static [Group] = &[Group::Pace];
}

impl<P> fmt::Debug for Settings<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.given.fmt(f)
    }
}

impl<P: Part> Args for Settings<P> {
    fn augment_args(command: Command) -> Command {
        command.args(P::settings().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<P: Part> FromArgMatches for Settings<P> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Self {
            given: Given::default(),
            part: PhantomData,
        };
        settings.update_from_arg_matches(matches)?;
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in P::settings() {
            let values: Vec<String> = match setting.shape() {
                Shape::Switch if matches.get_flag(setting.key) => vec!["true".to_owned()],
                Shape::Switch => continue,
                Shape::One | Shape::List { .. } => match matches.get_many::<String>(setting.key) {
                    Some(values) => values.cloned().collect(),
                    None => continue,
                },
            };
            setting
                .set(&mut self.given, &values)
                // clap has checked each value; this is for values that are refused together.
                .map_err(|problem| error_of(problem.at(&format!("--{}", setting.key))))?;
        }
        Ok(())
    }
}

/// The flag of a setting.
fn arg(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.key)
        .long(setting.key)
        .help(setting.long_help())
        .help_heading(setting.group.heading());
    let arg = match setting.key {
        "yes" => arg.short('y'),
        _ => arg,
    };
    let arg = match setting.default {
        Some(default) => arg.default_value(default),
        None => arg,
    };
    match setting.shape() {
        Shape::Switch => return arg.action(ArgAction::SetTrue),
        Shape::One => arg.action(ArgAction::Set),
        Shape::List { commas: false } => arg.action(ArgAction::Append),
        Shape::List { commas: true } => arg.action(ArgAction::Append).value_delimiter(','),
    }
    .value_name(setting.value_name)
    .value_parser(parser(setting))
    .ignore_case(setting.ignores_case())
    // So that `-1` is a number out of range, and not an unknown flag.
    .allow_hyphen_values(setting.range().is_some())
}

/// Checks a value, and leaves it as it is written.
fn parser(setting: &'static Setting) -> ValueParser {
    let words = setting.words();
    if words.is_empty() {
        return ValueParser::new(move |text: &str| setting.check(text).map(|()| text.to_owned()));
    }
    ValueParser::from(super::parser(words))
}
