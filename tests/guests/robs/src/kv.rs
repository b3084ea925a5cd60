//! What is remembered, by the plugin itself and together with others.

use witbot_sdk::kv::{self, Namespace};
use witbot_sdk::{Event, Result};

pub fn get(event: &Event) -> Result<String> {
    Ok(shown(kv::get_bytes(&event.required("key")?)?))
}

pub fn set(event: &Event) -> Result<String> {
    kv::set_bytes(&event.required("key")?, event.required("value")?.as_bytes())?;
    Ok("it set".to_owned())
}

pub fn get_in(event: &Event) -> Result<String> {
    Ok(shown(space(event)?.get_bytes(&event.required("key")?)?))
}

pub fn set_in(event: &Event) -> Result<String> {
    let value = event.required("value")?;
    space(event)?.set_bytes(&event.required("key")?, value.as_bytes())?;
    Ok("it set".to_owned())
}

pub fn swap_in(event: &Event) -> Result<String> {
    let (space, key) = (space(event)?, event.required("key")?);
    let before = space.get_bytes(&key)?;
    let value = event.required("value")?;
    let swapped = space.replace_bytes(&key, before.as_deref(), value.as_bytes())?;
    Ok(format!("it swapped: {swapped}"))
}

pub fn delete_in(event: &Event) -> Result<String> {
    let space = space(event)?;
    space.delete(&event.required("key")?)?;
    Ok(format!("left: {}", space.keys("", None, 9)?.join(", ")))
}

fn space(event: &Event) -> Result<Namespace> {
    Namespace::open(&event.required("space")?)
}

fn shown(value: Option<Vec<u8>>) -> String {
    value.map_or("nothing".to_owned(), |value| {
        String::from_utf8_lossy(&value).into_owned()
    })
}
