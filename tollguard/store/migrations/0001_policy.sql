-- What the operator wants, and who wanted it. Times are UTC text in ISO 8601.

CREATE TABLE policy_revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    changed_at TEXT NOT NULL CHECK (length(changed_at) <= 32)
);

INSERT INTO policy_revision (id, revision, changed_at) VALUES (1, 0, '1970-01-01T00:00:00.000Z');

CREATE TABLE setting (
    name TEXT PRIMARY KEY CHECK (length(name) <= 64),
    value TEXT NOT NULL CHECK (length(value) <= 200)
);

CREATE TABLE suspension (
    id INTEGER PRIMARY KEY,
    grp TEXT NOT NULL CHECK (length(grp) <= 79),
    kind TEXT NOT NULL CHECK (length(kind) <= 32),
    target TEXT NOT NULL CHECK (length(target) <= 79),
    since_at TEXT NOT NULL CHECK (length(since_at) <= 32),
    until_at TEXT CHECK (length(until_at) <= 32),
    ended_at TEXT CHECK (length(ended_at) <= 32),
    reason TEXT NOT NULL CHECK (length(reason) <= 500),
    by_whom TEXT NOT NULL CHECK (length(by_whom) <= 200),
    keep_calls INTEGER NOT NULL CHECK (keep_calls IN (0, 1))
);

CREATE INDEX suspension_open ON suspension (ended_at, kind, target);

CREATE TABLE permission (
    id INTEGER PRIMARY KEY,
    grp TEXT NOT NULL CHECK (length(grp) <= 79),
    endpoint TEXT NOT NULL CHECK (length(endpoint) <= 79),
    countries TEXT NOT NULL CHECK (length(countries) <= 1000),
    made_at TEXT NOT NULL CHECK (length(made_at) <= 32),
    until_at TEXT CHECK (length(until_at) <= 32),
    ended_at TEXT CHECK (length(ended_at) <= 32),
    by_whom TEXT NOT NULL CHECK (length(by_whom) <= 200)
);

CREATE INDEX permission_open ON permission (ended_at, endpoint);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL CHECK (length(at) <= 32),
    login TEXT NOT NULL CHECK (length(login) <= 100),
    claim TEXT NOT NULL CHECK (length(claim) <= 100),
    action TEXT NOT NULL CHECK (length(action) <= 32),
    subject TEXT NOT NULL CHECK (length(subject) <= 200),
    detail TEXT NOT NULL CHECK (length(detail) <= 4000),
    revision INTEGER NOT NULL
);

CREATE TABLE ledger_identity (
    node TEXT PRIMARY KEY CHECK (length(node) <= 79),
    ledger_id TEXT NOT NULL CHECK (length(ledger_id) <= 64),
    last_seq INTEGER NOT NULL CHECK (last_seq >= 0),
    accepted_by TEXT NOT NULL CHECK (length(accepted_by) <= 200),
    reason TEXT NOT NULL CHECK (length(reason) <= 500),
    accepted_at TEXT NOT NULL CHECK (length(accepted_at) <= 32)
);
