//! Is a component, but not one of our world.

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package hostile:other;

            world other {
                export run: func();
            }
        ",
    });
}

struct Other;

impl bindings::Guest for Other {
    fn run() {}
}

bindings::export!(Other with_types_in bindings);
