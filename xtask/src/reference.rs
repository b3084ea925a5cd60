//! `cargo xtask reference`: the contract for people, a page for each interface, written from what `wit/` says of it. Examples are
//! those in the documentation of the SDK for Rust, which its tests compile.

mod signature;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wit_parser::{Docs, Function, FunctionKind, Interface, Resolve, TypeDef, TypeDefKind, TypeId};

use crate::repository;
use signature::{signature, spelled};

/// Where the pages are.
const FOLDER: &str = "sdk/reference";
/// In which order they are listed: what every plugin meets comes first.
const ORDER: [&str; 14] = [
    "handler",
    "declare",
    "events",
    "messages",
    "content",
    "chat",
    "flow",
    "permission",
    "config",
    "kv",
    "http",
    "github",
    "ci",
    "log",
];
/// Interfaces whose module in the SDKs has another name than they.
const MODULES: [(&str, &str); 4] = [
    ("declare", "plugin"),
    ("handler", "plugin"),
    ("events", "event"),
    ("types", "error"),
];
/// Those whose example stands elsewhere in the SDK for Rust than what they are.
const EXAMPLES: [(&str, &str); 3] = [
    ("handler", "lib"),
    (CONTENT, "chat/content"),
    ("messages", "chat/message"),
];
/// Where the SDK for TypeScript and that for Python say what the one for Rust says in `chat`.
const CONTENT: &str = "content";

/// Writes the pages.
pub fn write() -> Result<()> {
    for (file, page) in pages()? {
        let path = folder().join(file);
        fs::create_dir_all(folder())?;
        fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("The reference is in {FOLDER}.");
    Ok(())
}

/// Whether the pages are those that would be written.
pub fn check() -> Result<()> {
    let mut old = Vec::new();
    for (file, page) in pages()? {
        if fs::read_to_string(folder().join(&file)).ok().as_ref() != Some(&page) {
            old.push(file);
        }
    }
    if !old.is_empty() {
        bail!("these pages do not say what wit/ says: {}", old.join(", "));
    }
    Ok(())
}

fn folder() -> PathBuf {
    repository().join(FOLDER)
}

/// All pages, by their file.
fn pages() -> Result<BTreeMap<String, String>> {
    let mut resolve = Resolve::default();
    let (main, _) = resolve
        .push_dir(repository().join("wit"))
        .context("wit/ cannot be read")?;
    let mut interfaces: Vec<(&str, &Interface)> = resolve
        .interfaces
        .iter()
        .filter_map(|(_, interface)| Some((interface.name.as_deref()?, interface)))
        .collect();
    interfaces.sort_by_key(|(name, _)| {
        let place = ORDER.iter().position(|one| one == name);
        (place.unwrap_or(ORDER.len()), *name)
    });
    let mut list = String::new();
    let mut pages = BTreeMap::new();
    for (name, interface) in &interfaces {
        let about = docs(&interface.docs);
        let summary = about
            .split_once(". ")
            .map_or(about.as_str(), |(first, _)| first);
        let summary = summary
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        let grant = needs_grant(interface);
        writeln!(list, "| [`{name}`]({name}.md) | {summary} | {grant} |")?;
        pages.insert(format!("{name}.md"), page(&resolve, name, interface)?);
    }
    let about = docs(&resolve.packages[main].docs);
    let index = format!(
        "# The contract\n\n{about}\n\nThis is written from [`wit/`](../../wit) by `cargo xtask reference`. [The guide](../README.md) says how to begin.\n\n\
         | Interface | What it is for | Needs a grant |\n|---|---|---|\n{list}"
    );
    pages.insert("README.md".to_owned(), index);
    Ok(pages)
}

/// Whether using it needs a grant, as its documentation says.
fn needs_grant(interface: &Interface) -> &'static str {
    const GRANT: &str = "Grant: `";
    let mut calls = interface.functions.values();
    if docs(&interface.docs).contains(GRANT) {
        "yes"
    } else if calls.any(|call| docs(&call.docs).contains(GRANT)) {
        "some calls"
    } else {
        "no"
    }
}

