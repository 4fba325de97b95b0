//! The title ends with a dot.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8102,
        name: "title-ends-with-dot",
        summary: "The title ends with a dot.",
        help: "Remove the dot: a title is no sentence.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_title_end", "SigmahqTitleEndIssue")),
    why: "Titles stand in tables and subjects of messages, where the dot looks like a mistake.",
    example: Example {
        flagged: "title: Suspicious Tool.",
        clean: "title: Suspicious Tool",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.meta().title.ends_with('.') {
        let place = cx.place("title");
        report.with(place, "the title ends with a dot", |found| {
            found.fixed_by("remove the dot", cx.last_char(place, '.'), "")
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "title: 'Foo.'", &["'Foo.'"]);
        check(&super::CHECK, "title: Foo.exe", &[]);
    }
}
