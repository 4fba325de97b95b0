-- What repeats, once: rules, groups, hosts, people.
CREATE TABLE names (
    n INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Numbers only: a million rows are looked through in one go, for counts, histograms and facets. Texts stand in
-- signal_details.
CREATE TABLE signals (
    n INTEGER PRIMARY KEY,
    ts INTEGER NOT NULL,
    level INTEGER NOT NULL,
    status INTEGER NOT NULL,
    verdict INTEGER,
    rule INTEGER NOT NULL,
    tactic INTEGER,
    host INTEGER,
    user INTEGER,
    address INTEGER,
    group_key INTEGER NOT NULL,
    assignee INTEGER,
    risk INTEGER NOT NULL,
    is_retracted INTEGER NOT NULL DEFAULT 0,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    total INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    revision INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX signals_by_time ON signals (ts);
CREATE INDEX signals_by_status ON signals (status, ts);
CREATE INDEX signals_by_rule ON signals (rule, ts);
CREATE INDEX signals_by_level ON signals (level, ts);
CREATE INDEX signals_by_risk ON signals (risk, ts);

CREATE TABLE signal_details (
    n INTEGER PRIMARY KEY REFERENCES signals ON DELETE CASCADE,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    reason TEXT
) STRICT;

-- All entities of a signal, with what it adds to their risk.
CREATE TABLE signal_entities (
    kind INTEGER NOT NULL,
    value INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    n INTEGER NOT NULL REFERENCES signals ON DELETE CASCADE,
    PRIMARY KEY (kind, value, ts, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX signal_entities_by_signal ON signal_entities (n);
CREATE INDEX signal_entities_by_time ON signal_entities (kind, ts);

CREATE TABLE signal_history (
    n INTEGER PRIMARY KEY,
    signal INTEGER NOT NULL REFERENCES signals ON DELETE CASCADE,
    at INTEGER NOT NULL,
    who INTEGER NOT NULL,
    action INTEGER,
    status INTEGER,
    verdict INTEGER,
    assignee INTEGER,
    note TEXT
) STRICT;
CREATE INDEX signal_history_by_signal ON signal_history (signal);

-- Signals as they were chosen, so that a bulk action does what was shown and nothing else.
CREATE TABLE selections (
    n INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    who INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;
CREATE TABLE selection_items (
    selection INTEGER NOT NULL REFERENCES selections ON DELETE CASCADE,
    signal INTEGER NOT NULL,
    PRIMARY KEY (selection, signal)
) STRICT, WITHOUT ROWID;

CREATE TABLE actions (
    n INTEGER PRIMARY KEY,
    selection INTEGER NOT NULL,
    at INTEGER NOT NULL,
    who INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    undone_at INTEGER
) STRICT;
-- What a bulk action found, to be put back.
CREATE TABLE action_items (
    action INTEGER NOT NULL REFERENCES actions ON DELETE CASCADE,
    signal INTEGER NOT NULL,
    status INTEGER NOT NULL,
    verdict INTEGER,
    assignee INTEGER,
    reason TEXT,
    version_after INTEGER NOT NULL,
    PRIMARY KEY (action, signal)
) STRICT, WITHOUT ROWID;
