//! A look at a file before the compiler gets it: what takes it far longer than any real plugin does is refused in
//! milliseconds, with the number and the limit. Whether the file is valid is asked elsewhere.

use wasmparser::{FunctionBody, MemoryType, Operator, Parser, Payload, Table};
use witbot_core::limits;

use crate::component::ComponentError;

/// What is counted over all modules of a file.
struct Count {
    what: &'static str,
    found: u64,
    max: u64,
}

impl Count {
    fn new(what: &'static str, max: u64) -> Count {
        let found = 0;
        Count { what, found, max }
    }

    fn add(&mut self, number: u64) -> Result<(), ComponentError> {
        self.found = self.found.saturating_add(number);
        within(self.found, self.max, || {
            format!("{} {}", self.found, self.what)
        })
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    found: T,
    max: T,
    what: impl FnOnce() -> String,
) -> Result<(), ComponentError> {
    if found <= max {
        return Ok(());
    }
    Err(ComponentError::Excessive(what(), max.to_string()))
}

struct Lint {
    functions: Count,
    modules: Count,
    instances: Count,
    components: Count,
    memories: Count,
    tables: Count,
    custom: Count,
}

/// Refuses what is more than any real plugin has.
pub(super) fn lint(bytes: &[u8]) -> Result<(), ComponentError> {
    let mut lint = Lint {
        functions: Count::new("functions", limits::FUNCTIONS_MAX),
        modules: Count::new("core modules", limits::CORE_MODULES_MAX),
        instances: Count::new("instances of core modules", limits::CORE_MODULES_MAX),
        components: Count::new("components within it", limits::COMPONENTS_MAX),
        memories: Count::new("memories", limits::MEMORIES_MAX),
        tables: Count::new("tables", limits::TABLES_MAX),
        custom: Count::new(
            "bytes of debug information and other custom sections",
            limits::CUSTOM_SECTION_BYTES_MAX,
        ),
    };
    for payload in Parser::new(0).parse_all(bytes) {
        lint.payload(payload.map_err(invalid)?)?;
    }
    Ok(())
}

fn invalid(error: wasmparser::BinaryReaderError) -> ComponentError {
    ComponentError::Invalid(error.to_string())
}

impl Lint {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), ComponentError> {
        match payload {
            Payload::FunctionSection(section) => self.functions.add(section.count().into()),
            Payload::ModuleSection { .. } => self.modules.add(1),
            Payload::ComponentSection { .. } => self.components.add(1),
            Payload::InstanceSection(section) => {
                let modules = section.into_iter().filter(|instance| {
                    // The other kind only gives names to what is there.
                    matches!(instance, Ok(wasmparser::Instance::Instantiate { .. }))
                });
                self.instances.add(modules.count() as u64)
            }
            Payload::MemorySection(section) => {
                self.memories.add(section.count().into())?;
                section.into_iter().try_for_each(memory)
            }
            Payload::TableSection(section) => {
                self.tables.add(section.count().into())?;
                section.into_iter().try_for_each(table)
            }
            Payload::CustomSection(section) => self.custom.add(section.data().len() as u64),
            Payload::CodeSectionEntry(body) => function(&body),
            // None of it costs the compiler much more than it has bytes.
            _ => Ok(()),
        }
    }
}

/// What a memory begins with has to fit into the most that an operator can give. Pages of another size than the usual are
/// refused with the file.
fn memory(memory: wasmparser::Result<MemoryType>) -> Result<(), ComponentError> {
    const PAGES_PER_MIB: u64 = (1 << 20) / 65_536;
    let mib = memory.map_err(invalid)?.initial.div_ceil(PAGES_PER_MIB);
    within(mib, limits::plugin::MEMORY_MIB_CEILING.into(), || {
        format!("a memory of {mib} MiB")
    })
}

fn table(table: wasmparser::Result<Table<'_>>) -> Result<(), ComponentError> {
    let elements = table.map_err(invalid)?.ty.initial;
    within(elements, limits::TABLE_ELEMENTS_MAX as u64, || {
        format!("a table of {elements} elements")
    })
}

/// One function: how long it is, how many variables it has, and how deep it goes.
fn function(body: &FunctionBody<'_>) -> Result<(), ComponentError> {
    let bytes = body.range().len() as u64;
    within(bytes, limits::FUNCTION_BYTES_MAX, || {
        format!("a function of {bytes} bytes")
    })?;
    let mut locals: u64 = 0;
    for run in body.get_locals_reader().map_err(invalid)? {
        let (number, _) = run.map_err(invalid)?;
        locals += u64::from(number);
        within(locals, limits::LOCALS_MAX, || {
            format!("a function with {locals} or more variables")
        })?;
    }
    depth(body)
}

