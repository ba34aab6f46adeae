//! The groups of Entra ID that a job names.

use intune_sync_egress::groups::Key;
use intune_sync_settings::{Advice, Given};

/// The groups of Entra ID that a job names, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EntraGroups {
    /// Whose devices and users it selects.
    pub(crate) selected: Vec<Key>,
    /// Whose it leaves out.
    pub(crate) excluded: Vec<Key>,
}

impl EntraGroups {
    /// Those of a job.
    ///
    /// # Errors
    ///
    /// A text that cannot be a group's name.
    pub(in crate::cli) fn of(given: &Given) -> Result<Self, Advice> {
        Self::named(&given.group, &given.exclude_group)
    }

    /// Those with these names and ids.
    ///
    /// # Errors
    ///
    /// A text that cannot be a group's name.
    pub(in crate::cli) fn named(selected: &[String], excluded: &[String]) -> Result<Self, Advice> {
        Ok(Self {
            selected: keys("--group", selected)?,
            excluded: keys("--exclude-group", excluded)?,
        })
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.selected.is_empty() && self.excluded.is_empty()
    }

    /// Each of them, those to select first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Key> {
        self.selected.iter().chain(&self.excluded)
    }
}

fn keys(flag: &str, texts: &[String]) -> Result<Vec<Key>, Advice> {
    let key = |text: &String| {
        text.trim().parse().map_err(|_| {
            Advice::new(
                format!(
                    "`{}` is not allowed for `{flag}`: it takes the name of a group, 1 to 256 characters, or its id",
                    text.escape_debug()
                ),
                "the Entra admin center shows the names and object ids of groups",
            )
        })
    };
    texts.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_are_told_apart_and_what_is_neither_is_named() {
        let texts = [
            "Kiosks".to_owned(),
            "00112233-4455-6677-8899-AABBCCDDEEFF".to_owned(),
        ];
        let groups = EntraGroups::named(&texts, &texts[..1]).expect("names and ids");
        let all: Vec<String> = groups.all().map(ToString::to_string).collect();
        assert_eq!(
            all,
            ["Kiosks", "00112233-4455-6677-8899-aabbccddeeff", "Kiosks"]
        );
        assert!(matches!(groups.selected[..], [Key::Name(_), Key::Id(_)]));
        assert!(!groups.is_empty() && EntraGroups::default().is_empty());
        let refused = EntraGroups::named(&[], &["a\u{7}".to_owned()]).expect_err("a bell");
        assert_eq!(
            refused.message,
            "`a\\u{7}` is not allowed for `--exclude-group`: it takes the name of a group, 1 to 256 characters, or its id"
        );
    }
}
