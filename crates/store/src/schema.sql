-- Every table of the store, for both databases, in SQLite's words. For PostgreSQL `postgres.rs`
-- reads three words otherwise: an integer has 64 bits, text sorts by its bytes, and tables are
-- always strict. Times are RFC 3339 in UTC with microseconds, so they sort as text. Hashes are
-- lower-case hex. Amounts of loss are in 1e-12, of delta in 1e-18: loss is rho under the account
-- `zcdp` and of a dataset's cap, epsilon under the account `basic`. No floating point, no blobs.

-- Which schema this is; one row.
CREATE TABLE IF NOT EXISTS store (
    id INTEGER PRIMARY KEY CHECK (id = 0), -- always 0
    version INTEGER NOT NULL               -- of this file; another one is not opened
) STRICT;

-- The append-only log: the leaves of an RFC 6962 Merkle tree. Written by `Store::write` alone.
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY, -- the leaf's index in the tree, from 0, without gaps
    at TEXT NOT NULL,        -- when it happened; copied from the entry, as the next three
    actor TEXT NOT NULL,     -- who did it: a local name or a role
    kind TEXT NOT NULL,      -- what happened: `EventKind` in snake_case
    subject TEXT NOT NULL,   -- to what: the id of a permit, application, dataset, ...
    entry TEXT NOT NULL,     -- the canonical JSON, byte for byte what the leaf was hashed from
    leaf TEXT NOT NULL       -- sha256(0x00 || entry)
) STRICT;
CREATE INDEX IF NOT EXISTS event_by_subject ON event (subject, seq);
CREATE INDEX IF NOT EXISTS event_by_kind ON event (kind, seq);

-- The log's head; one row.
CREATE TABLE IF NOT EXISTS tree_head (
    id INTEGER PRIMARY KEY CHECK (id = 0), -- always 0
    size INTEGER NOT NULL,                 -- entries in the log
    root TEXT NOT NULL,                    -- RFC 6962 tree hash of all of them
    edge TEXT NOT NULL                     -- the complete subtrees' hashes, largest first, joined
) STRICT;

-- An application of Articles 67 to 69. States: models/statemachine.json, kept by `permit`.
CREATE TABLE IF NOT EXISTS application (
    id TEXT PRIMARY KEY,      -- such as FR-2026-A-000017
    state TEXT NOT NULL,      -- where it stands
    kind TEXT NOT NULL,       -- data access application or health data request
    payload TEXT NOT NULL,    -- the application as JSON
    applicant TEXT NOT NULL,  -- local name of who applies
    created_at TEXT NOT NULL, -- when it was first kept
    updated_at TEXT NOT NULL  -- when its state or payload last changed
) STRICT;
CREATE INDEX IF NOT EXISTS application_by_state ON application (state, updated_at);

-- One officer's vote on one application.
CREATE TABLE IF NOT EXISTS review (
    application_id TEXT NOT NULL REFERENCES application (id), -- what is judged
    officer TEXT NOT NULL,                                    -- local name of who judges
    verdict TEXT NOT NULL,                                    -- for or against
    reasons TEXT NOT NULL,                                    -- why
    at TEXT NOT NULL,                                         -- when
    PRIMARY KEY (application_id, officer)
) STRICT;

-- A permit. States: GRANTED -> AMENDED, RENEWED, SUSPENDED, REVOKED or EXPIRED.
CREATE TABLE IF NOT EXISTS permit (
    id TEXT PRIMARY KEY,                             -- such as FR-2026-P-000017
    application_id TEXT REFERENCES application (id), -- null where only the signed file came here
    status TEXT NOT NULL,                            -- where it stands
    jws TEXT NOT NULL,                               -- the signed permit, compact
    issued_at TEXT NOT NULL,                         -- when it was signed
    valid_from TEXT NOT NULL,                        -- the first moment it can be used
    valid_to TEXT NOT NULL,                          -- the last
    supersedes TEXT,                                 -- the permit it amends or renews
    dataset TEXT NOT NULL                            -- what it is about
) STRICT;
CREATE INDEX IF NOT EXISTS permit_by_dataset ON permit (dataset, status);

