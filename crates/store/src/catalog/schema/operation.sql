CREATE TABLE splits (
    n INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    class TEXT NOT NULL,
    hour INTEGER NOT NULL,
    first_ts INTEGER NOT NULL,
    last_ts INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    format INTEGER NOT NULL,
    columns TEXT NOT NULL,
    rest TEXT,
    checksums BLOB NOT NULL,
    made INTEGER NOT NULL,
    is_compacted INTEGER NOT NULL
) STRICT;
CREATE INDEX splits_by_class ON splits (class, last_ts);
CREATE INDEX splits_by_time ON splits (last_ts);

-- How far a reader of the event log has come; moves only from where it stands.
CREATE TABLE progress (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- State of the correlator by shard, with the log position that it belongs to. An owner with an older generation is out.
CREATE TABLE checkpoints (
    shard INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    position BLOB,
    events INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    first_heard INTEGER NOT NULL,
    last_heard INTEGER NOT NULL,
    last_event INTEGER,
    error TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB NOT NULL,
    replayed_at INTEGER
) STRICT;
CREATE INDEX dead_letters_by_reason ON dead_letters (reason, n);
CREATE INDEX dead_letters_by_source ON dead_letters (source, n);

CREATE TABLE rules (
    uid TEXT PRIMARY KEY,
    is_enabled INTEGER NOT NULL,
    overrides TEXT NOT NULL,
    active_from INTEGER,
    filled_until INTEGER,
    error TEXT,
    error_at INTEGER,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    n INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    channel TEXT NOT NULL,
    payload TEXT NOT NULL,
    made INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease INTEGER NOT NULL DEFAULT 0,
    state INTEGER NOT NULL DEFAULT 0,
    done_at INTEGER,
    error TEXT,
    UNIQUE (channel, key)
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due) WHERE state = 0;

CREATE TABLE blocks (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    address TEXT NOT NULL,
    mode INTEGER NOT NULL,
    state INTEGER NOT NULL,
    reason TEXT NOT NULL,
    signal BLOB,
    rule TEXT,
    made INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    until INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    proof TEXT
) STRICT;
CREATE INDEX blocks_by_address ON blocks (address, until);
CREATE INDEX blocks_by_state ON blocks (state, until);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
