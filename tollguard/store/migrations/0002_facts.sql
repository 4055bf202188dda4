-- What daemons saw and judged. Every row says which node, and for which customer group.
-- depends: 0001_policy

CREATE TABLE node (
    node TEXT PRIMARY KEY CHECK (length(node) <= 79),
    pid INTEGER NOT NULL,
    at TEXT NOT NULL CHECK (length(at) <= 32),
    started_at TEXT NOT NULL CHECK (length(started_at) <= 32),
    version TEXT NOT NULL CHECK (length(version) <= 32),
    mode TEXT NOT NULL CHECK (length(mode) <= 16),
    policy_revision INTEGER NOT NULL,
    ami_state TEXT NOT NULL CHECK (length(ami_state) <= 16),
    ami_reason TEXT NOT NULL CHECK (length(ami_reason) <= 300),
    blind TEXT NOT NULL CHECK (length(blind) <= 300),
    gate_port INTEGER NOT NULL,
    sessions INTEGER NOT NULL,
    ledger_id TEXT NOT NULL CHECK (length(ledger_id) <= 64),
    ledger_seq INTEGER NOT NULL,
    ledger_state TEXT NOT NULL CHECK (length(ledger_state) <= 16),
    ledger_reason TEXT NOT NULL CHECK (length(ledger_reason) <= 300)
);

CREATE TABLE verdict (
    id INTEGER PRIMARY KEY,
    node TEXT NOT NULL CHECK (length(node) <= 79),
    grp TEXT NOT NULL CHECK (length(grp) <= 79),
    at TEXT NOT NULL CHECK (length(at) <= 32),
    linkedid TEXT NOT NULL CHECK (length(linkedid) <= 150),
    uniqueid TEXT NOT NULL CHECK (length(uniqueid) <= 150),
    channel TEXT NOT NULL CHECK (length(channel) <= 200),
    endpoint TEXT CHECK (length(endpoint) <= 79),
    source TEXT CHECK (length(source) <= 100),
    trunk TEXT NOT NULL CHECK (length(trunk) <= 79),
    dialled TEXT NOT NULL CHECK (length(dialled) <= 255),
    verdict TEXT NOT NULL CHECK (length(verdict) <= 16),
    reason TEXT NOT NULL CHECK (length(reason) <= 64),
    would TEXT NOT NULL CHECK (length(would) <= 16),
    would_reason TEXT NOT NULL CHECK (length(would_reason) <= 64),
    number_class TEXT NOT NULL CHECK (length(number_class) <= 32),
    e164 TEXT CHECK (length(e164) <= 17),
    country TEXT CHECK (length(country) <= 2),
    canonical TEXT NOT NULL CHECK (length(canonical) <= 100),
    removed TEXT NOT NULL CHECK (length(removed) <= 200),
    chargeable INTEGER NOT NULL CHECK (chargeable IN (0, 1)),
    limit_ms INTEGER NOT NULL,
    token TEXT NOT NULL CHECK (length(token) <= 64),
    mode TEXT NOT NULL CHECK (length(mode) <= 16),
    policy_revision INTEGER NOT NULL,
    took_us INTEGER NOT NULL,
    steps TEXT NOT NULL CHECK (length(steps) <= 20000)
);

CREATE INDEX verdict_at ON verdict (at);
CREATE INDEX verdict_endpoint ON verdict (endpoint, at);
CREATE INDEX verdict_linkedid ON verdict (linkedid);

CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    node TEXT NOT NULL CHECK (length(node) <= 79),
    grp TEXT NOT NULL CHECK (length(grp) <= 79),
    kind TEXT NOT NULL CHECK (length(kind) <= 32),
    subject TEXT NOT NULL CHECK (length(subject) <= 200),
    severity TEXT NOT NULL CHECK (length(severity) <= 16),
    first_at TEXT NOT NULL CHECK (length(first_at) <= 32),
    last_at TEXT NOT NULL CHECK (length(last_at) <= 32),
    count INTEGER NOT NULL,
    accounts TEXT NOT NULL CHECK (length(accounts) <= 8000),
    sources TEXT NOT NULL CHECK (length(sources) <= 8000),
    UNIQUE (node, kind, subject, first_at)
);

CREATE INDEX finding_last_at ON finding (last_at);

CREATE TABLE device (
    node TEXT NOT NULL CHECK (length(node) <= 79),
    grp TEXT NOT NULL CHECK (length(grp) <= 79),
    technology TEXT NOT NULL CHECK (length(technology) <= 16),
    endpoint TEXT NOT NULL CHECK (length(endpoint) <= 79),
    contact TEXT NOT NULL CHECK (length(contact) <= 500),
    state TEXT NOT NULL CHECK (length(state) <= 16),
    host TEXT NOT NULL CHECK (length(host) <= 64),
    port INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
    transport TEXT NOT NULL CHECK (length(transport) <= 8),
    rtt_us INTEGER,
    since_at TEXT NOT NULL CHECK (length(since_at) <= 32),
    user_agent TEXT NOT NULL CHECK (length(user_agent) <= 200),
    stale INTEGER NOT NULL CHECK (stale IN (0, 1)),
    PRIMARY KEY (node, technology, endpoint, contact)
);

CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    node TEXT NOT NULL CHECK (length(node) <= 79),
    kind TEXT NOT NULL CHECK (length(kind) <= 32),
    arguments TEXT NOT NULL CHECK (length(arguments) <= 4000),
    by_whom TEXT NOT NULL CHECK (length(by_whom) <= 200),
    asked_at TEXT NOT NULL CHECK (length(asked_at) <= 32),
    expires_at TEXT NOT NULL CHECK (length(expires_at) <= 32),
    claimed_at TEXT CHECK (length(claimed_at) <= 32),
    answered_at TEXT CHECK (length(answered_at) <= 32),
    ok INTEGER CHECK (ok IN (0, 1)),
    result TEXT CHECK (length(result) <= 2000000)
);

CREATE INDEX request_unclaimed ON request (node, claimed_at);
