//! The promise: all that a component may ask for and offer.

use serde::Serialize;
use wasmparser::{BinaryReaderError, Parser, Payload};
use wasmtime::component::Component;

use crate::{Execution, SandboxError, bounds, linker, machine, unfit};

/// What a component may import and export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Of the engine.
    Engine,
    /// Of what sends notifications: no token.
    Notifier,
}

/// What the engine may import, and without the first what sends notifications: each interface with the versions that
/// are compatible with it.
const IMPORTS: [&str; 7] = [
    "intune:sync/token@0.2",
    "wasi:clocks/monotonic-clock@0.2",
    "wasi:http/outgoing-handler@0.2",
    "wasi:http/types@0.2",
    "wasi:io/error@0.2",
    "wasi:io/poll@0.2",
    "wasi:io/streams@0.2",
];

impl Promise {
    /// The interfaces that it may import.
    #[must_use]
    pub fn imports(self) -> &'static [&'static str] {
        match self {
            Self::Engine => &IMPORTS,
            Self::Notifier => &IMPORTS[1..],
        }
    }

    /// The interfaces that it may export.
    #[must_use]
    pub const fn exports(self) -> &'static [&'static str] {
        match self {
            Self::Engine => &["intune:sync/sync@0.2"],
            Self::Notifier => &["intune:sync/notify@0.2"],
        }
    }

    /// The component that ships in the program.
    #[must_use]
    pub const fn embedded(self) -> &'static [u8] {
        match self {
            Self::Engine => include_bytes!(env!("INTUNE_SYNC_ENGINE")),
            Self::Notifier => include_bytes!(env!("INTUNE_SYNC_NOTIFIER")),
        }
    }

    /// Links a component to the interfaces that it may import.
    pub(crate) fn link(self, component: &Component) -> wasmtime::Result<()> {
        match self {
            Self::Engine => linker::engine(component).map(drop),
            Self::Notifier => linker::notifier(component).map(drop),
        }
    }
}

/// Imports allowed for a standalone component: those that `make build` leaves in `dist`. They run
/// without this program, and not in its sandbox.
const IMPORTS_ALONE: [&str; 10] = [
    "wasi:cli/environment@0.2",
    "wasi:cli/stderr@0.2",
    "wasi:cli/stdout@0.2",
    "wasi:clocks/monotonic-clock@0.2",
    "wasi:clocks/wall-clock@0.2",
    "wasi:http/outgoing-handler@0.2",
    "wasi:http/types@0.2",
    "wasi:io/error@0.2",
    "wasi:io/poll@0.2",
    "wasi:io/streams@0.2",
];
/// What such a component exports, one of these.
const EXPORTS_ALONE: [&str; 2] = ["wasi:cli/run@0.2", "wasi:http/incoming-handler@0.2"];

/// An import or export of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Item {
    /// As the component names it, with its version.
    pub name: String,
    /// Whether it is on the list.
    pub promised: bool,
}

impl Item {
    fn new(name: &str, promise: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            promised: promise.iter().any(|promised| covers(promised, name)),
        }
    }
}

/// What a component asks for and offers, from its own type. Nothing of it has run.
#[derive(Debug)]
pub struct World {
    /// In the order of their names.
    pub imports: Vec<Item>,
    /// In the order of their names.
    pub exports: Vec<Item>,
    /// Why it cannot run in this sandbox, if so.
    pub unfit: Option<String>,
}

impl World {
    /// Reads it from the bytes of a component that is to keep this promise.
    ///
    /// # Errors
    ///
    /// When they are not a component, or the system does not give what the sandbox needs.
    pub fn of(bytes: &[u8], promise: Promise) -> Result<Self, SandboxError> {
        machine::check_address_space().map_err(SandboxError::Machine)?;
        bounds::check(bytes)?;
        let invalid = |error: BinaryReaderError| SandboxError::Unfit(error.to_string());
        wasmparser::validate(bytes).map_err(invalid)?;
        if Parser::is_core_wasm(bytes) {
            return Err(SandboxError::Unfit("it is a core module".to_owned()));
        }
        let (imports, exports) = names(bytes).map_err(invalid)?;
        // Of the code nothing is compiled: whether a component links depends on its types alone.
        let engine = Execution::found().engine()?;
        let fits = Component::from_binary(&engine, &bounds::hollow(bytes))
            .and_then(|component| promise.link(&component))
            .map_err(unfit);
        let unfit = match fits {
            Ok(()) => None,
            Err(SandboxError::Unfit(problem)) => Some(problem),
            Err(error) => return Err(error),
        };
        Ok(Self {
            imports: items(imports, promise.imports()),
            exports: items(exports, promise.exports()),
            unfit,
        })
    }

    /// What is not on the list.
    pub fn beyond(&self) -> impl Iterator<Item = &Item> {
        self.imports
            .iter()
            .chain(&self.exports)
            .filter(|item| !item.promised)
    }

