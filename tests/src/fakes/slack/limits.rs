//! What Slack refuses in blocks.

use std::collections::HashSet;

use serde_json::Value;

const BLOCKS_MAX: usize = 50;
const BLOCKS_TEXT_MAX: usize = 13_000;
const SECTION_TEXT_MAX: usize = 3_000;
const FIELDS_MAX: usize = 10;
const FIELD_TEXT_MAX: usize = 2_000;
const HEADER_TEXT_MAX: usize = 150;
const MARKDOWN_TEXT_MAX: usize = 12_000;
const ACTIONS_MAX: usize = 25;
const CONTEXT_MAX: usize = 10;
const BUTTON_TEXT_MAX: usize = 75;
const VALUE_MAX: usize = 2_000;
const URL_MAX: usize = 3_000;
const ID_MAX: usize = 255;
const PLACEHOLDER_MAX: usize = 150;
const OPTIONS_MAX: usize = 100;
const OVERFLOW_MAX: usize = 5;
const OPTION_TEXT_MAX: usize = 75;
const OPTION_VALUE_MAX: usize = 150;
const ATTACHMENTS_MAX: usize = 100;

/// Why a message is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) error: &'static str,
    pub(super) messages: Vec<String>,
}

/// Looks at the blocks of a message, also at those inside its attachments.
pub(super) fn check(blocks: &Value, attachments: &Value) -> Result<(), Refusal> {
    let mut checker = Checker::default();
    checker.blocks(blocks, "/blocks");
    let attached = items(attachments);
    if !attachments.is_null() && attachments.as_array().is_none() {
        checker.wrong("/attachments", "must be an array");
    }
    if attached.len() > ATTACHMENTS_MAX {
        return Err(Refusal {
            error: "too_many_attachments",
            messages: Vec::new(),
        });
    }
    for (at, attachment) in attached.iter().enumerate() {
        let pointer = format!("/attachments/{at}/blocks");
        checker.blocks(&attachment["blocks"], &pointer);
    }
    checker.done()
}

#[derive(Default)]
struct Checker {
    wrong: Vec<String>,
    block_ids: HashSet<String>,
    text: usize,
}

impl Checker {
    fn done(self) -> Result<(), Refusal> {
        if !self.wrong.is_empty() {
            return Err(Refusal {
                error: "invalid_blocks",
                messages: self.wrong,
            });
        }
        if self.text > BLOCKS_TEXT_MAX {
            return Err(Refusal {
                error: "msg_blocks_too_long",
                messages: Vec::new(),
            });
        }
        Ok(())
    }

    fn wrong(&mut self, pointer: &str, what: &str) {
        self.wrong
            .push(format!("[ERROR] {what} [json-pointer:{pointer}]"));
    }

    fn blocks(&mut self, blocks: &Value, pointer: &str) {
        if blocks.is_null() {
            return;
        }
        let Some(list) = blocks.as_array() else {
            return self.wrong(pointer, "must be an array");
        };
        if list.len() > BLOCKS_MAX {
            self.wrong(pointer, "no more than 50 items allowed");
        }
        for (at, block) in list.iter().enumerate() {
            self.block(block, &format!("{pointer}/{at}"));
        }
    }

    fn block(&mut self, block: &Value, at: &str) {
        self.length(&block["block_id"], 0, ID_MAX, &format!("{at}/block_id"));
        if let Some(id) = block["block_id"].as_str().filter(|id| !id.is_empty())
            && !self.block_ids.insert(id.to_owned())
        {
            self.wrong(at, "`block_id` already exists");
        }
        match block["type"].as_str().unwrap_or_default() {
            "section" => self.section(block, at),
            "header" => self.plain(&block["text"], HEADER_TEXT_MAX, &format!("{at}/text")),
            "actions" => self.actions(block, at),
            "context" => self.context(block, at),
            "markdown" => self.required(&block["text"], MARKDOWN_TEXT_MAX, &format!("{at}/text")),
            "image" => {
                self.required(&block["alt_text"], VALUE_MAX, &format!("{at}/alt_text"));
                self.length(&block["image_url"], 0, URL_MAX, &format!("{at}/image_url"));
            }
            "divider" | "rich_text" | "video" | "file" | "input" | "table" => {}
            other => self.wrong(at, &format!("unsupported type: {other}")),
        }
    }

    fn section(&mut self, block: &Value, at: &str) {
        let fields = &block["fields"];
        if block["text"].is_null() && fields.is_null() {
            self.wrong(at, "missing required field: text");
        }
        if !block["text"].is_null() {
            self.text(&block["text"], SECTION_TEXT_MAX, &format!("{at}/text"));
        }
        let list = items(fields);
        if !fields.is_null() && (list.is_empty() || list.len() > FIELDS_MAX) {
            self.wrong(&format!("{at}/fields"), "must have 1 to 10 items");
        }
        for (n, field) in list.iter().enumerate() {
            self.text(field, FIELD_TEXT_MAX, &format!("{at}/fields/{n}"));
        }
        if !block["accessory"].is_null() {
            self.element(&block["accessory"], &format!("{at}/accessory"));
        }
    }

    fn actions(&mut self, block: &Value, at: &str) {
        let elements = items(&block["elements"]);
        if elements.is_empty() || elements.len() > ACTIONS_MAX {
            self.wrong(&format!("{at}/elements"), "must have 1 to 25 items");
        }
        let mut ids = HashSet::new();
        for (n, element) in elements.iter().enumerate() {
            let at = format!("{at}/elements/{n}");
            self.element(element, &at);
            if let Some(id) = element["action_id"].as_str()
                && !ids.insert(id)
            {
                self.wrong(&at, "`action_id` already exists");
            }
        }
    }

