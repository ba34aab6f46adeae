//! Bounds on the file of a component, checked before anything is compiled: a few kilobytes can describe what a compiler
//! would need hours and gigabytes for.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, Instance, Parser, Payload,
};

use crate::{Limit, SandboxError};

/// The most bytes of a file.
pub(crate) const FILE: u64 = 64 << 20;
/// How deep components and modules may be nested.
const NESTING: usize = 16;
/// The most functions of all modules.
const FUNCTIONS: u64 = 100_000;
/// The most sections that mean nothing to a runtime.
const CUSTOM_SECTIONS: u64 = 1_000;
/// The most steps that it takes to instantiate it: each import, alias, function and instance of a component is one, as
/// often as the component is instantiated.
const STEPS: u64 = 100_000;

/// The bounds, for people to read.
pub(crate) fn table() -> [Limit; 5] {
    let limit = |what, limit: u64| Limit {
        what,
        limit: limit.to_string(),
    };
    [
        Limit {
            what: "a component's file",
            limit: format!("{} MiB", FILE >> 20),
        },
        limit("components and modules in each other", NESTING as u64),
        limit("functions", FUNCTIONS),
        limit("custom sections", CUSTOM_SECTIONS),
        limit("steps to instantiate it", STEPS),
    ]
}

/// Checks a component against the bounds.
///
/// # Errors
///
/// When it breaks one, or is not made of sections.
pub(crate) fn check(bytes: &[u8]) -> Result<(), SandboxError> {
    let mut counted = Counted::default();
    let broken = |what: String| Err(SandboxError::Bound(what));
    for payload in Parser::new(0).parse_all(bytes) {
        counted
            .take(&payload.map_err(unreadable)?)
            .map_err(unreadable)?;
        if counted.open.len() > NESTING {
            return broken(format!(
                "has more than {NESTING} components and modules in each other"
            ));
        }
        if counted.functions > FUNCTIONS {
            return broken(format!("has more than {FUNCTIONS} functions"));
        }
        if counted.custom_sections > CUSTOM_SECTIONS {
            return broken(format!("has more than {CUSTOM_SECTIONS} custom sections"));
        }
        if counted.most_steps > STEPS {
            return broken(format!("has more than {STEPS} steps to instantiate it"));
        }
    }
    Ok(())
}

fn unreadable(error: wasmparser::BinaryReaderError) -> SandboxError {
    SandboxError::Unfit(error.to_string())
}

#[derive(Default)]
struct Counted {
    functions: u64,
    custom_sections: u64,
    /// The most steps of any component so far.
    most_steps: u64,
    /// The components and modules around what is read, the innermost last.
    open: Vec<Open>,
}

/// A component or module that is being read.
#[derive(Default)]
struct Open {
    is_component: bool,
    /// What it takes to instantiate it, as far as it has been read.
    steps: u64,
    /// The steps of each component that it can instantiate.
    components: Vec<u64>,
}

