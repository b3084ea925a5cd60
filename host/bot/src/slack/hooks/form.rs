//! Forms as browsers send them: `application/x-www-form-urlencoded`.

use serde_json::{Map, Value};

/// The fields of a form; nothing if one is no text. Of fields with the same name the first counts.
pub fn fields(body: &[u8]) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    for field in body
        .split(|byte| *byte == b'&')
        .filter(|field| !field.is_empty())
    {
        let end = field.iter().position(|byte| *byte == b'=');
        let (name, value) = match end {
            Some(end) => (&field[..end], &field[end + 1..]),
            None => (field, &field[field.len()..]),
        };
        let value = Value::String(decoded(value)?);
        fields.entry(decoded(name)?).or_insert(value);
    }
    Some(fields)
}

fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                digit(*high)? << 4 | digit(*low)?
            }
            (b'%', _) => return None,
            (other, _) => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_in_a_form() {
        for (body, expected) in [
            ("", json!({})),
            ("&&", json!({})),
            ("a", json!({"a": ""})),
            ("a=1&b=&=c", json!({"a": "1", "b": "", "": "c"})),
            ("a=1&a=2", json!({"a": "1"})),
            (
                "text=deploy+api%2Fx%20%26+%3D=%2b",
                json!({"text": "deploy api/x & ==+"}),
            ),
            (
                "na%C3%AFve=%F0%9F%9A%80&x=ü",
                json!({"naïve": "🚀", "x": "ü"}),
            ),
        ] {
            let fields = fields(body.as_bytes()).map(Value::Object);
            assert_eq!(fields, Some(expected), "{body}");
        }
    }

    #[test]
    fn what_is_no_form() {
        for body in [
            "a=%",
            "a=%4",
            "a=%4g",
            "a=%+1",
            "%ff=a",
            "a=%C3",
            "a=b&c=%ED%A0%80",
        ] {
            assert_eq!(fields(body.as_bytes()), None, "{body}");
        }
        assert_eq!(fields(b"a=\xff"), None);
    }
}
