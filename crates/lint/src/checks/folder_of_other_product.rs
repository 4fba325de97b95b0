//! The rule stands in the folder of another product.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8705,
        name: "folder-of-other-product",
        summary: "The rule stands in the folder of another product.",
        help: "Move it, or correct its log source.",
    },
    severity: Severity::Note,
    like: None,
    why: "Rules are loaded by folder: where Linux rules are loaded, this one is missing.",
    example: Example {
        flagged: "# path: rules/linux/proc_creation_win_tool.yml",
        clean: "# path: rules/windows/proc_creation_win_tool.yml",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Products that have a folder of their own name.
const PRODUCTS: &[&str] = &["windows", "linux", "macos"];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(product) = cx.rule().and_then(|rule| rule.logsource.product.as_deref()) else { return };
    let folders = || cx.path.rsplit('/').skip(1);
    let other = folders().find(|folder| PRODUCTS.contains(folder) && *folder != product);
    if let Some(other) = other.filter(|_| !folders().any(|folder| folder == product)) {
        let message = format!("a rule for {product} stands in the folder `{other}`");
        report.at(cx.inner_place("logsource", "product"), message);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: rules/macos/x.yml", &["windows"]);
        check(&super::CHECK, "# path: rules/linux/windows/x.yml", &[]);
        check(&super::CHECK, "# path: x.yml", &[]);
    }
}
