//! The text format of OpenMetrics, read as strictly as its text says, so that what a test has read any monitor can read.
//! <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>

use std::collections::{BTreeMap, BTreeSet};

/// What a bot said of itself in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposition {
    samples: BTreeMap<Series, f64>,
}

/// A name with its labels, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
}

/// What belongs to one name.
#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: String,
    samples: Vec<(Series, f64)>,
}

impl Exposition {
    /// Reads all of a text.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and in which line.
    pub fn parse(text: &str) -> Result<Exposition, String> {
        let body = text.strip_suffix("# EOF\n");
        let body = body.ok_or("it does not end with `# EOF`")?;
        let (mut families, mut names) = (Vec::<Family>::new(), BTreeSet::new());
        for line in body.lines() {
            let told = |why: String| format!("{why}: `{line}`");
            if let Some(meta) = line.strip_prefix("# ") {
                let (word, rest) = meta
                    .split_once(' ')
                    .ok_or_else(|| told("half a line".into()))?;
                let (name, value) = rest
                    .split_once(' ')
                    .ok_or_else(|| told("half a line".into()))?;
                if families.last().is_none_or(|family| family.name != name) {
                    if !is_name(name) || !names.insert(name.to_owned()) {
                        return Err(told("no name, or one that was there before".into()));
                    }
                    let name = name.to_owned();
                    families.push(Family {
                        name,
                        ..Family::default()
                    });
                }
                let family = families
                    .last_mut()
                    .ok_or_else(|| told("no family".into()))?;
                family.describe(word, value).map_err(told)?;
            } else {
                let family = families
                    .last_mut()
                    .ok_or_else(|| told("no family".into()))?;
                let (series, value) = sample(line).map_err(told)?;
                family.suffix(&series).map_err(told)?;
                family.samples.push((series, value));
            }
        }
        let mut samples = BTreeMap::new();
        for family in families {
            family.check()?;
            for (series, value) in family.samples {
                if samples.insert(series.clone(), value).is_some() {
                    return Err(format!("it is there twice: {series:?}"));
                }
            }
        }
        Ok(Exposition { samples })
    }

    /// The value of a series that has exactly these labels; none if it is not there.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (name, labels) = (name.to_owned(), labels.collect());
        self.samples.get(&Series { name, labels }).copied()
    }

    /// The value, or zero: a counter of something that has not happened need not be there.
    pub fn count(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.get(name, labels).unwrap_or(0.0)
    }

    /// All values of a label.
    pub fn values(&self, label: &str) -> BTreeSet<&str> {
        let series = self.samples.keys();
        series
            .filter_map(|series| Some(series.labels.get(label)?.as_str()))
            .collect()
    }

    /// All names.
    pub fn names(&self) -> BTreeSet<&str> {
        self.samples
            .keys()
            .map(|series| series.name.as_str())
            .collect()
    }
}

impl Family {
    fn describe(&mut self, word: &str, value: &str) -> Result<(), String> {
        if !self.samples.is_empty() {
            return Err("what a name means comes after it".to_owned());
        }
        match word {
            "HELP" if value.contains('\\') => Err("an escape that need not be there".to_owned()),
            "HELP" => Ok(()),
            "TYPE" if !self.kind.is_empty() => Err("a second type".to_owned()),
            "TYPE" if ["counter", "gauge", "histogram", "info"].contains(&value) => {
                value.clone_into(&mut self.kind);
                Ok(())
            }
            "UNIT" if self.name.ends_with(&format!("_{value}")) => Ok(()),
            _ => Err("no such line".to_owned()),
        }
    }

    /// What a series is called after the name of its family.
    fn suffix(&self, series: &Series) -> Result<(), String> {
        let suffix = series
            .name
            .strip_prefix(&self.name)
            .unwrap_or("of another family");
        let fits = match self.kind.as_str() {
            "counter" => suffix == "_total",
            "gauge" => suffix.is_empty(),
            "info" => suffix == "_info",
            "histogram" => ["_sum", "_count", "_bucket"].contains(&suffix),
            _ => false,
        };
        let bounded = series.labels.contains_key("le");
        match fits && bounded == (suffix == "_bucket") {
            true => Ok(()),
            false => Err(format!(
                "it does not belong to the {} `{}`",
                self.kind, self.name
            )),
        }
    }

