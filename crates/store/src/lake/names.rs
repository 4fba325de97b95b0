//! The names of fields: the keys that lead to a value, as one text.

/// The name of the value behind these keys. `.` stands between keys; in them it is written `\.`, and so are `\`, `:` and a
/// leading `_`, which mean something in the lake. A key that is empty is written `\e`.
pub fn field_name<'k>(keys: impl IntoIterator<Item = &'k str>) -> String {
    let mut name = String::new();
    for key in keys {
        push_key(&mut name, key);
    }
    name
}

/// Adds a key to a name, which is empty if it is the first.
pub(super) fn push_key(name: &mut String, key: &str) {
    let is_first = name.is_empty();
    if !is_first {
        name.push('.');
    }
    if key.is_empty() {
        name.push_str("\\e");
    }
    if is_first && key.starts_with('_') {
        name.push('\\');
    }
    if !key.contains(['.', '\\', ':']) {
        name.push_str(key);
        return;
    }
    for c in key.chars() {
        if matches!(c, '.' | '\\' | ':') {
            name.push('\\');
        }
        name.push(c);
    }
}

/// The keys of a name.
pub fn field_path(name: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => keys.push(String::new()),
            '\\' => {
                let escaped = chars.next().filter(|c| *c != 'e');
                keys.last_mut().into_iter().for_each(|key| key.extend(escaped));
            }
            c => keys.last_mut().into_iter().for_each(|key| key.push(c)),
        }
    }
    keys
}

/// Behind the name of a field: its values that are no texts.
pub(super) const JSON: &str = ":json";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_what_people_would_write() {
        let check = |keys: &[&str], name: &str| {
            assert_eq!(field_name(keys.iter().copied()), name);
            assert_eq!(field_path(name), keys);
        };
        check(&["Image"], "Image");
        check(&["process", "name"], "process.name");
        check(&["process.name"], "process\\.name");
        check(&["_time"], "\\_time");
        check(&["a", "_b"], "a._b");
        check(&["a:json"], "a\\:json");
        check(&["", "e", ""], "\\e.e.\\e");
        check(&["C:\\x"], "C\\:\\\\x");
    }

    proptest! {
        #[test]
        fn any_keys_come_back(keys in prop::collection::vec("[._:\\\\eaé ]{0,4}", 1..4)) {
            let name = field_name(keys.iter().map(String::as_str));
            prop_assert_eq!(field_path(&name), keys);
            prop_assert!(!name.starts_with('_') && !name.contains(":json"));
        }
    }
}
