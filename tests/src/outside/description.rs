//! GitHub's own description of its interface, as far as Prism does not look: GitHub lets what it does not know pass, and so
//! do most of its schemas, and Prism with them. But a parameter or a field of a wrong name does nothing.

use std::fs;

use serde_json::{Map, Value};

use super::witness::Exchange;
use super::{DESCRIPTION, file};

/// The description.
#[derive(Debug)]
pub struct Description(Value);

/// One thing that can be asked.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// The path, with names in braces.
    pub template: &'a str,
    path: &'a Value,
    operation: &'a Value,
}

impl Description {
    /// Reads it.
    ///
    /// # Panics
    ///
    /// When it is not there.
    pub fn read() -> Description {
        let path = file(DESCRIPTION);
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Description(serde_json::from_slice(&text).expect("it is JSON"))
    }

    /// What a request asks for. Of two paths that fit, the one with the fewest names in it.
    pub fn operation(&self, exchange: &Exchange) -> Option<Operation<'_>> {
        let method = exchange.method.as_str().to_lowercase();
        let paths = self.0["paths"].as_object()?.iter();
        let operations = paths.filter_map(|(template, path)| {
            let operation = path.get(&method)?;
            let names = names_in(template, exchange.uri.path())?;
            let found = Operation {
                template,
                path,
                operation,
            };
            Some((names, found))
        });
        let (_, nearest) = operations.min_by_key(|(names, _)| *names)?;
        Some(nearest)
    }

    /// What a request says that the description does not know.
    pub fn unknown(&self, operation: Operation<'_>, exchange: &Exchange) -> Vec<String> {
        let query = exchange.uri.query().unwrap_or_default().split('&');
        let query = query.filter_map(|pair| pair.split('=').next());
        let parameters = self.parameters(operation);
        let mut unknown: Vec<String> = query
            .filter(|name| !name.is_empty() && !parameters.contains(name))
            .map(|name| format!("the parameter `{name}` is unknown"))
            .collect();
        if let Ok(body) = serde_json::from_slice::<Map<String, Value>>(&exchange.body) {
            let fields = self.fields(operation);
            let strange = body.keys().filter(|name| !fields.contains(&name.as_str()));
            unknown.extend(strange.map(|name| format!("the field `{name}` is unknown")));
        }
        unknown
    }

    /// The names that can stand in the query.
    fn parameters<'a>(&'a self, operation: Operation<'a>) -> Vec<&'a str> {
        let lists = [operation.path, operation.operation].map(|of| of["parameters"].as_array());
        lists
            .into_iter()
            .flatten()
            .flatten()
            .map(|parameter| self.meant(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect()
    }

    /// The names of the fields that can stand in the body.
    fn fields<'a>(&'a self, operation: Operation<'a>) -> Vec<&'a str> {
        let body = self.meant(&operation.operation["requestBody"]);
        let mut fields = Vec::new();
        self.collect(&body["content"]["application/json"]["schema"], &mut fields);
        fields
    }

    fn collect<'a>(&'a self, schema: &'a Value, fields: &mut Vec<&'a str>) {
        let schema = self.meant(schema);
        let properties = schema["properties"].as_object();
        fields.extend(
            properties
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str()),
        );
        for alternatives in ["oneOf", "anyOf", "allOf"] {
            let alternatives = schema[alternatives].as_array();
            for schema in alternatives.into_iter().flatten() {
                self.collect(schema, fields);
            }
        }
    }

    /// What stands at the place that a value points to, if it does.
    fn meant<'a>(&'a self, value: &'a Value) -> &'a Value {
        let place = value["$ref"]
            .as_str()
            .and_then(|place| place.strip_prefix('#'));
        place
            .and_then(|place| self.0.pointer(place))
            .unwrap_or(value)
    }
}

/// How many names of a template a path fills, if it fits.
fn names_in(template: &str, path: &str) -> Option<usize> {
    let (pieces, segments) = (template.split('/'), path.split('/'));
    if pieces.clone().count() != segments.clone().count() {
        return None;
    }
    let mut names = 0;
    for (piece, segment) in pieces.zip(segments) {
        let is_name = piece.starts_with('{') && piece.ends_with('}') && !segment.is_empty();
        if !is_name && piece != segment {
            return None;
        }
        names += usize::from(is_name);
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::names_in;

    #[test]
    fn paths_fit_templates() {
        let template = "/repos/{owner}/{repo}/compare/{basehead}";
        assert_eq!(
            names_in(template, "/repos/acme/api/compare/a...b%2Fc"),
            Some(3)
        );
        assert_eq!(names_in(template, "/repos/acme/api/commits/main"), None);
        assert_eq!(names_in(template, "/repos/acme/api/compare/"), None);
        assert_eq!(names_in(template, "/repos/acme/api/compare/a/b"), None);
        assert_eq!(names_in("/user", "/user"), Some(0));
    }
}