    fn check(&self) -> Result<(), String> {
        for (series, value) in &self.samples {
            if self.kind == "counter" && (!value.is_finite() || *value < 0.0) {
                return Err(format!("a count that is none: {series:?} {value}"));
            }
        }
        if self.kind != "histogram" {
            return Ok(());
        }
        let mut buckets: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for (series, value) in &self.samples {
            let mut labels = series.labels.clone();
            if let Some(bound) = labels.remove("le") {
                let bound = number(&bound)?;
                buckets.entry(labels).or_default().push((bound, *value));
            } else if series.name.ends_with("_count") {
                counts.insert(labels, *value);
            }
        }
        for (labels, buckets) in &buckets {
            let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
            let last = buckets.last().copied();
            let whole = last == counts.get(labels).map(|count| (f64::INFINITY, *count));
            if !whole || !buckets.windows(2).all(rises) {
                return Err(format!("the buckets of {} {labels:?} are none", self.name));
            }
        }
        match buckets.len() == counts.len() {
            true => Ok(()),
            false => Err(format!("{} has counts without buckets", self.name)),
        }
    }
}

fn sample(line: &str) -> Result<(Series, f64), String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, mut rest) = line.split_at(end);
    if !is_name(name) {
        return Err("no name".to_owned());
    }
    let mut labels = BTreeMap::new();
    if let Some(mut text) = rest.strip_prefix('{') {
        loop {
            let (label, value, after) = one_label(text)?;
            if labels.insert(label, value).is_some() {
                return Err("a label twice".to_owned());
            }
            match after.strip_prefix(',') {
                Some(more) => text = more,
                None => break rest = after.strip_prefix('}').ok_or("no end of the labels")?,
            }
        }
    }
    let value = number(rest.strip_prefix(' ').ok_or("no value")?)?;
    let name = name.to_owned();
    Ok((Series { name, labels }, value))
}

/// A label, its value, and what comes after it.
fn one_label(text: &str) -> Result<(String, String, &str), String> {
    let (label, text) = text.split_once("=\"").ok_or("no label")?;
    if !is_name(label) || label.contains(':') {
        return Err("no label".to_owned());
    }
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((label.to_owned(), value, &text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                _ => return Err("an escape that is none".to_owned()),
            },
            other => value.push(other),
        }
    }
    Err("a label without an end".to_owned())
}

fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn number(text: &str) -> Result<f64, String> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            text.parse().map_err(|_| format!("`{text}` is no number"))
        }
        _ => Err(format!("`{text}` is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_is_read() {
        let text = "# HELP a_b Things.\n# TYPE a_b counter\na_b_total{x=\"1\\n\\\"\\\\\",y=\"\"} 3\na_b_total 2\n\
            # TYPE t_seconds histogram\n# UNIT t_seconds seconds\nt_seconds_sum 1.5\nt_seconds_count 2\n\
            t_seconds_bucket{le=\"0.1\"} 1\nt_seconds_bucket{le=\"+Inf\"} 2\n# TYPE g gauge\ng -1.0\n# EOF\n";
        let read = Exposition::parse(text).unwrap();
        assert_eq!(
            read.get("a_b_total", &[("y", ""), ("x", "1\n\"\\")]),
            Some(3.0)
        );
        assert_eq!(read.get("a_b_total", &[]), Some(2.0));
        assert_eq!(read.get("a_b_total", &[("x", "1")]), None);
        assert_eq!(read.values("le"), ["+Inf", "0.1"].into());
    }

    #[test]
    fn what_is_wrong_is_not() {
        for wrong in [
            "",
            "# TYPE a counter\na_total 1\n",
            "a_total 1\n# EOF\n",
            "# TYPE a counter\na 1\n# EOF\n",
            "# TYPE a counter\na_total -1\n# EOF\n",
            "# TYPE a counter\na_total NaN\n# EOF\n",
            "# TYPE a counter\na_total 1\na_total 1\n# EOF\n",
            "# TYPE a counter\na_total 1\n# TYPE b gauge\nb 1\n# TYPE a counter\n# EOF\n",
            "# TYPE a counter\na_total{x=\"1} 1\n# EOF\n",
            "# TYPE a counter\na_total{x=\"\\t\"} 1\n# EOF\n",
            "# TYPE a counter\na_total{x=\"1\",x=\"2\"} 1\n# EOF\n",
            "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n",
            "# TYPE a gauge\n\na 1\n# EOF\n",
            "# TYPE a-b gauge\na-b 1\n# EOF\n",
            "# TYPE a histogram\na_sum 1\na_count 2\na_bucket{le=\"+Inf\"} 1\n# EOF\n",
            "# TYPE a histogram\na_sum 1\na_count 2\na_bucket{le=\"1\"} 2\n# EOF\n",
            "# TYPE a histogram\na_sum 1\na_count 2\na_bucket{le=\"1\"} 3\na_bucket{le=\"+Inf\"} 2\n# EOF\n",
            "# TYPE a histogram\na_sum 1\na_count 2\n# EOF\n",
        ] {
            assert!(Exposition::parse(wrong).is_err(), "{wrong}");
        }
    }
}
