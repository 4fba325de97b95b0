//! Inputs of every shape through reader and decoder: what comes out, and that nothing makes them panic.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Cursor, Write};

use proptest::prelude::*;
use sigyn_readers::{Decoder, Reader, Step, Unread, Why};

/// Shape, records and damage of an input, and the values of a field in its events.
fn read(bytes: Vec<u8>, field: &str) -> (Vec<String>, u64, Vec<String>) {
    let path = sigyn_event::FieldPath::new(field);
    let mut decoder = Decoder::new(None);
    let (mut shapes, mut damaged, mut values) = (Vec::new(), 0, Vec::new());
    for step in Reader::new("x", Cursor::new(bytes)) {
        match step {
            Step::Batch(batch) => {
                let outcome = decoder.decode(&batch, &mut |_, event| {
                    let mut text = String::new();
                    if let Some(value) = event.first(&path) {
                        sigyn_event::write_scalar(&mut text, value);
                    }
                    values.push(text);
                    true
                });
                shapes.push(format!("{} {}", batch.member.path, batch.member.shape.name));
                damaged += outcome.damaged;
            }
            Step::Unread(Unread { path, why: Why::NoShape(_) }) => shapes.push(format!("{path} unknown")),
            Step::Unread(_) => damaged += 1,
        }
    }
    (shapes, damaged, values)
}

fn check(bytes: impl Into<Vec<u8>>, field: &str, shape: &str, damaged: u64, values: &[&str]) {
    let bytes = bytes.into();
    let shown = String::from_utf8_lossy(&bytes).into_owned();
    let got = read(bytes, field);
    let shapes: Vec<String> = if shape.is_empty() { Vec::new() } else { vec![format!("x {shape}")] };
    assert_eq!(
        (got.0, got.1, got.2.iter().map(String::as_str).collect::<Vec<_>>()),
        (shapes, damaged, values.to_vec()),
        "{shown}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A zip archive as tools that stream write it: lengths stand behind the members.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in members {
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        let packed = packer.finish().unwrap();
        out.extend([b'P', b'K', 3, 4, 20, 0, 8, 0, 8, 0, 0, 0, 0, 0]);
        out.extend([0; 12]);
        out.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend([0, 0]);
        out.extend(name.as_bytes());
        out.extend(&packed);
        out.extend([b'P', b'K', 7, 8]);
        out.extend([0; 12]);
    }
    out.extend([b'P', b'K', 1, 2]);
    out
}

#[test]
fn json_comes_in_lines_arrays_wrappers_and_sequences() {
    check("{\"a\":1}\n\n{\"a\":2}\r\n{\"a\":3}", "a", "JSON", 0, &["1", "2", "3"]);
    check("\u{feff}{\"a\":1}\n{\"a\":2}\n", "a", "JSON", 0, &["1", "2"]);
    check("[{\"a\":1},\n {\"a\":2}]", "a", "JSON", 0, &["1", "2"]);
    check("{\"a\":1}{\"a\":2} {\"a\":3}", "a", "JSON", 0, &["1", "2", "3"]);
    check("{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n", "a", "JSON", 0, &["1", "2"]);
    check("{\"Records\":[{\"a\":1},{\"a\":2}],\"next\":\"{\"}", "a", "JSON", 0, &["1", "2"]);
    check("{\"hits\":{\"hits\":[{\"_source\":{\"a\":1}}]}}", "a", "JSON", 0, &["1"]);
}

#[test]
fn one_broken_record_costs_no_other() {
    check("{\"a\":1}\n{\"a\":\n{\"a\":3}\n", "a", "JSON", 1, &["1", "3"]);
    check("{\"a\":1}\n{\"a\":2} x\n{\"a\":3}\n", "a", "JSON", 1, &["1", "3"]);
    check(
        "[\n {\n  \"a\": 1\n },\n {\n  \"a\": \"x\n },\n {\n  \"a\": 3\n }\n]",
        "a",
        "JSON",
        1,
        &["1", "3"],
    );
    check("[{\"a\":1},{\"a\":tru},{\"a\":3}]", "a", "JSON", 1, &["1", "3"]);
    check(
        "{\"a\":1}\n{\"a\":\"\u{ff}\"}\n"
            .bytes()
            .map(|b| if b == 0xbf { 0xff } else { b })
            .collect::<Vec<_>>(),
        "a",
        "JSON",
        0,
        &["1", "\u{fffd}\u{fffd}"],
    );
    check("a,b,c\n1,2,3\n1,2,3,4\n5,6,7\n", "a", "CSV", 1, &["1", "5"]);
    // A lost line end, and a lost beginning.
    check("{\"a\":1}\n{\"a\":\"x{\"a\":3}\n{\"a\":4}\n", "a", "JSON", 1, &["1", "3", "4"]);
    check("\0\0\0\":1}\n{\"a\":2}\n{\"a\":3}\n", "a", "JSON lines", 1, &["2", "3"]);
}

