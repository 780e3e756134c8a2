-- Version 2 of the ledger: what goes to the cloud, kept as it was first sent. See agent/ledger_outbox.py.
-- A new ledger gets schema.sql and this; an old one gets this when it is next opened.

-- An event can need several uploads. Its reported_at_ms is set when none of them waits any more.
CREATE TABLE upload (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id        INTEGER NOT NULL REFERENCES event (id),
    command_id      TEXT,
    call            TEXT NOT NULL,                           -- a call of config/cloud_profiles.toml
    fate            TEXT NOT NULL DEFAULT 'waiting'
                    CHECK (fate IN ('waiting', 'paused', 'done', 'final', 'aside', 'moot')),
    parts           TEXT NOT NULL,                           -- what fills the call's route
    idempotency     TEXT NOT NULL,
    body            TEXT,                                    -- NULL until it is first sent, then never changed
    body_hash       TEXT,
    reason          TEXT,                                    -- the cloud's own words, where it said no
    UNIQUE (event_id, call),
    CHECK ((body IS NULL) = (body_hash IS NULL)),
    CHECK (fate IN ('waiting', 'paused', 'moot') OR body IS NOT NULL)
) STRICT;
CREATE INDEX upload_open ON upload (fate, event_id, id) WHERE fate IN ('waiting', 'paused', 'aside');

CREATE TRIGGER upload_is_frozen BEFORE UPDATE ON upload
WHEN OLD.body IS NOT NULL
  AND (OLD.event_id, OLD.call, OLD.parts, OLD.idempotency, OLD.body, OLD.body_hash)
  IS NOT (NEW.event_id, NEW.call, NEW.parts, NEW.idempotency, NEW.body, NEW.body_hash)
BEGIN SELECT RAISE(ABORT, 'what was sent is not changed'); END;

CREATE TRIGGER upload_is_never_deleted BEFORE DELETE ON upload
BEGIN SELECT RAISE(ABORT, 'uploads are kept'); END;

CREATE INDEX event_of_command ON event (command_id, id);
