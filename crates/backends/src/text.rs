//! What every target does unless it says otherwise: printing from the dialect.

mod boolean;
mod correlation;
mod correlation_parts;
mod field;
mod finish;
mod value;

pub(crate) use boolean::{
    and, at_least, combinations, expr, group, is_list, joined, list, not, not_with, or, stands_bare,
};
pub(crate) use correlation::{
    correlation, correlation_aggregation, correlation_condition, correlation_search,
};
pub(crate) use correlation_parts::{correlation_fields, correlation_group_by, timespan};
pub(crate) use field::{
    field, field_bool, field_cased, field_cidr, field_compare, field_exists, field_expansion, field_null,
    field_query, field_ref, field_regex, field_string, field_time_part, field_token, keyword, keyword_number,
    keyword_regex, keyword_string, time_part,
};
pub(crate) use finish::{finalize, finish, jinja, output, rule};
pub(crate) use value::{
    bare_string, field_name, inner_regex, quotes_string, refuse_backtracking, regex, string, whole_regex,
};
