-- Instants are microseconds since 1970-01-01 UTC. NULL means "never"; columns that
-- are sorted by hold the year 1 (-62135596800000000) instead. Lists are JSON.

-- +goose Up

CREATE TABLE habilis_accounts (
    id                     TEXT    NOT NULL PRIMARY KEY,
    kind                   TEXT    NOT NULL,
    status                 TEXT    NOT NULL,
    login                  TEXT    NOT NULL,
    contact_email          TEXT    NOT NULL,
    given_name             TEXT    NOT NULL,
    family_name            TEXT    NOT NULL,
    language               TEXT    NOT NULL,
    notices                TEXT    NOT NULL,
    profile                TEXT    NOT NULL,
    credentials            TEXT    NOT NULL,
    external               BOOLEAN NOT NULL,
    stamp                  TEXT    NOT NULL,
    salt                   TEXT    NOT NULL,
    conditions_accepted_at BIGINT,
    created_at             BIGINT,
    activated_at           BIGINT,
    reactivated_at         BIGINT,
    last_sign_in_at        BIGINT,
    status_since           BIGINT,
    reactivable_until      BIGINT,
    undeliverable_since    BIGINT,
    due_at                 BIGINT,
    version                BIGINT  NOT NULL,
    folded_family          TEXT    NOT NULL,
    folded_given           TEXT    NOT NULL,
    folded_login           TEXT    NOT NULL,
    folded_postcode        TEXT    NOT NULL,
    folded_town            TEXT    NOT NULL,
    country                TEXT    NOT NULL
);
CREATE UNIQUE INDEX habilis_accounts_login ON habilis_accounts (login);
CREATE INDEX habilis_accounts_due ON habilis_accounts (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX habilis_accounts_name ON habilis_accounts (folded_family, folded_given, id);

CREATE TABLE habilis_links (
    account_id TEXT   NOT NULL,
    purpose    TEXT   NOT NULL,
    digest     TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    created_at BIGINT,
    expires_at BIGINT,
    used_at    BIGINT,
    version    BIGINT NOT NULL,
    PRIMARY KEY (account_id, purpose)
);
CREATE UNIQUE INDEX habilis_links_digest ON habilis_links (digest);

CREATE TABLE habilis_throttles (
    account_id   TEXT   NOT NULL,
    factor       TEXT   NOT NULL,
    failures     BIGINT NOT NULL,
    locked_until BIGINT,
    version      BIGINT NOT NULL,
    PRIMARY KEY (account_id, factor)
);

CREATE TABLE habilis_attachments (
    id           TEXT    NOT NULL PRIMARY KEY,
    account_id   TEXT    NOT NULL,
    structure_id TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    designation  TEXT    NOT NULL,
    file_name    TEXT    NOT NULL,
    media_type   TEXT    NOT NULL,
    size         BIGINT  NOT NULL,
    sha256       TEXT    NOT NULL,
    content_key  TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    created_by   TEXT    NOT NULL,
    status_since BIGINT  NOT NULL,
    version      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX habilis_attachments_key ON habilis_attachments (content_key);
CREATE INDEX habilis_attachments_owner ON habilis_attachments (account_id, structure_id, created_at, id);
CREATE INDEX habilis_attachments_unsettled ON habilis_attachments (status, status_since) WHERE status <> 'stored';

CREATE TABLE habilis_sign_ins (
    id              TEXT NOT NULL PRIMARY KEY,
    account_id      TEXT NOT NULL,
    stamp           TEXT NOT NULL,
    purpose         TEXT NOT NULL,
    asked           TEXT NOT NULL,
    code_mac        TEXT NOT NULL,
    code_expires_at BIGINT,
    code_sent_at    BIGINT,
    tries           BIGINT NOT NULL,
    ceremony        BLOB,
    proofs          TEXT NOT NULL,
    strong_from     BIGINT,
    created_at      BIGINT,
    expires_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
CREATE INDEX habilis_sign_ins_expiry ON habilis_sign_ins (expires_at, id);

CREATE TABLE habilis_factors (
    id              TEXT NOT NULL PRIMARY KEY,
    account_id      TEXT NOT NULL,
    kind            TEXT NOT NULL,
    label           TEXT NOT NULL,
    created_at      BIGINT,
    confirmed_at    BIGINT,
    expires_at      BIGINT,
    last_used_at    BIGINT,
    credential      TEXT NOT NULL,
    data            BLOB,
    step            BIGINT NOT NULL,
    tries           BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
CREATE INDEX habilis_factors_account ON habilis_factors (account_id, id);
CREATE INDEX habilis_factors_expiry ON habilis_factors (expires_at, id) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX habilis_factors_credential ON habilis_factors (credential) WHERE credential <> '';
CREATE UNIQUE INDEX habilis_factors_single ON habilis_factors (account_id, kind)
    WHERE confirmed_at IS NOT NULL AND kind IN ('authenticator', 'recovery_code');

CREATE TABLE habilis_structures (
    number            INTEGER NOT NULL PRIMARY KEY, -- what the trigrams know a row by; an id of our own stays when the file is vacuumed
    id                TEXT    NOT NULL UNIQUE,
    identifier_scheme TEXT    NOT NULL,
    identifier_value  TEXT    NOT NULL,
    legal_name        TEXT    NOT NULL,
    label             TEXT    NOT NULL,
    type              TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    postcode          TEXT    NOT NULL,
    town              TEXT    NOT NULL,
    spaces            TEXT    NOT NULL,
    delegated_structure BOOLEAN NOT NULL,
    delegated_users   BOOLEAN NOT NULL,
    directory         TEXT    NOT NULL,
    sheet             TEXT    NOT NULL,
    nomination        TEXT    NOT NULL,
    salt              TEXT    NOT NULL,
    created_at        BIGINT,
    version           BIGINT  NOT NULL,
    folded_identifier TEXT    NOT NULL,
    folded_name       TEXT    NOT NULL,
    folded_label      TEXT    NOT NULL,
    folded_postcode   TEXT    NOT NULL,
    folded_town       TEXT    NOT NULL
);
CREATE UNIQUE INDEX habilis_structures_identifier ON habilis_structures (identifier_scheme, identifier_value);
CREATE INDEX habilis_structures_name ON habilis_structures (folded_name, id);
CREATE INDEX habilis_structures_number ON habilis_structures (folded_identifier);

-- The trigrams of what a structure is searched by. They only narrow a search down: which
-- of the rows fit, the search itself says.
CREATE VIRTUAL TABLE habilis_structures_trigrams
    USING fts5 (folded, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1');
-- Writing in bigger pieces and putting them together later is what makes it affordable.
INSERT INTO habilis_structures_trigrams (habilis_structures_trigrams, rank) VALUES ('automerge', 16);
INSERT INTO habilis_structures_trigrams (habilis_structures_trigrams, rank) VALUES ('hashsize', 8388608);

-- +goose StatementBegin
CREATE TRIGGER habilis_structures_inserted AFTER INSERT ON habilis_structures BEGIN
    INSERT INTO habilis_structures_trigrams (rowid, folded) VALUES (new.number, new.folded_identifier || char(31) ||
        new.folded_name || char(31) || new.folded_label || char(31) || new.folded_postcode || char(31) || new.folded_town);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER habilis_structures_deleted AFTER DELETE ON habilis_structures BEGIN
    INSERT INTO habilis_structures_trigrams (habilis_structures_trigrams, rowid, folded) VALUES ('delete', old.number, old.folded_identifier || char(31) ||
        old.folded_name || char(31) || old.folded_label || char(31) || old.folded_postcode || char(31) || old.folded_town);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER habilis_structures_updated AFTER UPDATE ON habilis_structures
    WHEN (old.folded_identifier, old.folded_name, old.folded_label, old.folded_postcode, old.folded_town)
        <> (new.folded_identifier, new.folded_name, new.folded_label, new.folded_postcode, new.folded_town) BEGIN
    INSERT INTO habilis_structures_trigrams (habilis_structures_trigrams, rowid, folded) VALUES ('delete', old.number, old.folded_identifier || char(31) ||
        old.folded_name || char(31) || old.folded_label || char(31) || old.folded_postcode || char(31) || old.folded_town);
    INSERT INTO habilis_structures_trigrams (rowid, folded) VALUES (new.number, new.folded_identifier || char(31) ||
        new.folded_name || char(31) || new.folded_label || char(31) || new.folded_postcode || char(31) || new.folded_town);
END;
-- +goose StatementEnd

CREATE TABLE habilis_units (
    id           TEXT    NOT NULL PRIMARY KEY,
    structure_id TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    active       BOOLEAN NOT NULL,
    valid_from   BIGINT,
    valid_until  BIGINT,
    created_at   BIGINT,
    version      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX habilis_units_code ON habilis_units (structure_id, code);

CREATE TABLE habilis_memberships (
    id               TEXT    NOT NULL PRIMARY KEY,
    account_id       TEXT    NOT NULL,
    structure_id     TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    role             TEXT    NOT NULL,
    granted_whole    BOOLEAN NOT NULL,
    granted_services TEXT    NOT NULL,
    asked_whole      BOOLEAN NOT NULL,
    asked_services   TEXT    NOT NULL,
    valid_from       BIGINT,
    valid_until      BIGINT,
    comment_text     TEXT    NOT NULL,
    comment_salt     TEXT    NOT NULL,
    reason_text      TEXT    NOT NULL,
    reason_salt      TEXT    NOT NULL,
    via              TEXT    NOT NULL,
    reminded_at      BIGINT,
    due_at           BIGINT,
    requested_at     BIGINT  NOT NULL,
    decided_at       BIGINT,
    decided_by       TEXT    NOT NULL,
    created_at       BIGINT,
    version          BIGINT  NOT NULL,
    undecided        BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX habilis_memberships_principal ON habilis_memberships (structure_id)
    WHERE role = 'principal_manager' AND status = 'approved';
CREATE INDEX habilis_memberships_managers ON habilis_memberships (structure_id, requested_at, id) WHERE role <> 'member';
CREATE INDEX habilis_memberships_structure ON habilis_memberships (structure_id, requested_at, id);
CREATE INDEX habilis_memberships_undecided ON habilis_memberships (structure_id, requested_at, id) WHERE undecided;
CREATE INDEX habilis_memberships_due ON habilis_memberships (due_at) WHERE due_at IS NOT NULL;
-- The last one: while statistics are still of a small table, PostgreSQL takes the newest
-- of the indexes that seem equally good, and the one of the structure is not.
CREATE UNIQUE INDEX habilis_memberships_pair ON habilis_memberships (account_id, structure_id);

CREATE TABLE habilis_subscriptions (
    id           TEXT    NOT NULL PRIMARY KEY,
    account_id   TEXT    NOT NULL,
    structure_id TEXT    NOT NULL,
    service_id   TEXT    NOT NULL,
    space        TEXT    NOT NULL,
    level        TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    origin       TEXT    NOT NULL,
    batch        TEXT    NOT NULL,
    valid_from   BIGINT,
    valid_until  BIGINT,
    comment_text TEXT    NOT NULL,
    comment_salt TEXT    NOT NULL,
    reason_text  TEXT    NOT NULL,
    reason_salt  TEXT    NOT NULL,
    reminded_at  BIGINT,
    due_at       BIGINT,
    requested_at BIGINT  NOT NULL,
    decided_at   BIGINT,
    decided_by   TEXT    NOT NULL,
    created_at   BIGINT,
    version      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX habilis_subscriptions_line ON habilis_subscriptions (account_id, structure_id, service_id, space, level);
CREATE INDEX habilis_subscriptions_structure ON habilis_subscriptions (structure_id, requested_at, id);
CREATE INDEX habilis_subscriptions_pending ON habilis_subscriptions (structure_id, requested_at, id) WHERE status = 'pending';
CREATE INDEX habilis_subscriptions_due ON habilis_subscriptions (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE habilis_events (
    id              TEXT   NOT NULL,
    chain           TEXT   NOT NULL,
    sequence        BIGINT NOT NULL,
    recorded_at     BIGINT NOT NULL,
    actor_kind      TEXT   NOT NULL,
    actor_id        TEXT   NOT NULL,
    actor_reference TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    object_type     TEXT   NOT NULL,
    object_id       TEXT   NOT NULL,
    account_id      TEXT   NOT NULL,
    structure_id    TEXT   NOT NULL,
    state           BLOB,
    previous        TEXT   NOT NULL,
    hash            TEXT   NOT NULL,
    PRIMARY KEY (chain, sequence)
);
CREATE INDEX habilis_events_account ON habilis_events (account_id, recorded_at, chain, sequence);
CREATE INDEX habilis_events_structure ON habilis_events (structure_id, recorded_at, chain, sequence);

CREATE TABLE habilis_messages (
    id              TEXT   NOT NULL PRIMARY KEY,
    idempotency_key TEXT   NOT NULL,
    template        TEXT   NOT NULL,
    recipient       TEXT   NOT NULL,
    account_id      TEXT   NOT NULL,
    language        TEXT   NOT NULL,
    urgent          BOOLEAN NOT NULL,
    sealed          BLOB,
    status          TEXT   NOT NULL,
    attempts        BIGINT NOT NULL,
    not_before      BIGINT,
    expires_at      BIGINT,
    leased_until    BIGINT,
    last_error      TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT,
    version         BIGINT NOT NULL,
    turn            TEXT
);
CREATE UNIQUE INDEX habilis_messages_key ON habilis_messages (idempotency_key);
CREATE INDEX habilis_messages_status ON habilis_messages (status, created_at, id);
CREATE INDEX habilis_messages_account ON habilis_messages (account_id, created_at, id) WHERE status <> 'sent' AND account_id <> '';
CREATE INDEX habilis_messages_turn ON habilis_messages (turn, created_at, id) WHERE turn IS NOT NULL;

CREATE TABLE habilis_notices (
    id           TEXT    NOT NULL PRIMARY KEY,
    notice_key   TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    structure_id TEXT    NOT NULL,
    service_id   TEXT    NOT NULL,
    space        TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    path         TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    spreading    BOOLEAN NOT NULL,
    spread_to    TEXT    NOT NULL,
    version      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX habilis_notices_key ON habilis_notices (notice_key);
CREATE INDEX habilis_notices_structure ON habilis_notices (structure_id, at, id, service_id, space, category, kind);
CREATE INDEX habilis_notices_age ON habilis_notices (at, id);
CREATE INDEX habilis_notices_spreading ON habilis_notices (at, id) WHERE spreading;

CREATE TABLE habilis_runs (
    rhythm       TEXT    NOT NULL PRIMARY KEY,
    from_at      BIGINT,
    until_at     BIGINT,
    after_id     TEXT    NOT NULL,
    told         BIGINT  NOT NULL,
    finished_at  BIGINT,
    version      BIGINT  NOT NULL
);

-- +goose Down

DROP TABLE habilis_runs;
DROP TABLE habilis_notices;
DROP TABLE habilis_messages;
DROP TABLE habilis_events;
DROP TABLE habilis_subscriptions;
DROP TABLE habilis_memberships;
DROP TABLE habilis_units;
DROP TABLE habilis_structures_trigrams;
DROP TABLE habilis_structures;
DROP TABLE habilis_factors;
DROP TABLE habilis_sign_ins;
DROP TABLE habilis_attachments;
DROP TABLE habilis_throttles;
DROP TABLE habilis_links;
DROP TABLE habilis_accounts;
