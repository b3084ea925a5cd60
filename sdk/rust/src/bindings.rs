//! What `wit-bindgen` makes of the contract. Everything else in this crate wraps it.

wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export",
    default_bindings_module: "witbot_sdk::bindings",
    runtime_path: "wit_bindgen::rt",
});