fn depth(body: &FunctionBody<'_>) -> Result<(), ComponentError> {
    let mut is_loop = Vec::new();
    let mut loops = 0;
    for operator in body.get_operators_reader().map_err(invalid)? {
        match operator.map_err(invalid)? {
            Operator::Loop { .. } => {
                is_loop.push(true);
                loops += 1;
            }
            Operator::Block { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => is_loop.push(false),
            // What ends here is a block, but for the last one, which ends the function.
            Operator::End | Operator::Delegate { .. } => {
                loops -= usize::from(is_loop.pop() == Some(true));
            }
            _ => {}
        }
        within(loops, limits::LOOP_DEPTH_MAX, || {
            format!("loops within loops, {loops} or more deep")
        })?;
        within(is_loop.len(), limits::BLOCK_DEPTH_MAX, || {
            format!("blocks within blocks, {} or more deep", is_loop.len())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one function after another, each of these bytes: locals, then code.
    fn module(bodies: &[Vec<u8>]) -> Vec<u8> {
        let mut functions = leb(bodies.len());
        functions.extend(vec![0; bodies.len()]);
        let mut code = leb(bodies.len());
        for body in bodies {
            code.extend(leb(body.len()));
            code.extend(body);
        }
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0".to_vec();
        for (id, section) in [(3, functions), (10, code)] {
            module.push(id);
            module.extend(leb(section.len()));
            module.extend(section);
        }
        module
    }

    fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let low = (number & 0x7f) as u8;
            number >>= 7;
            if number == 0 {
                bytes.push(low);
                return bytes;
            }
            bytes.push(low | 0x80);
        }
    }

    /// A function of so many of a block within each other.
    fn nested(block: u8, depth: usize) -> Vec<u8> {
        let mut body = vec![0];
        body.extend([block, 0x40].repeat(depth));
        body.extend(vec![0x0b; depth + 1]);
        body
    }

    fn refused(bytes: &[u8]) -> String {
        lint(bytes).unwrap_err().to_string()
    }

    const LOOP: u8 = 0x03;
    const BLOCK: u8 = 0x02;

    #[test]
    fn what_plugins_have_is_let_through() {
        let deep = [
            nested(LOOP, limits::LOOP_DEPTH_MAX),
            nested(BLOCK, limits::BLOCK_DEPTH_MAX),
        ];
        lint(&module(&deep)).unwrap();
        // One after another is not one within another.
        let mut flat = vec![0];
        flat.extend([LOOP, 0x40, 0x0b].repeat(10 * limits::LOOP_DEPTH_MAX));
        flat.push(0x0b);
        lint(&module(&[flat])).unwrap();
        lint(&module(&vec![nested(LOOP, 0); 1_000])).unwrap();
    }

    #[test]
    fn loops_and_blocks_within_each_other() {
        let said = refused(&module(&[nested(LOOP, 2_000)]));
        assert_eq!(
            said,
            "it has loops within loops, 101 or more deep, and a plugin can have 100: make it smaller, or several plugins of it"
        );
        let said = refused(&module(&[nested(BLOCK, limits::BLOCK_DEPTH_MAX + 1)]));
        assert!(said.contains("blocks within blocks, 5001"), "{said}");
    }

    #[test]
    fn many_functions() {
        let said = refused(&module(&vec![nested(LOOP, 0); 200_000]));
        assert!(
            said.contains("200000 functions, and a plugin can have 100000"),
            "{said}"
        );
    }

    #[test]
    fn one_large_function() {
        let mut body = vec![0];
        body.extend(vec![0x01; limits::FUNCTION_BYTES_MAX as usize]);
        body.push(0x0b);
        let said = refused(&module(&[body]));
        assert!(said.contains("a function of 1048578 bytes"), "{said}");
    }

    #[test]
    fn many_variables() {
        // Runs of i64: each only three bytes, however many variables it is.
        let mut body = leb(3);
        for _ in 0..3 {
            body.extend(leb(20_000));
            body.push(0x7e);
        }
        body.push(0x0b);
        let said = refused(&module(&[body]));
        assert!(
            said.contains("a function with 20000 or more variables"),
            "{said}"
        );
    }

    #[test]
    fn many_modules_memories_tables_and_custom_bytes() {
        let empty_module = b"\x01\x08\0asm\x01\0\0\0";
        let mut component = b"\0asm\x0d\0\x01\0".to_vec();
        component.extend(empty_module.repeat(limits::CORE_MODULES_MAX as usize));
        lint(&component).unwrap();
        component.extend(empty_module);
        assert!(refused(&component).contains("65 core modules"));

        let with = |section: &[u8]| [b"\0asm\x01\0\0\0".as_slice(), section].concat();
        let mut memories = vec![5, 35, 17];
        memories.extend([0, 0].repeat(17));
        assert!(refused(&with(&memories)).contains("17 memories"));
        let mut tables = vec![4];
        tables.extend(leb(1 + 65 * 3));
        tables.push(65);
        tables.extend([0x70, 0, 0].repeat(65));
        assert!(refused(&with(&tables)).contains("65 tables"));

        let data = limits::CUSTOM_SECTION_BYTES_MAX as usize + 1;
        let mut custom = vec![0];
        custom.extend(leb(data + 2));
        custom.extend([1, b'x']);
        custom.extend(vec![0; data]);
        assert!(refused(&with(&custom)).contains("16777217 bytes of debug information"));
    }
}
