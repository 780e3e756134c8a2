-- The ledger: what was asked, what was done, what the cloud was told. See agent/ledger.py.
-- Every row that stands here was on disk before anybody acted on it (WAL, synchronous=FULL).

CREATE TABLE command (
    arrival         INTEGER PRIMARY KEY AUTOINCREMENT,       -- the order in which they are taken
    id              TEXT NOT NULL UNIQUE CHECK (id <> ''),   -- the cloud's own id
    device_id       TEXT NOT NULL,
    kind            TEXT NOT NULL,
    body            TEXT NOT NULL,                           -- what came
    body_hash       TEXT NOT NULL,                           -- same id, other hash: a conflict, never a reprint
    payload         TEXT,                                    -- our form of it; NULL: could not be understood
    expires_at_ms   INTEGER NOT NULL,                        -- not started after this moment
    claimed         INTEGER NOT NULL DEFAULT 0,              -- 1: the cloud gave it to us
    state           TEXT NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'issuing', 'issued', 'in_doubt', 'held', 'rejected')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    not_before_ms   INTEGER NOT NULL DEFAULT 0,
    baseline        TEXT,                                    -- the counters before the first byte
    fault           TEXT,                                    -- why the last attempt was lost
    reason          TEXT,                                    -- the same, as a sentence
    evidence        TEXT CHECK (evidence IN ('reply', 'counter', 'reference', 'operator')),
    result          TEXT,
    CHECK (state IN ('queued', 'rejected') OR baseline IS NOT NULL),
    CHECK (state <> 'issued' OR (evidence IS NOT NULL AND result IS NOT NULL)),
    CHECK (state IN ('queued', 'rejected') OR payload IS NOT NULL)
) STRICT;

-- One unresolved command per device: its counters could not prove two.
CREATE UNIQUE INDEX one_unresolved ON command (device_id) WHERE state IN ('issuing', 'in_doubt');
CREATE INDEX waiting ON command (device_id, arrival) WHERE state = 'queued';

-- The audit trail and the outbox. Each row carries the SHA-256 of the row before it.
CREATE TABLE event (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms           INTEGER NOT NULL,
    device_id       TEXT NOT NULL,
    command_id      TEXT REFERENCES command (id),
    name            TEXT NOT NULL,                           -- a trigger, or what else happened
    data            TEXT NOT NULL,
    previous_hash   TEXT NOT NULL,
    hash            TEXT NOT NULL,
    reported_at_ms  INTEGER                                  -- NULL: the cloud has not said yes
) STRICT;
CREATE INDEX outbox ON event (id) WHERE reported_at_ms IS NULL;

CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
WHEN (OLD.id, OLD.at_ms, OLD.device_id, OLD.command_id, OLD.name, OLD.data, OLD.previous_hash, OLD.hash)
  IS NOT (NEW.id, NEW.at_ms, NEW.device_id, NEW.command_id, NEW.name, NEW.data, NEW.previous_hash, NEW.hash)
  OR OLD.reported_at_ms IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TABLE device (
    id              TEXT PRIMARY KEY,
    last_sequence   INTEGER,                                 -- the last SEQ we know the device saw
    health          TEXT NOT NULL DEFAULT '{}'               -- the last state told: an event is written when it changes
) STRICT;
