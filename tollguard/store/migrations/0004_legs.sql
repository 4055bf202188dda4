-- Legs around the gate: what findings keep of them, and originated calls that may go abroad.
-- depends: 0003_audit_append_only

ALTER TABLE finding ADD COLUMN legs TEXT NOT NULL DEFAULT '[]' CHECK (length(legs) <= 20000);

CREATE TABLE originate_grant (
    id INTEGER PRIMARY KEY,
    grp TEXT NOT NULL CHECK (length(grp) <= 79),
    context TEXT NOT NULL CHECK (length(context) <= 79),
    countries TEXT NOT NULL CHECK (length(countries) <= 1000),
    reason TEXT NOT NULL CHECK (length(reason) <= 500),
    made_at TEXT NOT NULL CHECK (length(made_at) <= 32),
    until_at TEXT CHECK (length(until_at) <= 32),
    ended_at TEXT CHECK (length(ended_at) <= 32),
    by_whom TEXT NOT NULL CHECK (length(by_whom) <= 200)
);

CREATE INDEX originate_grant_open ON originate_grant (ended_at, context);
