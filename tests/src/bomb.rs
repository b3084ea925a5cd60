//! Small files that take a compiler very long, or very much memory. None of them is a plugin, which is found out last.

/// A core module in a component.
fn component(module: &[u8]) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    section(&mut component, 1, module);
    component
}

/// With one global, and a function for each of these bodies.
fn module(bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut functions = number(bodies.len());
    functions.extend(vec![0; bodies.len()]);
    let mut code = number(bodies.len());
    for body in bodies {
        code.extend(number(body.len()));
        code.extend(body);
    }
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, 1, b"\x01\x60\0\0");
    section(&mut module, 3, &functions);
    section(&mut module, 6, b"\x01\x7e\x01\x42\0\x0b");
    section(&mut module, 10, &code);
    component(&module)
}

fn section(file: &mut Vec<u8>, id: u8, content: &[u8]) {
    file.push(id);
    file.extend(number(content.len()));
    file.extend(content);
}

/// As WebAssembly writes it.
fn number(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Numbers of 64 bits, as variables of a function.
fn variables(count: usize) -> Vec<u8> {
    [vec![1], number(count), vec![0x7e]].concat()
}

/// Two thousand loops within each other, with a hundred variables that all change: 23 s.
pub fn loops() -> Vec<u8> {
    const DEPTH: usize = 2_000;
    const COUNT: usize = 100;
    let mut body = variables(COUNT);
    body.extend(b"\x03\x40".repeat(DEPTH));
    for variable in 0..COUNT {
        body.push(0x20);
        body.extend(number(variable));
        body.extend(b"\x42\x01\x7c\x21");
        body.extend(number((variable + 1) % COUNT));
    }
    body.extend(b"\x41\0\x0d\0\x0b".repeat(DEPTH));
    body.push(0x0b);
    module(&[body])
}

/// Two hundred thousand functions that do nothing: 1.1 GB.
pub fn functions() -> Vec<u8> {
    module(&vec![vec![0, 0x0b]; 200_000])
}

/// A function with fifty thousand variables, the most that is valid.
pub fn giant_locals() -> Vec<u8> {
    module(&[[variables(50_000), vec![0x0b]].concat()])
}

/// Nothing of it is conspicuous, but all variables have to be kept through all branches.
fn kept_through(branches: usize, functions: usize) -> Vec<u8> {
    const COUNT: usize = 9_999;
    let mut body = variables(COUNT);
    for variable in 0..COUNT {
        body.extend(b"\x23\0\x21");
        body.extend(number(variable));
    }
    body.extend(b"\x23\0\x50\x04\x40\x0b".repeat(branches));
    for variable in 0..COUNT {
        body.push(0x20);
        body.extend(number(variable));
        body.extend(b"\x24\0");
    }
    body.push(0x0b);
    module(&vec![body; functions])
}

/// Needs more than 2 GiB of memory within some seconds.
pub fn memory() -> Vec<u8> {
    kept_through(1_500, 8)
}

/// Needs more than a minute of processor time.
pub fn time() -> Vec<u8> {
    kept_through(140_000, 2)
}
