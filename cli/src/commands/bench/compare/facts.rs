//! What is told of an environment, whatever there is: fields that come later are covered.

use std::collections::BTreeMap;

use serde_json::Value;

/// All that is known, by names like `memory.total`.
pub(super) fn facts(value: &Value) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    gather("", value, &mut facts);
    facts
}

fn gather(name: &str, value: &Value, facts: &mut BTreeMap<String, Value>) {
    match value {
        Value::Null => {}
        Value::Array(parts) if parts.is_empty() => {}
        Value::Object(fields) => {
            let below =
                |field: &str| if name.is_empty() { field.to_owned() } else { format!("{name}.{field}") };
            fields.iter().for_each(|(field, value)| gather(&below(field), value, facts));
        }
        leaf => drop(facts.insert(name.to_owned(), leaf.clone())),
    }
}

/// A fact for people; what is not known is a question mark.
pub(super) fn words(value: &Value) -> String {
    match value {
        Value::Null => "?".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(is_so) => if *is_so { "yes" } else { "no" }.to_owned(),
        Value::Array(parts) => parts.iter().map(part).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// One of many, without what is said about it after a colon.
fn part(value: &Value) -> String {
    let mut words = words(value);
    words.truncate(words.find(": ").unwrap_or(words.len()));
    words
}
