-- Hunts over the lake: what was asked for, how far it is, what it found.
CREATE TABLE hunts (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    rules TEXT NOT NULL,
    chain TEXT,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    made INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    started INTEGER,
    ended INTEGER,
    runs INTEGER NOT NULL DEFAULT 0,
    files INTEGER NOT NULL DEFAULT 0,
    files_all INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0,
    events_all INTEGER NOT NULL DEFAULT 0,
    detections INTEGER NOT NULL DEFAULT 0,
    is_truncated INTEGER NOT NULL DEFAULT 0,
    remarks TEXT NOT NULL DEFAULT '',
    error TEXT
) STRICT;
CREATE INDEX hunts_by_state ON hunts (state, n);

-- Exact counts, also of detections that are too many to be kept.
CREATE TABLE hunt_rules (
    hunt INTEGER NOT NULL REFERENCES hunts ON DELETE CASCADE,
    rule TEXT NOT NULL,
    title TEXT NOT NULL,
    level INTEGER NOT NULL,
    detections INTEGER NOT NULL,
    PRIMARY KEY (hunt, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE hunt_detections (
    hunt INTEGER NOT NULL REFERENCES hunts ON DELETE CASCADE,
    id BLOB NOT NULL,
    rule TEXT NOT NULL,
    title TEXT NOT NULL,
    level INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    group_key TEXT NOT NULL,
    risk INTEGER NOT NULL,
    total INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (hunt, id)
) STRICT;
CREATE INDEX hunt_detections_by_time ON hunt_detections (hunt, ts, id);
