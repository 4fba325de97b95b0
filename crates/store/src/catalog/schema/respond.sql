-- Settings that people make in the page, one document each; what a body holds is the business of who reads it.
CREATE TABLE documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    changed INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Signals that are told together: what there is to tell, and when. No `due`: nothing since it was told last.
CREATE TABLE alert_groups (
    rule TEXT NOT NULL,
    key TEXT NOT NULL,
    due INTEGER,
    told INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (rule, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_groups_by_due ON alert_groups (due) WHERE due IS NOT NULL;

-- Messages of a group are sent in their order.
ALTER TABLE outbox ADD COLUMN grp TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_by_group ON outbox (channel, grp, n) WHERE state = 0;