fn page(resolve: &Resolve, name: &str, interface: &Interface) -> Result<String> {
    let mut page = format!("# `{name}`\n\n{}\n", docs(&interface.docs));
    if let Some(id) = interface.package {
        let package = &resolve.packages[id].name;
        writeln!(page, "\n`{}`", package.interface_id(name))?;
    }
    let modules = modules(name);
    if !modules.is_empty() {
        writeln!(page, "\nIn the SDKs: {}.", modules.join(", "))?;
    }
    let free = |function: &&Function| matches!(function.kind, FunctionKind::Freestanding);
    for function in interface.functions.values().filter(free) {
        page += &described(resolve, "##", &function.name, function);
    }
    for (name, id) in &interface.types {
        let kind = &resolve.types[*id];
        // What is only used here has its place elsewhere.
        if matches!(kind.kind, TypeDefKind::Type(_)) {
            continue;
        }
        page += &type_section(resolve, name, kind);
        for function in interface.functions.values() {
            if let Some(method) = method_of(function, *id) {
                let called = match function.kind {
                    FunctionKind::Constructor(_) => format!("new {name}"),
                    _ => format!("{name}.{method}"),
                };
                page += &described(resolve, "###", &called, function);
            }
        }
    }
    if let Some(example) = example(name)? {
        write!(page, "\n## Example\n\nIn Rust:\n\n```rust\n{example}```\n")?;
    }
    Ok(page)
}

/// What a function of a resource is called, if it is one of this resource.
fn method_of(function: &Function, resource: TypeId) -> Option<&str> {
    match function.kind {
        FunctionKind::Method(id) | FunctionKind::Static(id) | FunctionKind::Constructor(id)
            if id == resource =>
        {
            Some(function.item_name())
        }
        _ => None,
    }
}

fn described(resolve: &Resolve, heading: &str, name: &str, function: &Function) -> String {
    let signature = signature(resolve, function);
    let docs = docs(&function.docs);
    format!("\n{heading} `{name}`\n\n```wit\n{signature}\n```\n\n{docs}\n")
}

fn type_section(resolve: &Resolve, name: &str, kind: &TypeDef) -> String {
    let about = docs(&kind.docs);
    let mut section = format!("\n## `{name}`\n\n{about}\n");
    let rows: Vec<(String, String)> = match &kind.kind {
        TypeDefKind::Record(record) => record
            .fields
            .iter()
            .map(|field| {
                (
                    format!("`{}: {}`", field.name, spelled(resolve, &field.ty)),
                    docs(&field.docs),
                )
            })
            .collect(),
        TypeDefKind::Enum(cases) => cases
            .cases
            .iter()
            .map(|case| (format!("`{}`", case.name), docs(&case.docs)))
            .collect(),
        TypeDefKind::Variant(cases) => cases
            .cases
            .iter()
            .map(|case| {
                let of = case
                    .ty
                    .as_ref()
                    .map(|of| format!("({})", spelled(resolve, of)));
                (
                    format!("`{}{}`", case.name, of.unwrap_or_default()),
                    docs(&case.docs),
                )
            })
            .collect(),
        _ => Vec::new(),
    };
    // A list fits into no cell of a table.
    if rows.iter().any(|(_, about)| about.contains("\n- ")) {
        for (what, about) in rows {
            section += &format!("\n### {what}\n\n{about}\n");
        }
        return section;
    }
    if !rows.is_empty() {
        section += "\n| | |\n|---|---|\n";
    }
    for (what, about) in rows {
        section += &format!("| {what} | {} |\n", about.replace('\n', " "));
    }
    section
}