    fn context(&mut self, block: &Value, at: &str) {
        let elements = items(&block["elements"]);
        if elements.is_empty() || elements.len() > CONTEXT_MAX {
            self.wrong(&format!("{at}/elements"), "must have 1 to 10 items");
        }
        for (n, element) in elements.iter().enumerate() {
            if element["type"] != "image" {
                self.text(element, FIELD_TEXT_MAX, &format!("{at}/elements/{n}"));
            }
        }
    }

    fn element(&mut self, element: &Value, at: &str) {
        self.length(&element["action_id"], 1, ID_MAX, &format!("{at}/action_id"));
        match element["type"].as_str().unwrap_or_default() {
            "button" => self.button(element, at),
            "static_select" | "multi_static_select" => self.select(element, at),
            "overflow" => self.options(&element["options"], OVERFLOW_MAX, &format!("{at}/options")),
            "image"
            | "users_select"
            | "channels_select"
            | "conversations_select"
            | "datepicker"
            | "timepicker"
            | "checkboxes"
            | "radio_buttons" => {}
            other => self.wrong(at, &format!("unsupported type: {other}")),
        }
    }

    fn button(&mut self, button: &Value, at: &str) {
        self.plain(&button["text"], BUTTON_TEXT_MAX, &format!("{at}/text"));
        self.length(&button["value"], 0, VALUE_MAX, &format!("{at}/value"));
        self.length(&button["url"], 0, URL_MAX, &format!("{at}/url"));
        let style = &button["style"];
        if !style.is_null() && style != "primary" && style != "danger" {
            self.wrong(&format!("{at}/style"), "must be `primary` or `danger`");
        }
    }

    fn select(&mut self, select: &Value, at: &str) {
        if !select["placeholder"].is_null() {
            let pointer = format!("{at}/placeholder");
            self.plain(&select["placeholder"], PLACEHOLDER_MAX, &pointer);
        }
        let groups = &select["option_groups"];
        if groups.is_null() {
            return self.options(&select["options"], OPTIONS_MAX, &format!("{at}/options"));
        }
        for (n, group) in items(groups).iter().enumerate() {
            let at = format!("{at}/option_groups/{n}");
            self.plain(&group["label"], OPTION_TEXT_MAX, &format!("{at}/label"));
            self.options(&group["options"], OPTIONS_MAX, &format!("{at}/options"));
        }
    }

    fn options(&mut self, options: &Value, max: usize, at: &str) {
        let list = items(options);
        if list.is_empty() || list.len() > max {
            self.wrong(at, &format!("must have 1 to {max} items"));
        }
        for (n, option) in list.iter().enumerate() {
            self.text(&option["text"], OPTION_TEXT_MAX, &format!("{at}/{n}/text"));
            let pointer = format!("{at}/{n}/value");
            self.length(&option["value"], 1, OPTION_VALUE_MAX, &pointer);
            if option["value"].is_null() {
                self.wrong(&pointer, "missing required field: value");
            }
        }
    }

    /// A text object without formatting.
    fn plain(&mut self, text: &Value, max: usize, at: &str) {
        if text["type"] != "plain_text" {
            self.wrong(at, "must be a plain_text object");
        }
        self.required(&text["text"], max, at);
    }

    /// A text object of either kind.
    fn text(&mut self, text: &Value, max: usize, at: &str) {
        if text["type"] != "plain_text" && text["type"] != "mrkdwn" {
            self.wrong(at, "must be a text object");
        }
        self.required(&text["text"], max, at);
    }

    fn required(&mut self, text: &Value, max: usize, at: &str) {
        if text.as_str().is_none() {
            self.wrong(at, "missing required field: text");
        }
        self.text += text.as_str().map_or(0, |text| text.chars().count());
        self.length(text, 1, max, at);
    }

    fn length(&mut self, text: &Value, min: usize, max: usize, at: &str) {
        let Some(text) = text.as_str() else {
            if !text.is_null() {
                self.wrong(at, "must be a string");
            }
            return;
        };
        // Counting bytes comes first, as it is cheap and nearly always enough.
        if text.len() > max && text.chars().count() > max {
            self.wrong(at, &format!("must be less than {} characters", max + 1));
        }
        if text.len() < min {
            self.wrong(at, &format!("must be more than {} characters", min - 1));
        }
    }
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// Fills in the ids that were left out, as Slack does. `number` makes them different from each other.
pub(super) fn fill_ids(blocks: &mut Value, number: u64) {
    let blocks = blocks.as_array_mut().into_iter().flatten();
    for (n, block) in blocks.enumerate() {
        if block["block_id"].as_str().is_none_or(str::is_empty) && block.is_object() {
            block["block_id"] = Value::String(format!("b{number}x{n}"));
        }
        let Some(block) = block.as_object_mut() else {
            continue;
        };
        for (name, value) in block.iter_mut() {
            match (name.as_str(), value) {
                ("accessory", element) => fill_action(element, number, 0),
                ("elements", Value::Array(elements)) => {
                    for (m, element) in elements.iter_mut().enumerate() {
                        fill_action(element, number, m);
                    }
                }
                (_, _) => {}
            }
        }
    }
}

fn fill_action(element: &mut Value, number: u64, n: usize) {
    let kind = element["type"].as_str().unwrap_or_default();
    let acts = matches!(
        kind,
        "button" | "static_select" | "multi_static_select" | "overflow"
    );
    if acts && element["action_id"].is_null() {
        element["action_id"] = Value::String(format!("a{number}x{n}"));
    }
}
