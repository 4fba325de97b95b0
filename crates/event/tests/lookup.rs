//! Fields by name and path, on a tape written by hand.

use sigyn_event::{EventBuf, FieldPath, Resolved};

/// `{"a.b":1,"a":{"b":"x","c":[{"d":"y"},{"d":[null,"z"]},"s"]},"n":null,"twice":1,"twice":2}`, an alias `other`
/// for `a.b`'s flat value, `a` mounted, and an additional value for `n`.
fn sample() -> EventBuf {
    let mut buf = EventBuf::new();
    let key = |buf: &mut EventBuf, name: &str| Some(buf.store(name));
    buf.begin_map(None);
    let k = key(&mut buf, "a.b");
    let flat = buf.push_int(k, 1);
    let k = key(&mut buf, "a");
    let a = buf.begin_map(k);
    let k = key(&mut buf, "b");
    buf.push_str(k, "x");
    let k = key(&mut buf, "c");
    buf.begin_list(k);
    buf.begin_map(None);
    let k = key(&mut buf, "d");
    buf.push_str(k, "y");
    buf.end();
    buf.begin_map(None);
    let k = key(&mut buf, "d");
    buf.begin_list(k);
    buf.push_null(None);
    buf.push_str(None, "z");
    buf.end();
    buf.end();
    buf.push_str(None, "s");
    buf.end();
    buf.end();
    let k = key(&mut buf, "n");
    buf.push_null(k);
    for value in [1, 2] {
        let k = key(&mut buf, "twice");
        buf.push_int(k, value);
    }
    buf.end();
    buf.begin_additional();
    let k = key(&mut buf, "n");
    buf.push_str(k, "decoded");
    let other = buf.store("other");
    buf.alias(other, flat);
    buf.mount(a);
    buf
}

fn check(field: &str, expect: &str) {
    let buf = sample();
    let (mut seen, mut out) = (Vec::new(), String::new());
    let resolved = buf.event("").visit(&FieldPath::new(field), &mut |value| {
        out.clear();
        value.write_json(&mut out);
        seen.push(out.clone());
    });
    assert_eq!(seen.join(" "), expect, "{field}");
    assert_eq!(resolved == Resolved::Present, !expect.is_empty(), "{field}");
}

#[test]
fn names_paths_lists_aliases_and_mounts_resolve() {
    check("a.b", "1");
    check("a.c.d", r#""y" [null,"z"]"#);
    check("a.c", r#"[{"d":"y"},{"d":[null,"z"]},"s"]"#);
    check("n", r#"null "decoded""#);
    check("twice", "1 2");
    check("other", "1");
    check("b", r#""x""#);
    check("c.d", r#""y" [null,"z"]"#);
    check("A.b", "");
    check("a.b.c", "");
    check("missing", "");
}

#[test]
fn leaves_are_all_scalars_and_the_buffer_is_used_again() {
    let mut buf = sample();
    assert_eq!(buf.event("").leaves().count(), 10);
    buf.clear();
    assert_eq!(buf.event("").leaves().count(), 0);
    assert_eq!(buf.event("").root().iter().count(), 0);
    let k = Some(buf.input_text(0, 1));
    buf.begin_map(None);
    let outside = buf.input_text(3, 9);
    buf.push_text(k, outside);
    buf.end();
    let mut out = String::new();
    buf.event("k\"\n").write_json(&mut out);
    assert_eq!(out, r#"{"k":""}"#);
}
