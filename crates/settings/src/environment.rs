//! Settings in the environment of a standalone component: `wasi:cli/environment` is the only configuration that every
//! runtime has.

use intune_sync_ids::{Origin, Quoted};

use crate::{Advice, Bound, Choice, Cloud, Given, Setting, Stray, choice, terms, variable};

/// The variables of an environment. Some are secrets, so there is no `Debug`.
#[derive(Clone)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// Takes the variables, name and value.
    #[must_use]
    pub fn new(variables: Vec<(String, String)>) -> Self {
        Self(variables)
    }

    /// The variables, name and value, empty ones too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.0.iter();
        variables.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The choice that the variable of this key makes; `None` where it is not set.
    ///
    /// # Errors
    ///
    /// Naming the variable and the words that it takes.
    pub fn choice<T: Choice>(&self, key: &str) -> Result<Option<T>, Advice> {
        let name = variable(key);
        let chosen = self
            .get(&name)
            .map(|value| choice(value).map_err(|allowed| allowed.of(value).at(&name)));
        chosen.transpose()
    }
}

/// What the operator has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The job.
    pub given: Given,
    /// The tenant's cloud: it alone decides the token's scope.
    pub cloud: Cloud,
    /// Where Graph is.
    pub graph: Origin,
}

impl Environment {
    /// Reads the variables of the job. One environment can serve the service and the job.
    ///
    /// # Errors
    ///
    /// A value that is not allowed; a variable that is misspelt or of the command line alone: what was meant as a bound
    /// must not be passed over.
    pub fn read(variables: &Variables) -> Result<Self, Advice> {
        let mut given = Given::default();
        for setting in Setting::of_component() {
            let name = setting.variable();
            if let Some(value) = variables.get(&name) {
                setting
                    .set(&mut given, &[value.to_owned()])
                    .map_err(|problem| problem.at(&name))?;
            }
        }
        let known = Setting::all().filter(|setting| setting.bound != Bound::Program);
        let known: Vec<String> = known.map(Setting::variable).collect();
        if let Some(Stray { name, nearest }) = Stray::find(variables.iter(), &known) {
            let hint = nearest.map_or_else(
                || "remove it; a component has no files and no terminal, and takes no settings for them".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            let message = format!("`{name}` is not a setting of this component");
            return Err(Advice::new(message, hint));
        }
        let cloud: Cloud = variables.choice("cloud")?.unwrap_or_default();
        let name = variable("graph-url");
        let graph = match variables.get(&name) {
            Some(value) => terms::origin(value)
                .map_err(|allowed| allowed.of(Quoted::address(value).to_string()).at(&name))?,
            None => cloud.graph(),
        };
        Ok(Self {
            given,
            cloud,
            graph,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, Advice> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables = Variables::new(variables.iter().map(own).collect());
        Environment::read(&variables)
    }

    #[test]
    fn variables_are_read_as_the_program_reads_them() {
        let environment = read(&[
            ("INTUNE_SYNC_BATCH_SIZE", "100"),
            ("INTUNE_SYNC_OS", "Windows,iOS"),
            ("INTUNE_SYNC_CLOUD", "usgov"),
            ("INTUNE_SYNC_LIMIT", ""),
            ("INTUNE_SYNC_SERVICE_SECRET", "x"),
            ("INTUNE_SYNC_CLIENT_ID", "x"),
            ("PATH", "/bin"),
        ])
        .expect("all is well");
        assert_eq!(environment.given.batch_size, Some(100));
        assert_eq!(environment.given.os, ["Windows", "iOS"]);
        assert_eq!(environment.given.limit, None);
        assert_eq!(environment.graph.to_string(), "https://graph.microsoft.us");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_variable() {
        for (name, value, message) in [
            (
                "INTUNE_SYNC_BATCH_SIZE",
                "0",
                "`0` is not allowed for `INTUNE_SYNC_BATCH_SIZE`: it takes 1 to 10000 devices",
            ),
            (
                "INTUNE_SYNC_CLOUD",
                "mars",
                "`mars` is not allowed for `INTUNE_SYNC_CLOUD`: it takes `public`, `usgov`, `usgov-dod` or `china`",
            ),
            (
                "INTUNE_SYNC_MAX_RATES",
                "1",
                "`INTUNE_SYNC_MAX_RATES` is not a setting of this component",
            ),
            (
                "INTUNE_SYNC_DEVICES_FROM",
                "list.csv",
                "`INTUNE_SYNC_DEVICES_FROM` is not a setting of this component",
            ),
        ] {
            let problem = read(&[(name, value)]).expect_err(name);
            assert_eq!(problem.message, message);
        }
        for name in [
            "INTUNE_SYNC_GRAPH_URL",
            "INTUNE_SYNC_CLOUD",
            "INTUNE_SYNC_BATCH_SIZE",
        ] {
            let problem = read(&[(name, "https://me:secret@graph.example")]).expect_err(name);
            assert!(!problem.message.contains("secret"), "{problem}");
            assert!(problem.message.contains(name), "{problem}");
        }
    }
}
