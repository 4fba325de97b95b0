//! What each modifier means, in a sentence, for lists and documentation.

use crate::Modifier;

impl Modifier {
    /// What it does to the values of its item. Source: the Sigma specification, appendix on modifiers.
    pub fn summary(self) -> &'static str {
        match self {
            Modifier::All => "All values must match, not just one of them.",
            Modifier::Neq => "The value must differ.",
            Modifier::Base64 => "The value is encoded as Base64 before it is compared.",
            Modifier::Base64Offset => {
                "The value is looked for in Base64 text, at each of its three possible offsets."
            }
            Modifier::Cased => "The comparison regards the case of letters.",
            Modifier::Cidr => "The field is an address in this network.",
            Modifier::Contains => "The value stands anywhere in the field.",
            Modifier::Startswith => "The field starts with the value.",
            Modifier::Endswith => "The field ends with the value.",
            Modifier::Exists => "The field is there (true) or is not (false), whatever it holds.",
            Modifier::Expand => "`%names%` in the value are placeholders that a pipeline fills in.",
            Modifier::Fieldref => "The value is the name of another field, whose value is compared with.",
            Modifier::Gt => "The field is greater than the number.",
            Modifier::Gte => "The field is the number or greater.",
            Modifier::Lt => "The field is less than the number.",
            Modifier::Lte => "The field is the number or less.",
            Modifier::Re => "The value is a regular expression.",
            Modifier::IgnoreCase => "The regular expression disregards the case of letters.",
            Modifier::Multiline => "In the regular expression `^` and `$` match at each line.",
            Modifier::Dotall => "In the regular expression `.` also matches a line break.",
            Modifier::Utf16 => {
                "The value is encoded as UTF-16 with a byte order mark; an encoding step follows."
            }
            Modifier::Utf16be => "The value is encoded as UTF-16, big end first; an encoding step follows.",
            Modifier::Wide => "The value is encoded as UTF-16, little end first; an encoding step follows.",
            Modifier::Windash => {
                "A dash before a parameter stands for every character that Windows takes for one."
            }
            Modifier::Minute => "The minute of the field's timestamp.",
            Modifier::Hour => "The hour of the field's timestamp.",
            Modifier::Day => "The day of the month of the field's timestamp.",
            Modifier::Week => "The week of the year of the field's timestamp.",
            Modifier::Month => "The month of the field's timestamp.",
            Modifier::Year => "The year of the field's timestamp.",
        }
    }
}
