//! The types of arguments: how each is spelled, checked, and brought into the one form that plugins get.

use std::fmt;

use super::Kind;
use crate::ids::{ChannelId, UserId};

impl Kind {
    /// All of them, in the order in which they are explained.
    pub const ALL: [Kind; 8] = [
        Kind::Word,
        Kind::Text,
        Kind::Integer,
        Kind::Number,
        Kind::Boolean,
        Kind::Duration,
        Kind::User,
        Kind::Channel,
    ];

    /// As a usage spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Word => "word",
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Boolean => "boolean",
            Kind::Duration => "duration",
            Kind::User => "user",
            Kind::Channel => "channel",
        }
    }

    /// What people are told that it must be.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Kind::Word => "a word",
            Kind::Text => "a text",
            Kind::Integer => "a whole number",
            Kind::Number => "a number such as `2` or `0.5`",
            Kind::Boolean => "`yes` or `no`",
            Kind::Duration => "a length of time such as `90s`, `15m` or `1h30m`",
            Kind::User => "a person such as `@name`",
            Kind::Channel => "a channel such as `#name`",
        }
    }

    /// The value in the form that plugins get, if it is one.
    pub(super) fn normal(self, value: &str) -> Option<String> {
        let value = match self {
            Kind::Text => return Some(value.trim_end().to_owned()),
            _ => unquoted(value),
        };
        match self {
            Kind::Word | Kind::Text => Some(value.to_owned()),
            Kind::Integer => value.parse::<i64>().ok().map(|number| number.to_string()),
            Kind::Number => decimal(value),
            Kind::Boolean => boolean(value).map(|yes| yes.to_string()),
            Kind::Duration => milliseconds(value).map(|length| length.to_string()),
            Kind::User => group_in(value)
                .unwrap_or_else(|| id_in(value, '@'))
                .parse::<UserId>()
                .ok()
                .filter(|id| !id.as_str().starts_with(['<', '@', '#']))
                .map(String::from),
            Kind::Channel => id_in(value, '#')
                .parse::<ChannelId>()
                .ok()
                .filter(|id| !id.as_str().starts_with(['<', '@']))
                .map(String::from),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Keyboards of phones and Macs turn straight quotation marks into bent ones.
pub(super) const QUOTES: [char; 3] = ['"', '“', '”'];

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix(QUOTES)
        .and_then(|rest| rest.strip_suffix(QUOTES))
        .unwrap_or(value)
}

/// Digits are kept as they were typed, since a binary number could not hold them all.
fn decimal(value: &str) -> Option<String> {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", value.strip_prefix('+').unwrap_or(value)),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    let all_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if digits.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    Some(match fraction.trim_end_matches('0') {
        "" if whole == "0" => "0".to_owned(),
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}

fn boolean(value: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is(["true", "yes", "on"]) {
        Some(true)
    } else if is(["false", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

/// `90s`, `1h30m`: whole numbers, each with its unit.
pub fn milliseconds(value: &str) -> Option<u64> {
    let mut rest = value;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let factor = match unit.to_ascii_lowercase().as_str() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = tail;
    }
    Some(total).filter(|_| !value.is_empty())
}

/// The id in `<@U123|name>`, the name in `@name`, or else the whole.
fn id_in(value: &str, sign: char) -> &str {
    let inner = value
        .strip_prefix('<')
        .and_then(|rest| rest.strip_prefix(sign))
        .and_then(|rest| rest.strip_suffix('>'));
    match inner {
        Some(inner) => inner.split('|').next().unwrap_or(inner),
        None => value.strip_prefix(sign).unwrap_or(value),
    }
}

/// The id in `<!subteam^S123|@name>`: a group of people is one as well.
fn group_in(value: &str) -> Option<&str> {
    let inner = value.strip_prefix("<!subteam^")?.strip_suffix('>')?;
    inner.split('|').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_form() {
        #[rustfmt::skip]
        let table = [
            (Kind::Word, "API", Some("API")),
            (Kind::Word, "\"two words\"", Some("two words")),
            (Kind::Word, "“two words”", Some("two words")),
            (Kind::Text, "\"kept\" as it is ", Some("\"kept\" as it is")),
            (Kind::Integer, "+007", Some("7")),
            (Kind::Integer, "-3", Some("-3")),
            (Kind::Integer, "3.0", None),
            (Kind::Integer, "9223372036854775808", None),
            (Kind::Integer, "1_000", None),
            (Kind::Number, "+01.50", Some("1.5")),
            (Kind::Number, "-0.0", Some("0")),
            (Kind::Number, "-.5", Some("-0.5")),
            (Kind::Number, "12345678901234567890.1", Some("12345678901234567890.1")),
            (Kind::Number, "1.", None),
            (Kind::Number, ".", None),
            (Kind::Number, "-", None),
            (Kind::Number, "1e9", None),
            (Kind::Number, "NaN", None),
            (Kind::Boolean, "Yes", Some("true")),
            (Kind::Boolean, "off", Some("false")),
            (Kind::Boolean, "1", None),
            (Kind::Duration, "90s", Some("90000")),
            (Kind::Duration, "1h30M", Some("5400000")),
            (Kind::Duration, "250ms", Some("250")),
            (Kind::Duration, "2d", Some("172800000")),
            (Kind::Duration, "5", None),
            (Kind::Duration, "h", None),
            (Kind::Duration, "5y", None),
            (Kind::Duration, "213503982335d", None),
            (Kind::User, "<@U123>", Some("U123")),
            (Kind::User, "<@U123|ann>", Some("U123")),
            (Kind::User, "@ann", Some("ann")),
            (Kind::User, "U123", Some("U123")),
            (Kind::User, "<#C1|dev>", None),
            (Kind::User, "@", None),
            (Kind::User, "<@W123|Ann Lee>", Some("W123")),
            (Kind::User, "<@>", None),
            (Kind::User, "<@U123", None),
            (Kind::User, "<!subteam^S1|@deployers>", Some("S1")),
            (Kind::User, "<!subteam^S1>", Some("S1")),
            (Kind::User, "<!subteam^|@x>", None),
            (Kind::User, "<!here>", None),
            (Kind::Channel, "<#C1|dev>", Some("C1")),
            (Kind::Channel, "<#C1>", Some("C1")),
            (Kind::Channel, "<#C1|>", Some("C1")),
            (Kind::Channel, "<#|dev>", None),
            (Kind::Channel, "<!subteam^S1|@x>", None),
            (Kind::Channel, "#dev", Some("dev")),
            (Kind::Channel, "dev", Some("dev")),
            (Kind::Channel, "##dev", None),
            (Kind::Channel, "<@U1>", None),
        ];
        for (kind, typed, expected) in table {
            assert_eq!(kind.normal(typed).as_deref(), expected, "{kind} {typed}");
        }
    }
}
