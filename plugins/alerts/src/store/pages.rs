//! Instances of an alert that do not fit into its value: they stand in pages beside it, written before it and never changed.

use witbot_sdk::{Result, kv};

use crate::alert::{Alert, Pages};
use crate::report::Instance;

/// A value has 64 KiB at the most; this leaves room for all else in it.
const PAGE_BYTES_MAX: usize = 40 << 10;

/// Writes the pages of an alert that needs some, and returns how the alert itself is written.
pub fn write(alert: &mut Alert) -> Result<Vec<u8>> {
    let pages = split(&alert.instances, PAGE_BYTES_MAX)?;
    if let [] | [_] = pages.as_slice() {
        alert.pages = None;
        return Ok(serde_json::to_vec(alert)?);
    }
    let prefix = format!(
        "page/{}/{}-{}/",
        alert.number,
        alert.revision,
        witbot_sdk::flow::random()
    );
    for (index, page) in pages.iter().enumerate() {
        kv::set_bytes(&format!("{prefix}{index}"), page)?;
    }
    alert.pages = Some(Pages {
        prefix,
        count: pages.len(),
    });
    let instances = std::mem::take(&mut alert.instances);
    let head = serde_json::to_vec(alert);
    alert.instances = instances;
    Ok(head?)
}

/// Reads the pages of an alert, and says whether all were there.
pub fn read_into(alert: &mut Alert) -> Result<bool> {
    let Some(pages) = &alert.pages else {
        return Ok(true);
    };
    let mut instances: Vec<Instance> = Vec::new();
    for index in 0..pages.count {
        let Some(page) = kv::get::<Vec<Instance>>(&format!("{}{index}", pages.prefix))? else {
            return Ok(false);
        };
        instances.extend(page);
    }
    alert.instances = instances;
    Ok(true)
}

/// Removes the pages of an alert.
pub fn remove(alert: &Alert) -> Result {
    let Some(pages) = &alert.pages else {
        return Ok(());
    };
    (0..pages.count).try_for_each(|index| kv::delete(&format!("{}{index}", pages.prefix)))
}

/// Lists of instances as JSON, none longer than that unless a single one is.
fn split(instances: &[Instance], most: usize) -> Result<Vec<Vec<u8>>> {
    let mut pages: Vec<Vec<u8>> = Vec::new();
    for instance in instances {
        let one = serde_json::to_vec(instance)?;
        match pages.last_mut() {
            Some(page) if page.len() + one.len() + 2 <= most => page.push(b','),
            _ => pages.push(vec![b'[']),
        }
        if let Some(page) = pages.last_mut() {
            page.extend(one);
        }
    }
    pages.iter_mut().for_each(|page| page.push(b']'));
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::example;

    #[test]
    fn pages_have_all_instances_in_order() {
        let labels: Vec<(&str, &str)> = vec![("instance", "a"), ("job", "node")];
        let labels = vec![labels.as_slice(); 100];
        let alert = example::alert(&labels);
        let pages = split(&alert.instances, 1_000).unwrap();
        assert!(pages.len() > 5);
        assert!(pages.iter().all(|page| page.len() <= 1_001));
        let read = pages
            .iter()
            .flat_map(|page| serde_json::from_slice::<Vec<Instance>>(page).unwrap());
        assert_eq!(read.collect::<Vec<_>>(), alert.instances);
        assert!(split(&[], 1_000).unwrap().is_empty());
    }
}