#[test]
fn other_shapes_are_told_and_read() {
    check("a,b,c\n1,\"x\ny\",3\n4,5,6\n", "b", "CSV", 0, &["x\ny", "5"]);
    check(
        "<Events><Event><System><EventID>1</EventID></System></Event>\n<Event><System><EventID>2</EventID></System></Event></Events>",
        "EventID",
        "event XML",
        0,
        &["1", "2"],
    );
    check(
        "Nov 21 19:26:09 h sysmon: <Event><System><EventID>1</EventID></System></Event>\n",
        "EventID",
        "Sysmon for Linux",
        0,
        &["1"],
    );
    check(
        "1.1.1.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.1\" 200 1\nrubbish\n",
        "cs-uri-stem",
        "Apache/nginx access log",
        0,
        &["/a", ""],
    );
    // Carried as text by records that tell nothing of the request themselves.
    let carried = r#"1.1.1.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a?b=1 HTTP/1.1\" 200 1"#;
    let records = [
        format!("{{\"host\":{{\"name\":\"h\"}},\"message\":\"{carried}\"}}"),
        r#"{"host":{"name":"h"},"message":"hello"}"#.to_owned(),
        format!("{{\"log\":\"<190>Nov 21 19:26:09 web1 nginx: {carried}\\n\"}}"),
        format!("{{\"http\":{{}},\"message\":\"{carried}\"}}"),
    ];
    check(records.join("\n"), "cs-uri-query", "JSON", 0, &["b=1", "", "b=1", ""]);
    check(format!("[{}]", records.join(",")), "src_ip", "JSON", 0, &["1.1.1.1", "", "1.1.1.1", ""]);
    check("words\nand words\n", "a", "unknown", 0, &[]);
    check("", "a", "", 0, &[]);
}

/// Whatever looks at members for each member would be at this for minutes.
#[test]
fn objects_of_very_many_members_are_read_in_one_walk() {
    for names in [["Threat Name", "Source Name"], ["SourceName", "EventCode"], ["host", "Hostname"]] {
        let members: Vec<_> = (0..200_000).map(|at| format!(r#""{}":"x{at}""#, names[at % 2])).collect();
        let line = format!("{{{}}}\n", members.join(","));
        let (_, damaged, values) = read(line.into_bytes(), names[0]);
        assert_eq!((damaged, values), (0, vec!["x0".to_owned()]), "{names:?}");
    }
}

#[test]
fn packing_is_taken_off() {
    check(gzip(b"{\"a\":1}\n"), "a", "JSON", 0, &["1"]);
    let cut = gzip("{\"a\":1}\n".repeat(20_000).as_bytes());
    let (_, damaged, values) = read(cut[..cut.len() - 20].to_vec(), "a");
    // The line that is cut in two, and the end.
    assert!(damaged == 2 && values.len() > 1_000, "{damaged} {}", values.len());
    let archive = zip(&[
        ("d/", b""),
        ("one.json", b"{\"a\":1}\n"),
        ("__MACOSX/x", b"{}"),
        ("two.gz", &gzip(b"{\"a\":2}\n")),
    ]);
    let (shapes, damaged, values) = read(archive, "a");
    assert_eq!(
        (shapes, damaged, values),
        (
            vec!["x!one.json JSON".to_owned(), "x!two.gz JSON".to_owned()],
            0,
            vec!["1".to_owned(), "2".to_owned()]
        )
    );
}

#[test]
fn batches_end_between_records() {
    let filler = "x".repeat(300);
    for (open, between, close) in
        [("", "\n", "\n"), ("[", ",", "]"), ("[\n", ",\n", "\n]"), ("{\"Records\":[", ",", "]}")]
    {
        let records: Vec<String> =
            (0..20_000).map(|at| format!("{{\"a\":{at},\"f\":\"{filler}\\\"}}\"}}")).collect();
        let (_, damaged, values) = read(format!("{open}{}{close}", records.join(between)).into_bytes(), "a");
        let expect: Vec<String> = (0..20_000).map(|at| at.to_string()).collect();
        assert!(damaged == 0 && values == expect, "{open:?}: {damaged} damaged, {} read", values.len());
    }
}

/// Beginnings that lead into each decoding.
const HEADS: &[&[u8]] = &[
    b"",
    b"{\"a\":",
    b"[{\"a\":1},",
    b"{\"Records\":[{",
    b"a,b,c\n1,2,3\n",
    b"<Event><System>",
    b"<Events><Event><System><Provider Name='",
    b"type=SYSCALL msg=audit(1.0:1): a0=\"",
    b"Nov 21 19:26:09 h sshd[1]: ",
    b"<13>1 2026-11-21T19:26:09Z h a - - [x y=\"",
    b"1.1.1.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /%",
    b"\x1f\x8b\x08\0\0\0\0\0",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"\xff\xfe{\0",
    b"ElfFile\0",
];

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(head in 0..HEADS.len(), tail in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        read([HEADS[head], &tail].concat(), "a");
    }

    #[test]
    fn no_text_makes_a_reader_panic(head in 0..HEADS.len(), tail in "[a-z\"\\\\{}\\[\\]:, \n%=<>/&;#x0-9']{0,400}") {
        read([HEADS[head], tail.as_bytes()].concat(), "a");
    }

    #[test]
    fn a_chunk_of_anything_does_not_panic(records in proptest::collection::vec(any::<u8>(), 0..4_000), at in 0..65_000_usize) {
        let mut file = vec![0; 4096 + 65_536];
        file[..8].copy_from_slice(b"ElfFile\0");
        file[4096..4104].copy_from_slice(b"ElfChnk\0");
        file[4608..4612].copy_from_slice(b"**\0\0");
        let end = (at + records.len()).min(65_536);
        file[4096 + at..4096 + end].copy_from_slice(&records[..end - at]);
        read(file, "a");
    }
}
