//! On macOS, the linker needs to know that the module takes Python's functions from the program that loads it.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
