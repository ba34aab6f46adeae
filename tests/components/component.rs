//! The engine: what it may reach, function by function.

use std::fs;

use intune_sync_sandbox::promise::Promise;
use wasmtime::{
    Config, Engine, Store,
    component::{Component, Linker, types::ComponentItem},
};

/// Everything that the component can reach.
const IMPORTS: [&str; 7] = [
    "intune:sync/token@0.2.0",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
];

/// Everything that it offers.
const EXPORTS: [&str; 1] = ["intune:sync/sync@0.2.0"];

fn component() -> Component {
    let bytes = Promise::Engine.embedded();
    let engine = Engine::new(&Config::new()).expect("an engine");
    let embedded = fs::read(env!("CARGO_BIN_EXE_intune-sync")).expect("the program was built");
    assert!(
        embedded
            .windows(bytes.len())
            .any(|window| *window == *bytes),
        "this is the component that the program runs"
    );
    Component::new(&engine, bytes).expect("a component")
}

#[test]
fn it_imports_and_exports_these_and_nothing_else() {
    let component = component();
    let ty = component.component_type();
    let mut imports: Vec<String> = ty
        .imports(component.engine())
        .map(|(name, _)| name.to_owned())
        .collect();
    imports.sort_unstable();
    assert_eq!(imports, IMPORTS);
    let exports: Vec<String> = ty
        .exports(component.engine())
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(exports, EXPORTS);
}

/// What sends notifications reaches less: no token. Its HTTP library names an older 0.2 of the same interfaces.
#[test]
fn what_sends_notifications_imports_and_exports_these_and_nothing_else() {
    let engine = Engine::new(&Config::new()).expect("an engine");
    let component = Component::new(&engine, Promise::Notifier.embedded()).expect("a component");
    let ty = component.component_type();
    let interface = |name: &str| name.split_once('@').map_or("", |(name, _)| name).to_owned();
    let mut imports: Vec<String> = ty
        .imports(&engine)
        .map(|(name, _)| interface(name))
        .collect();
    imports.sort_unstable();
    assert_eq!(
        imports,
        [
            "wasi:clocks/monotonic-clock",
            "wasi:http/outgoing-handler",
            "wasi:http/types",
            "wasi:io/error",
            "wasi:io/poll",
            "wasi:io/streams",
        ]
    );
    let exports: Vec<String> = ty
        .exports(&engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(exports, ["intune:sync/notify@0.2.0"]);
}

/// The functions it uses of each interface: one more function is one more capability.
#[test]
fn it_uses_these_functions_of_each_interface() {
    let component = component();
    let engine = component.engine();
    let ty = component.component_type();
    let mut text = String::new();
    for (way, items) in [
        ("import", ty.imports(engine).collect::<Vec<_>>()),
        ("export", ty.exports(engine).collect()),
    ] {
        for (name, item) in items {
            text += &format!("{way} {name}\n");
            let ComponentItem::ComponentInstance(interface) = &item.ty else {
                panic!("`{name}` is not an interface")
            };
            let mut functions: Vec<&str> = interface
                .exports(engine)
                .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)))
                .map(|(name, _)| name)
                .collect();
            functions.sort_unstable();
            text.extend(
                functions
                    .into_iter()
                    .map(|function| format!("  {function}\n")),
            );
        }
    }
    insta::assert_snapshot!(text);
}

/// Without its host it does not even start, and the error names what is missing.
#[test]
fn without_its_imports_it_cannot_be_instantiated() {
    let component = component();
    let linker = Linker::<()>::new(component.engine());
    let mut store = Store::new(component.engine(), ());
    let error = linker
        .instantiate(&mut store, &component)
        .expect_err("nothing is linked");
    let first = component
        .component_type()
        .imports(component.engine())
        .next()
        .map(|(name, _)| name.to_owned())
        .expect("it has imports");
    let message = format!("{error:#}");
    assert!(message.contains(&first), "{first}: {message}");
}
