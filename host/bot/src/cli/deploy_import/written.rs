//! A text in TOML that people will read and change: tables, each with comments above it.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use witbot_core::printable;

/// The text so far.
#[derive(Debug, Default)]
pub struct Written(String);

impl Written {
    /// Writes a comment, in one line. Whatever is in it, it stays a comment.
    pub fn comment(&mut self, line: &str) {
        let _ = writeln!(self.0, "# {}", printable::line(line));
    }

    /// Writes a table that stands at this place, and ends with an empty line.
    ///
    /// # Errors
    ///
    /// When it holds what TOML has no word for.
    pub fn table(
        &mut self,
        place: &[&str],
        table: &impl Serialize,
    ) -> Result<(), toml::ser::Error> {
        self.0 += &toml::to_string(&At { place, table })?;
        self.0.push('\n');
        Ok(())
    }

    /// Ends a paragraph of comments.
    pub fn gap(&mut self) {
        self.0.push('\n');
    }

    /// The whole.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// A table with all the tables around it, in the order of its fields.
struct At<'a, T> {
    place: &'a [&'a str],
    table: &'a T,
}

impl<T: Serialize> Serialize for At<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some((name, place)) = self.place.split_first() else {
            return self.table.serialize(serializer);
        };
        let table = self.table;
        serializer.collect_map([(name, At { place, table })])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        let mut written = Written::default();
        written.comment("one\nline = 1");
        let table = BTreeMap::from([("key", "two\nlines")]);
        written.table(&["a", "b c", "d.e"], &table).unwrap();
        let expected = "# one line = 1\n[a.\"b c\".\"d.e\"]\nkey = \"\"\"\ntwo\nlines\"\"\"\n\n";
        assert_eq!(written.into_text(), expected);
    }
}
