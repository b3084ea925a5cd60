//! Changes to the settings file by the bot's own commands: lines are added, and all that is there stays as it was written.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use toml_edit::{Array, DocumentMut, Item, Table, Value};
use witbot_core::ids::PluginName;

/// The text with more grants for a plugin. Each line is one of `[plugins.NAME.grants]`, such as
/// `kv = [{ max_bytes = 1024 }]`; a list that is there already becomes longer.
///
/// # Errors
/// The text is not TOML, or has something else where grants are to be.
pub fn with_grants(text: &str, plugin: &PluginName, lines: &[String]) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let grants = grants(&mut document, plugin)?;
    for line in lines {
        let line: DocumentMut = line.parse()?;
        for (capability, entries) in line.iter() {
            let entries = entries.as_array().context("a grant is a list")?;
            add(grants, capability, entries)
                .with_context(|| format!("plugins.{plugin}.grants.{capability}"))?;
        }
    }
    Ok(document.to_string())
}

/// The table of grants of a plugin, which is made if it is missing.
fn grants<'d>(
    document: &'d mut DocumentMut,
    plugin: &PluginName,
) -> anyhow::Result<&'d mut dyn toml_edit::TableLike> {
    let mut item = document.as_item_mut();
    for (key, has_header) in [
        ("plugins", false),
        (plugin.as_str(), false),
        ("grants", true),
    ] {
        let table = item
            .as_table_like_mut()
            .with_context(|| format!("what `{key}` is to be in is no table"))?;
        let dotted = table.is_dotted();
        item = table.entry(key).or_insert_with(|| {
            let mut new = Table::new();
            new.set_implicit(!has_header);
            // Nothing with a header can be in what is written with dots.
            new.set_dotted(dotted);
            Item::Table(new)
        });
    }
    item.as_table_like_mut()
        .with_context(|| format!("`plugins.{plugin}.grants` is no table"))
}

fn add(
    grants: &mut dyn toml_edit::TableLike,
    capability: &str,
    entries: &Array,
) -> anyhow::Result<()> {
    let Some(list) = grants.get_mut(capability) else {
        grants.insert(capability, Item::Value(Value::Array(entries.clone())));
        return Ok(());
    };
    match list {
        Item::Value(Value::Array(list)) => {
            entries.iter().for_each(|entry| push(list, entry.clone()));
            Ok(())
        }
        Item::ArrayOfTables(tables) => {
            for entry in entries {
                let entry = entry.as_inline_table().context("a grant is a table")?;
                tables.push(entry.clone().into_table());
            }
            Ok(())
        }
        _ => bail!("it is not a list"),
    }
}

