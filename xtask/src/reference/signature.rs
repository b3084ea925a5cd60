//! Functions and types as WIT spells them.

use wit_parser::{Function, FunctionKind, Handle, Resolve, Type, TypeDefKind};

/// `get: func(key: string) -> option<string>`.
pub(super) fn signature(resolve: &Resolve, function: &Function) -> String {
    let is_method = matches!(function.kind, FunctionKind::Method(_));
    // Whose method it is says the heading.
    let own = function.params.iter().skip(usize::from(is_method));
    let parameters = own.map(|one| format!("{}: {}", one.name, spelled(resolve, &one.ty)));
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    let name = function.item_name();
    match function.kind {
        FunctionKind::Constructor(_) => format!("constructor({parameters})"),
        FunctionKind::Static(_) => format!(
            "{name}: static func({parameters}){}",
            result(resolve, function)
        ),
        _ => format!("{name}: func({parameters}){}", result(resolve, function)),
    }
}

fn result(resolve: &Resolve, function: &Function) -> String {
    let result = function.result.as_ref();
    result.map_or_else(String::new, |result| {
        format!(" -> {}", spelled(resolve, result))
    })
}

/// A type by its name, or as it is built.
pub(super) fn spelled(resolve: &Resolve, kind: &Type) -> String {
    let id = match kind {
        Type::Id(id) => *id,
        Type::Bool => return "bool".to_owned(),
        Type::Char => return "char".to_owned(),
        Type::String => return "string".to_owned(),
        Type::ErrorContext => return "error-context".to_owned(),
        Type::U8 => return "u8".to_owned(),
        Type::U16 => return "u16".to_owned(),
        Type::U32 => return "u32".to_owned(),
        Type::U64 => return "u64".to_owned(),
        Type::S8 => return "s8".to_owned(),
        Type::S16 => return "s16".to_owned(),
        Type::S32 => return "s32".to_owned(),
        Type::S64 => return "s64".to_owned(),
        Type::F32 => return "f32".to_owned(),
        Type::F64 => return "f64".to_owned(),
    };
    let definition = &resolve.types[id];
    if let Some(name) = &definition.name {
        return name.clone();
    }
    let of = |kind: &Type| spelled(resolve, kind);
    let or_nothing = |kind: &Option<Type>| kind.as_ref().map_or_else(|| "_".to_owned(), of);
    match &definition.kind {
        TypeDefKind::Option(inner) => format!("option<{}>", of(inner)),
        TypeDefKind::List(inner) => format!("list<{}>", of(inner)),
        TypeDefKind::Result(result) if result.ok.is_none() && result.err.is_none() => {
            "result".to_owned()
        }
        TypeDefKind::Result(result) => match &result.err {
            None => format!("result<{}>", or_nothing(&result.ok)),
            Some(error) => format!("result<{}, {}>", or_nothing(&result.ok), of(error)),
        },
        TypeDefKind::Tuple(tuple) => {
            let types: Vec<String> = tuple.types.iter().map(of).collect();
            format!("tuple<{}>", types.join(", "))
        }
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", of(&Type::Id(*id))),
        TypeDefKind::Handle(Handle::Own(id)) => of(&Type::Id(*id)),
        other => other.as_str().to_owned(),
    }
}
