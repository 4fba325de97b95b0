-- What bodies of detections begin with: of recorded events thousands begin alike, and each was 700 bytes.
CREATE TABLE hunt_texts (
    hunt INTEGER NOT NULL REFERENCES hunts ON DELETE CASCADE,
    n INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (hunt, n)
) STRICT, WITHOUT ROWID;

-- The number of such a text, in front of the body; none if that is whole.
ALTER TABLE hunt_detections ADD COLUMN begins INTEGER;