    /// Whether it imports only what a standalone component may import, and exports what one exports.
    pub fn stands_alone(&self) -> bool {
        let among = |item: &Item, list: &[&str]| list.iter().any(|name| covers(name, &item.name));
        matches!(self.exports.as_slice(), [export] if among(export, &EXPORTS_ALONE))
            && self
                .imports
                .iter()
                .all(|import| among(import, &IMPORTS_ALONE))
    }
}

/// What a component imports and exports itself; what is nested in it is its own affair.
fn names(bytes: &[u8]) -> wasmparser::Result<(Vec<&str>, Vec<&str>)> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.push(import?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.push(export?.name.name);
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

fn items(names: Vec<&str>, promise: &[&str]) -> Vec<Item> {
    let names = names.into_iter();
    let mut items: Vec<Item> = names.map(|name| Item::new(name, promise)).collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    items
}

/// Whether `name` is the promised interface, in a compatible version: the same minor one, while the major one is 0.
fn covers(promised: &str, name: &str) -> bool {
    name.strip_prefix(promised)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component that imports one function, `f`, of an interface.
    fn importing(name: &str) -> Vec<u8> {
        let length = |length: usize| u8::try_from(length).expect("names are short");
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        // A section of types: one, of an instance that exports a function without parameters and results.
        bytes.extend(b"\x07\x0e\x01\x42\x02\x01\x40\0\x01\0\x04\0\x01f\x01\0");
        // A section of imports: one, an instance of that type.
        bytes.extend([10, length(name.len() + 5), 1, 0, length(name.len())]);
        bytes.extend(name.as_bytes());
        bytes.extend([5, 0]);
        bytes
    }

    #[test]
    fn the_embedded_components_ask_for_the_promised_list_to_the_letter() {
        for promise in [Promise::Engine, Promise::Notifier] {
            let world = World::of(promise.embedded(), promise).expect("it is a component");
            let versions = |items: &[Item]| {
                let minor =
                    |item: &Item| item.name.rsplit_once('.').map(|(name, _)| name.to_owned());
                items.iter().filter_map(minor).collect::<Vec<_>>()
            };
            assert_eq!(versions(&world.imports), promise.imports());
            assert_eq!(versions(&world.exports), promise.exports());
            // It links, and it uses something of each: the linker has what is promised.
            assert_eq!((world.beyond().count(), world.unfit), (0, None));
        }
    }

    #[test]
    fn a_function_that_a_promised_interface_does_not_have_makes_it_unfit() {
        for promise in [Promise::Engine, Promise::Notifier] {
            for promised in promise.imports() {
                let world = World::of(&importing(&format!("{promised}.0")), promise);
                let world = world.expect("it is a component");
                assert_eq!(world.beyond().count(), 0, "{promised}");
                let unfit = world.unfit.expect("it must not link");
                assert!(unfit.contains("`f`"), "{unfit}");
            }
        }
    }

    #[test]
    fn what_sends_notifications_gets_no_token() {
        let token = importing("intune:sync/token@0.2.0");
        let world = World::of(&token, Promise::Notifier).expect("it is a component");
        assert_eq!(world.beyond().count(), 1);
        let unfit = world.unfit.expect("it must not link");
        assert!(unfit.contains("but a matching"), "{unfit}");
    }

    #[test]
    fn the_linker_has_nothing_else() {
        for other in [
            "wasi:cli/environment@0.2.0",
            "wasi:cli/stdout@0.2.12",
            "wasi:clocks/wall-clock@0.2.12",
            "wasi:filesystem/preopens@0.2.12",
            "wasi:http/incoming-handler@0.2.12",
            "wasi:random/random@0.2.12",
            "wasi:sockets/tcp@0.2.12",
            "wasi:http/types@0.3.0",
            "wasi:http/types",
            "intune:sync/token@0.1.0",
        ] {
            let world = World::of(&importing(other), Promise::Engine).expect("it is a component");
            let beyond: Vec<&str> = world.beyond().map(|item| item.name.as_str()).collect();
            assert_eq!(beyond, [other]);
            let unfit = world.unfit.expect("it must not link");
            let missing = format!("component imports instance `{other}`, but a matching");
            assert!(unfit.starts_with(&missing), "{unfit}");
        }
    }

    #[test]
    fn a_name_that_only_begins_like_a_promised_one_is_beyond() {
        for (name, covered) in [
            ("wasi:io/poll@0.2.12", true),
            ("wasi:io/poll@0.2.0", true),
            ("wasi:io/poll@0.20.1", false),
            ("wasi:io/poll@0.2", false),
            ("wasi:io/poll@0.2.", false),
            ("wasi:io/poll@0.2.0-rc.1", false),
            ("wasi:io/polls@0.2.0", false),
            ("evil:io/poll@0.2.0", false),
        ] {
            assert_eq!(covers("wasi:io/poll@0.2", name), covered, "{name}");
        }
    }
}
