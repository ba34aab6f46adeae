//! Builds the hostile components, and writes the list of them that the tests are checked against.

#[cfg(not(feature = "components"))]
fn main() {}

#[cfg(feature = "components")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::{env, fmt::Write, fs, path::Path};

    let package = "intune-sync-hostile";
    let guests =
        intune_sync_component_build::build_examples(package, "tests/hostile", "guest", "hostile")?;
    let mut list = String::from("macro_rules! for_each_guest { ($do:ident) => {\n");
    for (name, _) in &guests {
        writeln!(list, "$do!({name});")?;
    }
    list.push_str("} }\n/// Where the component of each is.\nmod guests {\n");
    for (name, path) in &guests {
        let constant = name.to_uppercase();
        writeln!(list, "pub(crate) const {constant}: &str = {path:?};")?;
    }
    list.push_str("}\n");
    let out = env::var_os("OUT_DIR").ok_or("`OUT_DIR` is not set")?;
    fs::write(Path::new(&out).join("guests.rs"), list)?;
    Ok(())
}
