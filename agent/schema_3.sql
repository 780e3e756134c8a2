-- Version 3 of the ledger: the archive's index. The documents themselves are files. See agent/archive/.

CREATE TABLE document (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    sort            TEXT NOT NULL CHECK (sort IN ('x', 'z', 'mf', 'je', 'p7b_day', 'p7b_register')),
    owner           TEXT NOT NULL,                           -- a fiscal serial, or a NUI
    device_id       TEXT NOT NULL,                           -- ours; '' where nobody is the owner
    z_first         INTEGER,
    z_last          INTEGER,
    at              TEXT NOT NULL,                           -- the device's local time; '' unknown
    name            TEXT NOT NULL,
    sha256          TEXT NOT NULL CHECK (length(sha256) = 64),
    bytes           INTEGER NOT NULL,
    origin          TEXT NOT NULL,
    facts           TEXT NOT NULL,
    taken_at_ms     INTEGER NOT NULL,
    held            INTEGER NOT NULL DEFAULT 0,              -- 1: a legal hold, retention leaves it
    gone_at_ms      INTEGER,                                 -- retention took its bytes
    UNIQUE (sort, owner, sha256),
    CHECK (held = 0 OR gone_at_ms IS NULL)
) STRICT;
CREATE INDEX document_of_z ON document (owner, sort, z_first);

CREATE TRIGGER document_is_never_deleted BEFORE DELETE ON document
BEGIN SELECT RAISE(ABORT, 'documents are kept'); END;

-- The figures of a Z, by each source that told them. Other figures under the same number stay beside
-- the first: that is a finding, not a mistake of ours to mend.
CREATE TABLE z_row (
    owner           TEXT NOT NULL,
    z_number        INTEGER NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('report', 'mf', 'je', 'p7b')),
    digest          TEXT NOT NULL,
    at              TEXT NOT NULL,
    figures         TEXT NOT NULL,
    seen_at_ms      INTEGER NOT NULL,
    PRIMARY KEY (owner, z_number, source, digest)
) STRICT;

-- Documents of the JE whose day is not yet whole; sealed into one document with its Z.
CREATE TABLE je_document (
    owner           TEXT NOT NULL,
    number          INTEGER NOT NULL,
    z_number        INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    at              TEXT NOT NULL,
    receipt_number  INTEGER NOT NULL,
    total           INTEGER,
    tax_id          TEXT NOT NULL,
    reference       TEXT NOT NULL,
    text            BLOB NOT NULL,
    PRIMARY KEY (owner, number)
) STRICT;

-- How far a reading of the device's past has come: 'je' the last document, 'mf' the last Z.
CREATE TABLE archive_place (
    owner           TEXT NOT NULL,
    reading         TEXT NOT NULL,
    number          INTEGER NOT NULL,
    at_ms           INTEGER NOT NULL,
    PRIMARY KEY (owner, reading)
) STRICT;