/// Adds an entry, on a line of its own where the others have theirs. What stands behind the last entry stays there.
fn push(list: &mut Array, mut entry: Value) {
    let comma = list.trailing_comma();
    let last = list.len().checked_sub(1).and_then(|at| list.get_mut(at));
    let Some(last) = last.map(Value::decor_mut) else {
        entry.decor_mut().clear();
        return list.push_formatted(entry);
    };
    let text = |raw: Option<&toml_edit::RawString>| {
        raw.and_then(toml_edit::RawString::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (before, mut behind) = (text(last.prefix()), text(last.suffix()));
    last.set_suffix("");
    if comma {
        behind = text(Some(list.trailing()));
    }
    // Comments above the last entry are about that one, and those behind it as well.
    let prefix = match before.rsplit_once('\n') {
        Some((_, indent)) => format!("{}\n{indent}", behind.trim_end()),
        None => " ".to_owned(),
    };
    let end = match behind.rsplit_once('\n') {
        Some((_, indent)) => format!("\n{indent}"),
        None => String::new(),
    };
    let (suffix, trailing) = if comma { ("", &*end) } else { (&*end, "") };
    entry.decor_mut().set_prefix(prefix);
    entry.decor_mut().set_suffix(suffix);
    list.push_formatted(entry);
    list.set_trailing(trailing);
    list.set_trailing_comma(comma);
}

/// Replaces a file whole, or makes it, with the permissions and the owner that it had. `before` is what the change was made
/// from; none if there was no file.
///
/// # Errors
/// It was changed meanwhile, or cannot be written.
pub fn replace(path: &Path, before: Option<&str>, after: &str) -> anyhow::Result<()> {
    // Behind a link stands the file that is meant.
    let path = match before {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_owned(),
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let name = path
        .file_name()
        .context("it has no name")?
        .to_string_lossy();
    let unfinished = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = write(&unfinished, &path, before.is_some(), after)
        .with_context(|| format!("cannot write into the folder {}", folder.display()))
        .and_then(|()| {
            unchanged(&path, before)?;
            fs::rename(&unfinished, &path).map_err(anyhow::Error::from)
        });
    if written.is_err() {
        // It may not be there.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn write(unfinished: &Path, path: &Path, exists: bool, text: &str) -> io::Result<()> {
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(unfinished)?;
    file.write_all(text.as_bytes())?;
    if exists {
        let old = fs::metadata(path)?;
        let new = file.metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            chown(unfinished, Some(old.uid()), Some(old.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))?;
    }
    file.sync_all()
}

fn unchanged(path: &Path, before: Option<&str>) -> anyhow::Result<()> {
    let now = match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    if now.as_deref() == before.map(str::as_bytes) {
        return Ok(());
    }
    Err(anyhow!(
        "it was changed meanwhile, and nothing was written: say it again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn added(text: &str, lines: &[&str]) -> String {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let added = with_grants(text, &"deploy".parse().unwrap(), &lines).unwrap();
        let path = Path::new("witbot.toml");
        let settings = crate::settings::Settings::parse(&added, path);
        assert!(settings.is_ok(), "{added}");
        added
    }

    const KV: &str = "kv = [{ max_bytes = 1024 }]";
    const CHANNEL: &str = r#"chat = [{ channel = "ops" }]"#;

    #[test]
    fn a_file_without_the_plugin_gets_a_table_at_its_end() {
        insta::assert_snapshot!(added("# Ours.\nname = \"bot\" # Not witbot.\n\n[listen]\n", &[KV, CHANNEL]), @r#"
        # Ours.
        name = "bot" # Not witbot.

        [listen]

        [plugins.deploy.grants]
        kv = [{ max_bytes = 1024 }]
        chat = [{ channel = "ops" }]
        "#);
        insta::assert_snapshot!(added("", &[KV]), @"
        [plugins.deploy.grants]
        kv = [{ max_bytes = 1024 }]
        ");
    }

    #[test]
    fn lists_grow_in_their_own_manner_and_comments_stay() {
        let text = r#"[plugins.deploy.settings]
a = 1

[plugins.deploy.grants] # What it may do.
kv = [{ max_bytes = 1 }] # Little.
chat = [
    # The team.
    { channel = "deploys" },
    # Everybody.
    { channel = "general" }, # Loud.
]

# Another.
[plugins.hello.settings]
"#;
        insta::assert_snapshot!(added(text, &[KV, CHANNEL, r#"http = [{ host = "a.example.com" }]"#]), @r#"
        [plugins.deploy.settings]
        a = 1

        [plugins.deploy.grants] # What it may do.
        kv = [{ max_bytes = 1 }, { max_bytes = 1024 }] # Little.
        chat = [
            # The team.
            { channel = "deploys" },
            # Everybody.
            { channel = "general" }, # Loud.
            { channel = "ops" },
        ]
        http = [{ host = "a.example.com" }]

        # Another.
        [plugins.hello.settings]
        "#);
    }

    #[test]
    fn a_list_that_has_no_comma_at_its_end_gets_none() {
        let text = r#"[plugins.deploy.grants]
chat = [
  { channel = "deploys" } # Ours.
  # And no other.
  ]
kv = [ { max_bytes = 1 } ]
"#;
        insta::assert_snapshot!(added(text, &[KV, CHANNEL]), @r#"
        [plugins.deploy.grants]
        chat = [
          { channel = "deploys" }, # Ours.
          # And no other.
          { channel = "ops" }
          ]
        kv = [ { max_bytes = 1 }, { max_bytes = 1024 }]
        "#);
    }

    #[test]
    fn every_way_to_write_grants_can_be_added_to() {
        for text in [
            "[[plugins.deploy.grants.kv]]\nmax_bytes = 1\n",
            "[plugins.deploy]\ngrants = { kv = [{ max_bytes = 1 }] }\n",
            "[plugins]\ndeploy = { grants = { kv = [{ max_bytes = 1 }] } }\n",
            "[plugins]\ndeploy = { settings = { a = 1 } }\n",
            "plugins = { deploy = { settings = { a = 1 } } }\n",
            "plugins.deploy.grants.kv = [{ max_bytes = 1 }]\n",
            "plugins.deploy.settings.a = 1\n",
            "plugins = { }\n",
            "[plugins.deploy.grants]\nkv = []\n",
            "[plugins.deploy]\nsettings.a = 1\n",
        ] {
            let added = added(text, &[KV, CHANNEL]);
            assert!(added.contains("1024") && added.contains("ops"), "{added}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let name: PluginName = "deploy".parse().unwrap();
        for text in [
            "plugins = 1",
            "[plugins]\ndeploy = 1",
            "[plugins.deploy]\ngrants = 1",
            "[plugins.deploy.grants]\nkv = 1",
            "[plugins",
        ] {
            assert!(
                with_grants(text, &name, &[KV.to_owned()]).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_file_keeps_its_permissions_and_is_not_written_over_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witbot.toml");
        fs::write(&path, "a").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).unwrap();

        replace(&link, Some("a"), "b").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());

        let refusal = replace(&path, Some("a"), "c").unwrap_err().to_string();
        assert!(refusal.contains("changed meanwhile"), "{refusal}");
        let refusal = replace(&path, None, "c").unwrap_err().to_string();
        assert!(refusal.contains("changed meanwhile"), "{refusal}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);

        let new = folder.path().join("new.toml");
        replace(&new, None, "d").unwrap();
        assert_eq!(fs::read_to_string(&new).unwrap(), "d");
    }
}