-- A privacy account. It only ever rises: nothing is given back.
CREATE TABLE IF NOT EXISTS account (
    kind TEXT NOT NULL,          -- dataset: the holder's cap; permit: what the body granted
    name TEXT NOT NULL,          -- the dataset's name or the permit's id
    dataset TEXT NOT NULL,       -- whose cap stands behind it; its own name for a dataset
    loss_total INTEGER NOT NULL, -- 1e-12
    loss_spent INTEGER NOT NULL, -- 1e-12; of a dataset: granted to permits
    delta_total INTEGER NOT NULL, -- 1e-18
    delta_spent INTEGER NOT NULL, -- 1e-18
    loss_per_query_max INTEGER,  -- 1e-12; null for a dataset
    PRIMARY KEY (kind, name),
    CONSTRAINT account_kind CHECK (kind IN ('dataset', 'permit')),
    CONSTRAINT account_loss CHECK (loss_spent BETWEEN 0 AND loss_total),
    CONSTRAINT account_delta CHECK (delta_spent BETWEEN 0 AND delta_total)
) STRICT;

-- One charge to a permit's account. States: reserved -> released or failed; both keep the charge.
CREATE TABLE IF NOT EXISTS reservation (
    id INTEGER PRIMARY KEY,        -- the last one's plus 1, given inside the transaction
    permit_id TEXT NOT NULL,       -- who pays
    idempotency_key TEXT NOT NULL, -- of the request; a retry has the same
    plan_sha256 TEXT NOT NULL,     -- of the canonical plan and its parameters
    loss INTEGER NOT NULL,         -- what was paid, 1e-12
    delta INTEGER NOT NULL,        -- what was paid, 1e-18
    state TEXT NOT NULL,           -- reserved, released or failed
    at TEXT NOT NULL,              -- when it was paid
    actor TEXT NOT NULL,           -- who asked
    release_id TEXT,               -- what came of it
    reply TEXT,                    -- the stored answer, byte for byte, for a retry
    ticket TEXT,                   -- of a fault
    UNIQUE (permit_id, idempotency_key),
    CONSTRAINT reservation_state CHECK (state IN ('reserved', 'released', 'failed')),
    CONSTRAINT reservation_paid CHECK (loss >= 0 AND delta >= 0)
) STRICT;
CREATE INDEX IF NOT EXISTS reservation_by_plan ON reservation (permit_id, plan_sha256);

-- An answer that left. The answer itself is the reservation's reply.
CREATE TABLE IF NOT EXISTS release (
    id TEXT PRIMARY KEY,                                         -- random
    permit_id TEXT NOT NULL,                                     -- under which it was given
    reservation_id INTEGER NOT NULL REFERENCES reservation (id), -- which paid for it
    plan_sha256 TEXT NOT NULL,                                   -- what was asked
    card TEXT NOT NULL,                                          -- mechanisms and costs as JSON
    at TEXT NOT NULL                                             -- when
) STRICT;
CREATE INDEX IF NOT EXISTS release_by_permit ON release (permit_id, at);

-- One night of one pipeline.
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY,    -- from the pipeline and the files, so a rerun has the same
    pipeline TEXT NOT NULL, -- its name
    dataset TEXT NOT NULL,  -- what it feeds
    snapshot TEXT,          -- what it published; null when nothing was
    report TEXT NOT NULL,   -- the run's report as JSON
    at TEXT NOT NULL        -- when it ended
) STRICT;
CREATE INDEX IF NOT EXISTS run_by_dataset ON run (dataset, at);

-- Who may write to something alone, for a while.
CREATE TABLE IF NOT EXISTS lease (
    name TEXT PRIMARY KEY, -- of what is held, such as lake/fr-demo
    holder TEXT NOT NULL,  -- who holds it
    until TEXT NOT NULL    -- when it lapses if it is not renewed
) STRICT;

-- Local names, for `--as`.
CREATE TABLE IF NOT EXISTS account_user (
    name TEXT PRIMARY KEY,      -- what is written after --as
    role TEXT NOT NULL,         -- what this person may do
    created_at TEXT NOT NULL,   -- when it was added
    disabled INTEGER NOT NULL,  -- 1 when it can no longer act
    CONSTRAINT account_user_disabled CHECK (disabled IN (0, 1))
) STRICT;
