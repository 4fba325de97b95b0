//! The targets of Elasticsearch and OpenSearch: what they print by default, and what the reference prints.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod eql;
mod formats;
mod lucene;
mod support;
