//! Whatever a document holds, and wherever the cursor stands, there is an answer, and soon.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

mod common;

use std::path::Path;

use common::{RULE, workspace};
use proptest::prelude::*;
use sigyn_lsp::Workspace;
use sigyn_lsp::actions::{actions, fix_all};
use sigyn_lsp::complete::complete;
use sigyn_lsp::hover::hover;
use sigyn_lsp::navigate::{definition, references, symbols, workspace_symbols};
use sigyn_lsp::preview::{Wanted, preview};
use sigyn_lsp::rename::rename;
use sigyn_lsp::text::{Change, Encoding, Position, Text};

const PATH: &str = "/rules/a.yml";

const PIECES: &[&str] = &[
    "detection:\n    a: {b: [c, {d: e}], 'f': \"g}\", h\n    condition: a and (1 of b* or not\n",
    "action: global\nlogsource: {product: windows\n---\naction: repeat\n---\n",
    "correlation:\n    rules: [a, 'b\n    aliases:\n        x:\n            a: b\n    condition: a and\n",
    "filter:\n    rules: any\n    condition: not 1 of them\n    _x: |\n\n  y\n",
    "tags:\n- attack.😀\n-\n  - - attack.\n\t- x\n# sigyn: allow(a, )\r\n? [a]\n: b\r",
    "&a [*a, !!x 'y]\n<<: *a\n%TAG\n...\n--- |\n|",
];

/// Asks everything at an offset.
fn ask(workspace: &Workspace, offset: usize) {
    let path = Path::new(PATH);
    let text = workspace.text(path).unwrap().as_str();
    let within =
        |range: &std::ops::Range<usize>| assert!(text.get(range.clone()).is_some(), "{range:?} of {text:?}");
    hover(workspace, path, offset, &[]).into_iter().for_each(|found| within(&found.range));
    let found = complete(workspace, path, offset);
    within(&found.replace);
    definition(workspace, path, offset).iter().for_each(|site| within(&site.range));
    references(workspace, path, offset, true).iter().for_each(|site| within(&site.range));
    rename(workspace, path, offset, "other").into_iter().flatten().for_each(|range| within(&range));
}

/// Asks what is about the whole document.
fn ask_whole(workspace: &mut Workspace) {
    let path = Path::new(PATH);
    let checked = workspace.check(path);
    let workspace = &*workspace;
    let text = workspace.text(path).unwrap().as_str();
    for action in actions(workspace, path, &checked, &(0..text.len())) {
        assert!(action.edits.iter().all(|edit| text.get(edit.range.clone()).is_some()), "{action:?}");
    }
    assert!(fix_all(workspace, path).is_none_or(|edit| text.get(edit.range).is_some()));
    symbols(workspace, path);
    workspace_symbols(workspace, "a");
    let _ = preview(workspace, path, &Wanted { target: "splunk".to_owned(), ..Wanted::default() });
}

fn boundaries(text: &str) -> impl Iterator<Item = usize> {
    (0..=text.len()).filter(|at| text.is_char_boundary(*at))
}

#[test]
fn half_typed_documents_are_answered_for() {
    let mut workspace = workspace(&[]);
    for piece in PIECES.iter().copied().chain([RULE]) {
        for end in boundaries(piece) {
            workspace.open(Path::new(PATH), &piece[..end]);
            ask(&workspace, end);
            if end % 16 == 0 {
                ask_whole(&mut workspace);
            }
        }
        (0..=piece.len() + 1).for_each(|at| ask(&workspace, at));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_of_any_pieces_are_answered_for(
        picks in proptest::collection::vec((0..PIECES.len() + 1, any::<proptest::sample::Index>(), "[ -~\u{e4}\u{1F600}\n\t\"'{}\\[\\]:|#-]{0,12}"), 1..5),
        at in any::<proptest::sample::Index>(),
    ) {
        let mut text = String::new();
        for (pick, cut, more) in picks {
            let piece = PIECES.get(pick).copied().unwrap_or(RULE);
            let ends: Vec<usize> = boundaries(piece).collect();
            text.push_str(&piece[..*cut.get(&ends)]);
            text.push_str(&more);
        }
        let mut workspace = workspace(&[("/rules/b.yml", RULE)]);
        workspace.open(Path::new(PATH), &text);
        let all: Vec<usize> = boundaries(&text).collect();
        ask(&workspace, *at.get(&all));
        ask_whole(&mut workspace);
    }

    #[test]
    fn changes_of_any_place_are_made(
        content in "[a\u{e4}\u{1F600}\r\n]{0,24}",
        places in proptest::collection::vec((0..9_u32, 0..9_u32, 0..9_u32, 0..9_u32, "[a\u{1F600}\n]{0,3}"), 0..6),
    ) {
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let mut text = Text::new(content.as_str(), encoding);
            for (a, b, c, d, with) in &places {
                let range = Some((Position { line: *a, character: *b }, Position { line: *c, character: *d }));
                text = text.changed(&Change { range, text: with.clone() });
            }
            let (start, end) = (text.position(0), text.position(text.as_str().len()));
            prop_assert_eq!((text.offset(start), text.offset(end)), (0, text.as_str().len()));
        }
    }
}

/// What costs more than its length is told by a text that is long: with the square of it, each of these took minutes.
#[test]
fn long_documents_take_no_longer_than_they_are() {
    let start = std::time::Instant::now();
    let line = |line: &str| line.repeat(120_000 / line.len());
    let deep: String = (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let texts = [
        format!("detection:\n{}", line("  condition:\n")),
        format!("detection:\n{}", line("  a: b\n")),
        format!("detection:\n  a: b\n  condition: {}", line("a and ")),
        format!("detection:\n  a: [{}", line("a, ")),
        format!("detection:\n  a: {}", line("{")),
        format!("title: {}\ndetection:\n", line("x")),
        format!("detection:\n  {}: x\n", line("ä😀")),
        format!("detection:\n  sel:\n    {}: x\n", line("a|")),
        format!("logsource:\n  product: windows\n{}", line("---\n")),
        format!("tags:\n{}detection:\n", line("- attack.t1\n")),
        format!("detection:\n{deep}"),
        format!("detection:\n{}", line("  - - - -\n")),
        format!("detection:\n  a: '{}", line("\n\n  # x")),
    ];
    for text in texts {
        let mut workspace = workspace(&[]);
        workspace.open(Path::new(PATH), &text);
        for offset in [text.len() / 2, text.len()] {
            let offset = boundaries(&text).take_while(|at| *at <= offset).last().unwrap();
            ask(&workspace, offset);
        }
        ask_whole(&mut workspace);
    }
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}
