//! The id is not a random UUID.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8132,
        name: "id-not-random",
        summary: "The id is no UUID of version 4.",
        help: "Generate a random one, for example with `uuidgen`.",
    },
    severity: Severity::Note,
    like: None,
    why: "Ids that are counted up or made of names collide with those of others.",
    example: Example {
        flagged: "id: 11111111-1111-1111-1111-111111111111",
        clean: "id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(id) = &cx.meta().id else { return };
    let (version, variant) = (id.as_bytes().get(14), id.as_bytes().get(19));
    let is_random = version == Some(&b'4') && matches!(variant, Some(b'8' | b'9' | b'a' | b'b'));
    if !is_random {
        report.at(cx.place("id"), "the id is no UUID of version 4");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "id: 5f1abf38-3b1a-1b7a-8c42-5d5b0f2d0a11", &["5f1abf38-3b1a-1b7a-8c42-5d5b0f2d0a11"]);
        check(&super::CHECK, "id:", &[]);
    }
}
