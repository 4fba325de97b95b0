//! A modifier changes nothing.

use sigyn_ir::{Modifier, SigmaString};

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8421,
        name: "modifier-without-effect",
        summary: "A modifier changes nothing about the values it stands at.",
        help: "Remove it, or correct the values.",
    },
    severity: Severity::Note,
    like: None,
    why: "Who reads the rule takes it for more than it does; perhaps a value is missing something.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|endswith: '*b'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|endswith: b\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items().filter(|(_, item)| !item.modifiers.is_empty() && cx.written(item).next().is_some()) {
        for modifier in &item.modifiers {
            if let Some(fits) = effectless(*modifier)
                && !(*modifier == Modifier::Contains && item.modifiers.contains(&Modifier::Base64Offset))
                && cx.written(item).all(|text| text.as_ref().is_some_and(fits))
            {
                let key = cx.item_key_place(item);
                let place = cx.find(key, &format!("|{modifier}")).unwrap_or(key);
                report.at(place, format!("`{modifier}` changes nothing here"));
            }
        }
    }
}

/// What values look like that a modifier does not change.
fn effectless(modifier: Modifier) -> Option<fn(&SigmaString) -> bool> {
    Some(match modifier {
        Modifier::Contains => |text| text.starts_with_many() && text.ends_with_many(),
        Modifier::Startswith => SigmaString::ends_with_many,
        Modifier::Endswith => SigmaString::starts_with_many,
        Modifier::Cased => |text| !text.has_case(),
        Modifier::Windash => |text| !text.has_text(|c| matches!(c, '-' | '/')),
        Modifier::Expand => |text| !text.has_text(|c| c == '%'),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|contains|windash:\n            - b\n            - c\n    condition: selection\n", &["|windash"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|cased: '1-2'\n    condition: selection\n", &["|cased"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|startswith:\n            - 'b*'\n            - c\n    condition: selection\n", &[]);
    }
}
