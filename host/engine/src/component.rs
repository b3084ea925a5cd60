//! From the bytes of a file to a component that this host can run: checked, and wrapped where a core module carries the
//! type of a component.

use std::borrow::Cow;

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wit_component::ComponentEncoder;
use witbot_core::grants::Capability;
use witbot_core::limits;

use crate::offered::{Missing, OFFERED, Offered};

/// What a component needs of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The interfaces of ours that it imports, with their versions.
    pub imports: Vec<String>,
    /// The capabilities that need a grant.
    pub capabilities: Vec<Capability>,
}

/// Why a file is not a plugin.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// Something else altogether.
    #[error(
        "it is not a WebAssembly file: build the plugin and copy the .wasm file that comes out of it"
    )]
    NotWasm,
    /// Larger than any real plugin.
    #[error("it has {0} bytes, and a plugin can have {max}: leave debug information and data out of it", max = limits::COMPONENT_BYTES_MAX)]
    TooLarge(u64),
    /// Damaged or cut off.
    #[error("it is damaged or not complete: {0}. Copy it again")]
    Invalid(String),
    /// Compiled code cannot be checked, so it is never taken from outside.
    #[error("it is compiled machine code, not WebAssembly: copy the .wasm file itself")]
    Precompiled,
    /// A core module without the type of a component.
    #[error(
        "it is a plain module that does not say which plugin interface it has ({0}): build it with a witbot SDK"
    )]
    NoType(String),
    /// It wants an interface that this host does not have.
    #[error("it needs {0}, and this witbot offers {1}: {2}")]
    Contract(String, String, &'static str),
    /// It does not export the handler.
    #[error(
        "it does not export `witbot:plugin/handler@{version}`: build it with a witbot SDK of that version ({0})",
        version = OFFERED.version()
    )]
    NoHandler(String),
    /// It does not fit the types of the contract.
    #[error(
        "it does not fit this witbot's plugin interface: {0}. Rebuild it with an SDK of version {version}",
        version = OFFERED.version()
    )]
    Link(String),
    /// What it has, and how much of that any real plugin has.
    #[error("it has {0}, and a plugin can have {1}: make it smaller, or several plugins of it")]
    Excessive(String, String),
    /// It cannot be compiled.
    #[error("it cannot be compiled: {0}")]
    Compile(String),
    /// Compiling it takes too long: the limit in seconds.
    #[error(
        "it takes more than {0} s of processor time to compile: make it smaller, or several plugins of it"
    )]
    CompileTime(u64),
    /// Compiling it takes too much memory: the limit in MiB.
    #[error(
        "it takes more than {0} MiB of memory to compile: make it smaller, or several plugins of it"
    )]
    CompileMemory(u64),
    /// What the process that compiles said, or what was said when it was tried before.
    #[error("{0}")]
    Refused(String),
}

/// Whether a file has a size that anything should be done with.
pub(crate) fn is_small_enough(bytes: &[u8]) -> Result<(), ComponentError> {
    if bytes.len() as u64 > limits::COMPONENT_BYTES_MAX {
        return Err(ComponentError::TooLarge(bytes.len() as u64));
    }
    Ok(())
}

/// Whether a file is one that a compiler should see at all.
pub(crate) fn is_webassembly(bytes: &[u8]) -> Result<(), ComponentError> {
    const MAGIC: &[u8] = b"\0asm";
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(ComponentError::Precompiled);
    }
    if !bytes.starts_with(MAGIC) {
        return Err(ComponentError::NotWasm);
    }
    Ok(())
}

/// The bytes of a component, from those of a file.
pub(crate) fn component_bytes(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ComponentError> {
    const MODULE_LAYER: [u8; 2] = [0, 0];
    // All of it is read before the compiler sees any of it.
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
        .validate_all(bytes)
        .map_err(|error| ComponentError::Invalid(error.to_string()))?;
    if bytes.get(6..8) == Some(&MODULE_LAYER) {
        wrap(bytes).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(bytes))
    }
}

fn wrap(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let untyped = |error: &dyn std::fmt::Display| ComponentError::NoType(error.to_string());
    let mut encoder = ComponentEncoder::default()
        .module(module)
        .map_err(|error| untyped(&error))?
        .validate(true);
    encoder
        .encode()
        .map_err(|error| untyped(&format!("{error:#}")))
}

impl From<Missing> for ComponentError {
    fn from(missing: Missing) -> ComponentError {
        ComponentError::Contract(missing.wanted, missing.offered, missing.advice)
    }
}

/// What the component imports of ours; an error when that is not offered.
pub(crate) fn contract(
    component: &Component,
    offered: &Offered,
) -> Result<Contract, ComponentError> {
    let mut contract = Contract {
        imports: Vec::new(),
        capabilities: Vec::new(),
    };
    let engine = component.engine();
    for (import, item) in component.component_type().imports(engine) {
        if !import.starts_with("witbot:") {
            continue;
        }
        offered.has(import)?;
        // A plugin imports just the functions that it uses, or all that there were when it was built.
        if let ComponentItem::ComponentInstance(instance) = item.ty {
            for (name, export) in instance.exports(engine) {
                if matches!(export.ty, ComponentItem::ComponentFunc(_)) {
                    offered.has_function(import, name)?;
                }
            }
        }
        contract.imports.push(import.to_owned());
        let (interface, _) = import.split_once('@').unwrap_or((import, ""));
        contract
            .capabilities
            .extend(Capability::from_interface(interface));
    }
    contract.capabilities.sort();
    contract.capabilities.dedup();
    Ok(contract)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_plugin_is_told_apart() {
        for bytes in [b"#!/bin/sh".as_slice(), b""] {
            let refused = is_webassembly(bytes);
            assert!(matches!(refused, Err(ComponentError::NotWasm)));
        }
        let large = vec![0; limits::COMPONENT_BYTES_MAX as usize + 1];
        let refused = is_small_enough(&large);
        assert!(matches!(refused, Err(ComponentError::TooLarge(_))));
        let cut_off = b"\0asm\x0d\0\x01\0\x01";
        is_webassembly(cut_off).unwrap();
        let refused = component_bytes(cut_off);
        assert!(matches!(refused, Err(ComponentError::Invalid(_))));
        // A module with an import that no interface explains: `(import "env" "f" (func))`.
        let untyped = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x09\x01\x03env\x01f\0\0";
        let refused = component_bytes(untyped);
        assert!(matches!(refused, Err(ComponentError::NoType(_))));
    }
}