impl Counted {
    fn take(&mut self, payload: &Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::Version { encoding, .. } => self.open.push(Open {
                is_component: *encoding == Encoding::Component,
                ..Open::default()
            }),
            Payload::End(_) => {
                if let Some(done) = self.open.pop()
                    && done.is_component
                {
                    self.component(done.steps);
                }
            }
            Payload::FunctionSection(functions) => self.functions += u64::from(functions.count()),
            Payload::CustomSection(_) => self.custom_sections += 1,
            Payload::ComponentImportSection(imports) => {
                self.steps(imports.count().into());
                for import in imports.clone() {
                    if let ComponentTypeRef::Component(_) = import?.ty {
                        self.component(0);
                    }
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                self.steps(aliases.count().into());
                for alias in aliases.clone() {
                    self.alias(&alias?);
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances.clone() {
                    self.steps(match instance? {
                        ComponentInstance::Instantiate {
                            component_index, ..
                        } => self.instantiated(0, component_index),
                        ComponentInstance::FromExports(exports) => exports.len() as u64,
                    });
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    self.steps(match instance? {
                        Instance::Instantiate { args, .. } => 1 + args.len() as u64,
                        Instance::FromExports(exports) => exports.len() as u64,
                    });
                }
            }
            Payload::ComponentCanonicalSection(functions) => self.steps(functions.count().into()),
            Payload::ComponentExportSection(exports) => {
                self.steps(exports.count().into());
                for export in exports.clone() {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        self.component(self.instantiated(0, export.index));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// An alias of a component is one more that can be instantiated.
    fn alias(&mut self, alias: &ComponentAlias<'_>) {
        match alias {
            ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Component,
                count,
                index,
            } => self.component(self.instantiated(*count, *index)),
            // Which one that is would take the types to find out.
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Component,
                ..
            } => self.component(self.most_steps),
            _ => {}
        }
    }

    /// What it takes to instantiate a component, of the one that is read or of one around it.
    fn instantiated(&self, outer: u32, index: u32) -> u64 {
        let open = self.open.iter().rev().nth(outer as usize);
        let steps = open.and_then(|open| open.components.get(index as usize));
        steps.map_or(1, |steps| steps.saturating_add(1))
    }

    fn component(&mut self, steps: u64) {
        if let Some(open) = self.open.last_mut() {
            open.components.push(steps);
        }
    }

    fn steps(&mut self, steps: u64) {
        if let Some(open) = self.open.last_mut() {
            open.steps = open.steps.saturating_add(steps);
            self.most_steps = self.most_steps.max(open.steps);
        }
    }
}

/// The same component with functions that do nothing: it has the same types, imports and exports, and takes next to no
/// time to compile. The bytes must be valid.
pub(crate) fn hollow(bytes: &[u8]) -> Vec<u8> {
    const NESTED: [u8; 2] = [1, 4];
    const CODE: u8 = 10;
    /// Three bytes: no locals, `unreachable`, `end`.
    const BODY: [u8; 4] = [3, 0, 0x00, 0x0b];

    let (header, mut rest) = bytes.split_at(bytes.len().min(8));
    // After the version come two bytes that tell a component from a module.
    let is_component = header.get(6) == Some(&1);
    let mut hollow = header.to_vec();
    while let Some((id, section, behind)) = section(rest) {
        rest = behind;
        let content = match id {
            id if is_component && NESTED.contains(&id) => self::hollow(section),
            CODE if !is_component => {
                let (count, bodies) = leb128(section).unwrap_or_default();
                let count_length = section.len() - bodies.len();
                let mut content = section[..count_length].to_vec();
                content.extend(BODY.repeat(count));
                content
            }
            _ => section.to_vec(),
        };
        hollow.push(id);
        let mut length = content.len();
        while length > 0x7f {
            hollow.push(0x80 | (length & 0x7f) as u8);
            length >>= 7;
        }
        hollow.push(length as u8);
        hollow.extend(content);
    }
    hollow
}

/// The first section: its id, its content, and what is behind it.
fn section(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (id, rest) = bytes.split_first()?;
    let (length, rest) = leb128(rest)?;
    let (content, behind) = rest.split_at_checked(length)?;
    Some((*id, content, behind))
}

/// A number, and what is behind it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::Promise;

    /// A component around these sections.
    fn component(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for (id, content) in sections {
            bytes.push(*id);
            // LEB128 in five bytes, whether it needs them or not.
            let length = content.len();
            bytes.extend((0..5).map(|at| {
                let more = if at < 4 { 0x80 } else { 0 };
                (length >> (7 * at)) as u8 & 0x7f | more
            }));
            bytes.extend(content);
        }
        bytes
    }

    /// Components in each other, each of which instantiates the one in it ten times: 200 bytes, and 10 to the power of
    /// `depth` instances.
    fn doubling(depth: usize) -> Vec<u8> {
        let instantiate = [&[10][..], &[0, 0, 0].repeat(10)].concat();
        (0..depth).fold(component(&[]), |inner, _| {
            component(&[(4, inner), (5, instantiate.clone())])
        })
    }

    fn bound(bytes: &[u8]) -> Option<String> {
        match check(bytes) {
            Ok(()) => None,
            Err(SandboxError::Bound(bound)) => Some(bound),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_embedded_component_is_far_within() {
        assert_eq!(bound(Promise::Engine.embedded()), None);
        let mut counted = Counted::default();
        for payload in Parser::new(0).parse_all(Promise::Engine.embedded()) {
            let payload = payload.expect("it is well-formed");
            counted.take(&payload).expect("it is well-formed");
        }
        assert!(counted.most_steps > 0 && counted.most_steps * 10 < STEPS);
        assert!(counted.functions > 0 && counted.functions * 10 < FUNCTIONS);
    }

    /// Functions that do nothing are four bytes each, and are compiled one by one.
    #[test]
    fn functions_are_counted_in_all_modules() {
        let module = |functions: u64| {
            // LEB128 in three bytes.
            let count = [0, 7, 14].map(|shift| (functions >> shift) as u8 & 0x7f);
            let count = [count[0] | 0x80, count[1] | 0x80, count[2]];
            let types = [&count[..], &vec![0; functions as usize]].concat();
            let code = [&count[..], &[2, 0, 0x0b].repeat(functions as usize)].concat();
            let mut bytes = component(&[(1, vec![1, 0x60, 0, 0]), (3, types), (10, code)]);
            bytes[..8].copy_from_slice(b"\0asm\x01\0\0\0");
            bytes
        };
        let both = |functions: u64| {
            let modules = [module(FUNCTIONS / 2), module(functions)];
            bound(&component(&modules.map(|module| (1, module))))
        };
        assert_eq!(both(FUNCTIONS / 2), None);
        assert_eq!(
            both(FUNCTIONS / 2 + 1).as_deref(),
            Some("has more than 100000 functions")
        );
    }

    #[test]
    fn what_is_instantiated_again_and_again_is_counted_as_often() {
        assert_eq!(bound(&doubling(4)), None);
        assert_eq!(
            bound(&doubling(6)).as_deref(),
            Some("has more than 100000 steps to instantiate it")
        );
        assert_eq!(
            bound(&doubling(15)).as_deref(),
            Some("has more than 100000 steps to instantiate it")
        );
    }

    #[test]
    fn nesting_and_custom_sections_are_bounded() {
        let nested = |depth| (0..depth).fold(component(&[]), |inner, _| component(&[(4, inner)]));
        assert_eq!(bound(&nested(NESTING - 1)), None);
        assert!(bound(&nested(NESTING)).is_some());
        let custom = |sections: u64| {
            let sections: Vec<_> = (0..sections).map(|_| (0, vec![1, b'x'])).collect();
            component(&sections)
        };
        assert_eq!(bound(&custom(CUSTOM_SECTIONS)), None);
        assert!(bound(&custom(CUSTOM_SECTIONS + 1)).is_some());
    }

    #[test]
    fn a_hollow_component_is_valid_and_small() {
        let whole = Promise::Engine.embedded();
        let hollow = hollow(whole);
        assert!(hollow.len() < whole.len() / 2, "{}", hollow.len());
        wasmparser::validate(&hollow).expect("it is valid");
        let same = component(&[(0, vec![1, b'x'])]);
        assert_eq!(hollow_of_hollow(&same).len(), same.len() - 4);
    }

    fn hollow_of_hollow(bytes: &[u8]) -> Vec<u8> {
        hollow(&hollow(bytes))
    }
}
