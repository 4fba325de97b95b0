//! Whether Python's `re.compile` takes a pattern (the reference's verdict).

/// An error says why not.
pub(crate) fn check(text: &str) -> Result<(), String> {
    match regex_syntax::ast::parse::Parser::new().parse(text) {
        Ok(_) => Ok(()),
        Err(error) => fancy_regex::Expr::parse_tree(text).map(|_| ()).map_err(|_| error.kind().to_string()),
    }
}
