//! What the targets of Elasticsearch and OpenSearch share.

pub(super) mod siem;
mod threat;