/// The modules of the SDKs in which an interface is.
fn modules(interface: &str) -> Vec<String> {
    let renamed = MODULES.iter().find(|(name, _)| *name == interface);
    let name = renamed.map_or(interface, |(_, module)| *module);
    let singular = name.trim_end_matches('s');
    let of_rust = if [CONTENT, "messages"].contains(&interface) {
        "chat"
    } else {
        name
    };
    let candidates = [
        ("Rust", format!("sdk/rust/src/{of_rust}.rs")),
        ("TypeScript", format!("sdk/typescript/src/{name}.ts")),
        ("TypeScript", format!("sdk/typescript/src/{singular}.ts")),
        ("Python", format!("sdk/python/src/witbot/{name}.py")),
        ("Python", format!("sdk/python/src/witbot/{singular}.py")),
        ("C", "sdk/c/witbot.h".to_owned()),
    ];
    let mut modules: Vec<String> = Vec::new();
    for (language, path) in candidates {
        let link = format!("[{language}](../../{path})");
        if repository().join(&path).is_file() && !modules.contains(&link) {
            modules.push(link);
        }
    }
    modules
}

/// The first code in the documentation of the module of an interface in the SDK for Rust.
fn example(interface: &str) -> Result<Option<String>> {
    let mut renamed = EXAMPLES.iter().chain(&MODULES);
    let renamed = renamed.find(|(name, _)| *name == interface);
    let name = renamed.map_or(interface, |(_, module)| *module);
    let path = repository().join("sdk/rust/src").join(format!("{name}.rs"));
    if !path.is_file() {
        return Ok(None);
    }
    let text = read(&path)?;
    Ok(code(&text))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The first block of code in the documentation of a module, without the lines that are hidden there.
fn code(module: &str) -> Option<String> {
    let docs = module.lines().take_while(|line| line.starts_with("//!"));
    let mut docs = docs.map(|line| {
        line.trim_start_matches("//!")
            .strip_prefix(' ')
            .unwrap_or("")
    });
    docs.find(|line| line.starts_with("```"))?;
    let shown = docs.take_while(|line| !line.starts_with("```"));
    let shown = shown.filter(|line| !line.starts_with("# "));
    Some(shown.map(|line| format!("{line}\n")).collect())
}

fn docs(docs: &Docs) -> String {
    docs.contents
        .as_deref()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_the_first_code_of_the_module() {
        let module = "//! Says.\n//!\n//! ```no_run\n//! # use hidden;\n//! say();\n//!\n//! done();\n//! ```\n//! More.\n\nuse x;\n";
        assert_eq!(code(module).as_deref(), Some("say();\n\ndone();\n"));
        assert_eq!(code("//! Says.\n\n/// ```\n"), None);
    }

    #[test]
    fn a_page_has_what_its_interface_says() {
        let wit = "package a:b@0.1.0;\n/// Keeps. Grant: `kv`.\ninterface kv {\n  /// Why not.\n  enum error { \
                   /// There is none.\n not-found, other }\n  /// Reads.\n  get: func(key: string) -> result<option<list<u8>>, error>;\n  \
                   /// A place.\n  resource space {\n    /// Opens it.\n    open: static func(name: string) -> result<space, error>;\n    \
                   /// Removes.\n    delete: func(key: string);\n  }\n}\n";
        let mut resolve = Resolve::default();
        resolve.push_str("test.wit", wit).unwrap();
        let (_, interface) = resolve.interfaces.iter().next().unwrap();
        let page = page(&resolve, "unheard-of", interface).unwrap();
        for part in [
            "# `unheard-of`\n\nKeeps. Grant: `kv`.\n",
            "\n## `get`\n\n```wit\nget: func(key: string) -> result<option<list<u8>>, error>\n```\n\nReads.\n",
            "\n## `error`\n\nWhy not.\n\n| | |\n|---|---|\n| `not-found` | There is none. |\n| `other` |  |\n",
            "\n### `space.open`\n\n```wit\nopen: static func(name: string) -> result<space, error>\n```\n",
            "\n### `space.delete`\n\n```wit\ndelete: func(key: string)\n```\n",
        ] {
            assert!(page.contains(part), "no {part} in\n{page}");
        }
        assert!(!page.contains("## Example"));
    }
}
