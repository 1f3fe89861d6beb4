-- Instants are microseconds since 1970-01-01 UTC. NULL means "never"; columns that
-- are sorted by hold the year 1 (-62135596800000000) instead. Lists are JSON.

-- +goose Up

CREATE TABLE habilis_accounts (
    id                     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind                   TEXT COLLATE "C" NOT NULL,
    status                 TEXT COLLATE "C" NOT NULL,
    login                  TEXT COLLATE "C" NOT NULL,
    contact_email          TEXT COLLATE "C" NOT NULL,
    given_name             TEXT COLLATE "C" NOT NULL,
    family_name            TEXT COLLATE "C" NOT NULL,
    language               TEXT COLLATE "C" NOT NULL,
    notices                TEXT COLLATE "C" NOT NULL,
    profile                TEXT COLLATE "C" NOT NULL,
    credentials            TEXT COLLATE "C" NOT NULL,
    external               BOOLEAN          NOT NULL,
    stamp                  TEXT COLLATE "C" NOT NULL,
    salt                   TEXT COLLATE "C" NOT NULL,
    conditions_accepted_at BIGINT,
    created_at             BIGINT,
    activated_at           BIGINT,
    reactivated_at         BIGINT,
    last_sign_in_at        BIGINT,
    status_since           BIGINT,
    reactivable_until      BIGINT,
    undeliverable_since    BIGINT,
    due_at                 BIGINT,
    version                BIGINT           NOT NULL,
    folded_family          TEXT COLLATE "C" NOT NULL,
    folded_given           TEXT COLLATE "C" NOT NULL,
    folded_login           TEXT COLLATE "C" NOT NULL,
    folded_postcode        TEXT COLLATE "C" NOT NULL,
    folded_town            TEXT COLLATE "C" NOT NULL,
    country                TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX habilis_accounts_login ON habilis_accounts (login);
CREATE INDEX habilis_accounts_due ON habilis_accounts (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX habilis_accounts_name ON habilis_accounts (folded_family, folded_given, id);

CREATE TABLE habilis_links (
    account_id TEXT COLLATE "C" NOT NULL,
    purpose    TEXT COLLATE "C" NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    address    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT,
    expires_at BIGINT,
    used_at    BIGINT,
    version    BIGINT           NOT NULL,
    PRIMARY KEY (account_id, purpose)
);
CREATE UNIQUE INDEX habilis_links_digest ON habilis_links (digest);

CREATE TABLE habilis_throttles (
    account_id   TEXT COLLATE "C" NOT NULL,
    factor       TEXT COLLATE "C" NOT NULL,
    failures     BIGINT           NOT NULL,
    locked_until BIGINT,
    version      BIGINT           NOT NULL,
    PRIMARY KEY (account_id, factor)
);

CREATE TABLE habilis_attachments (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id   TEXT COLLATE "C" NOT NULL,
    structure_id TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    type         TEXT COLLATE "C" NOT NULL,
    designation  TEXT COLLATE "C" NOT NULL,
    file_name    TEXT COLLATE "C" NOT NULL,
    media_type   TEXT COLLATE "C" NOT NULL,
    size         BIGINT           NOT NULL,
    sha256       TEXT COLLATE "C" NOT NULL,
    content_key  TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT           NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    status_since BIGINT           NOT NULL,
    version      BIGINT           NOT NULL
);
CREATE UNIQUE INDEX habilis_attachments_key ON habilis_attachments (content_key);
CREATE INDEX habilis_attachments_owner ON habilis_attachments (account_id, structure_id, created_at, id);
CREATE INDEX habilis_attachments_unsettled ON habilis_attachments (status, status_since) WHERE status <> 'stored';

CREATE TABLE habilis_sign_ins (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id      TEXT COLLATE "C" NOT NULL,
    stamp           TEXT COLLATE "C" NOT NULL,
    purpose         TEXT COLLATE "C" NOT NULL,
    asked           TEXT COLLATE "C" NOT NULL,
    code_mac        TEXT COLLATE "C" NOT NULL,
    code_expires_at BIGINT,
    code_sent_at    BIGINT,
    tries           BIGINT           NOT NULL,
    ceremony        BYTEA,
    proofs          TEXT COLLATE "C" NOT NULL,
    strong_from     BIGINT,
    created_at      BIGINT,
    expires_at      BIGINT           NOT NULL,
    version         BIGINT           NOT NULL
);
CREATE INDEX habilis_sign_ins_expiry ON habilis_sign_ins (expires_at, id);

CREATE TABLE habilis_factors (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id      TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    label           TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT,
    confirmed_at    BIGINT,
    expires_at      BIGINT,
    last_used_at    BIGINT,
    credential      TEXT COLLATE "C" NOT NULL,
    data            BYTEA,
    step            BIGINT           NOT NULL,
    tries           BIGINT           NOT NULL,
    version         BIGINT           NOT NULL
);
CREATE INDEX habilis_factors_account ON habilis_factors (account_id, id);
CREATE INDEX habilis_factors_expiry ON habilis_factors (expires_at, id) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX habilis_factors_credential ON habilis_factors (credential) WHERE credential <> '';
CREATE UNIQUE INDEX habilis_factors_single ON habilis_factors (account_id, kind)
    WHERE confirmed_at IS NOT NULL AND kind IN ('authenticator', 'recovery_code');

CREATE TABLE habilis_structures (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    identifier_scheme TEXT COLLATE "C" NOT NULL,
    identifier_value  TEXT COLLATE "C" NOT NULL,
    legal_name        TEXT COLLATE "C" NOT NULL,
    label             TEXT COLLATE "C" NOT NULL,
    type              TEXT COLLATE "C" NOT NULL,
    status            TEXT COLLATE "C" NOT NULL,
    postcode          TEXT COLLATE "C" NOT NULL,
    town              TEXT COLLATE "C" NOT NULL,
    spaces            TEXT COLLATE "C" NOT NULL,
    delegated_structure BOOLEAN          NOT NULL,
    delegated_users   BOOLEAN          NOT NULL,
    directory         TEXT COLLATE "C" NOT NULL,
    sheet             TEXT COLLATE "C" NOT NULL,
    nomination        TEXT COLLATE "C" NOT NULL,
    salt              TEXT COLLATE "C" NOT NULL,
    created_at        BIGINT,
    version           BIGINT           NOT NULL,
    folded_identifier TEXT COLLATE "C" NOT NULL,
    folded_name       TEXT COLLATE "C" NOT NULL,
    folded_label      TEXT COLLATE "C" NOT NULL,
    folded_postcode   TEXT COLLATE "C" NOT NULL,
    folded_town       TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX habilis_structures_identifier ON habilis_structures (identifier_scheme, identifier_value);
CREATE INDEX habilis_structures_name ON habilis_structures (folded_name, id);
CREATE INDEX habilis_structures_number ON habilis_structures (folded_identifier);

CREATE TABLE habilis_units (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    structure_id TEXT COLLATE "C" NOT NULL,
    code         TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    active       BOOLEAN          NOT NULL,
    valid_from   BIGINT,
    valid_until  BIGINT,
    created_at   BIGINT,
    version      BIGINT           NOT NULL
);
CREATE UNIQUE INDEX habilis_units_code ON habilis_units (structure_id, code);

CREATE TABLE habilis_memberships (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id       TEXT COLLATE "C" NOT NULL,
    structure_id     TEXT COLLATE "C" NOT NULL,
    status           TEXT COLLATE "C" NOT NULL,
    role             TEXT COLLATE "C" NOT NULL,
    granted_whole    BOOLEAN          NOT NULL,
    granted_services TEXT COLLATE "C" NOT NULL,
    asked_whole      BOOLEAN          NOT NULL,
    asked_services   TEXT COLLATE "C" NOT NULL,
    valid_from       BIGINT,
    valid_until      BIGINT,
    comment_text     TEXT COLLATE "C" NOT NULL,
    comment_salt     TEXT COLLATE "C" NOT NULL,
    reason_text      TEXT COLLATE "C" NOT NULL,
    reason_salt      TEXT COLLATE "C" NOT NULL,
    via              TEXT COLLATE "C" NOT NULL,
    reminded_at      BIGINT,
    due_at           BIGINT,
    requested_at     BIGINT           NOT NULL,
    decided_at       BIGINT,
    decided_by       TEXT COLLATE "C" NOT NULL,
    created_at       BIGINT,
    version          BIGINT           NOT NULL,
    undecided        BOOLEAN          NOT NULL
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
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id   TEXT COLLATE "C" NOT NULL,
    structure_id TEXT COLLATE "C" NOT NULL,
    service_id   TEXT COLLATE "C" NOT NULL,
    space        TEXT COLLATE "C" NOT NULL,
    level        TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    origin       TEXT COLLATE "C" NOT NULL,
    batch        TEXT COLLATE "C" NOT NULL,
    valid_from   BIGINT,
    valid_until  BIGINT,
    comment_text TEXT COLLATE "C" NOT NULL,
    comment_salt TEXT COLLATE "C" NOT NULL,
    reason_text  TEXT COLLATE "C" NOT NULL,
    reason_salt  TEXT COLLATE "C" NOT NULL,
    reminded_at  BIGINT,
    due_at       BIGINT,
    requested_at BIGINT           NOT NULL,
    decided_at   BIGINT,
    decided_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT,
    version      BIGINT           NOT NULL
);
CREATE UNIQUE INDEX habilis_subscriptions_line ON habilis_subscriptions (account_id, structure_id, service_id, space, level);
CREATE INDEX habilis_subscriptions_structure ON habilis_subscriptions (structure_id, requested_at, id);
CREATE INDEX habilis_subscriptions_pending ON habilis_subscriptions (structure_id, requested_at, id) WHERE status = 'pending';
CREATE INDEX habilis_subscriptions_due ON habilis_subscriptions (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE habilis_events (
    id              TEXT COLLATE "C" NOT NULL,
    chain           TEXT COLLATE "C" NOT NULL,
    sequence        BIGINT           NOT NULL,
    recorded_at     BIGINT           NOT NULL,
    actor_kind      TEXT COLLATE "C" NOT NULL,
    actor_id        TEXT COLLATE "C" NOT NULL,
    actor_reference TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    object_type     TEXT COLLATE "C" NOT NULL,
    object_id       TEXT COLLATE "C" NOT NULL,
    account_id      TEXT COLLATE "C" NOT NULL,
    structure_id    TEXT COLLATE "C" NOT NULL,
    state           BYTEA,
    previous        TEXT COLLATE "C" NOT NULL,
    hash            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (chain, sequence)
);
CREATE INDEX habilis_events_account ON habilis_events (account_id, recorded_at, chain, sequence);
CREATE INDEX habilis_events_structure ON habilis_events (structure_id, recorded_at, chain, sequence);

CREATE TABLE habilis_messages (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    template        TEXT COLLATE "C" NOT NULL,
    recipient       TEXT COLLATE "C" NOT NULL,
    account_id      TEXT COLLATE "C" NOT NULL,
    language        TEXT COLLATE "C" NOT NULL,
    urgent          BOOLEAN          NOT NULL,
    sealed          BYTEA,
    status          TEXT COLLATE "C" NOT NULL,
    attempts        BIGINT           NOT NULL,
    not_before      BIGINT,
    expires_at      BIGINT,
    leased_until    BIGINT,
    last_error      TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT           NOT NULL,
    sent_at         BIGINT,
    version         BIGINT           NOT NULL,
    turn            TEXT COLLATE "C"
);
CREATE UNIQUE INDEX habilis_messages_key ON habilis_messages (idempotency_key);
CREATE INDEX habilis_messages_status ON habilis_messages (status, created_at, id);
CREATE INDEX habilis_messages_account ON habilis_messages (account_id, created_at, id) WHERE status <> 'sent' AND account_id <> '';
CREATE INDEX habilis_messages_turn ON habilis_messages (turn, created_at, id) WHERE turn IS NOT NULL;

CREATE TABLE habilis_notices (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    notice_key   TEXT COLLATE "C" NOT NULL,
    category     TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    structure_id TEXT COLLATE "C" NOT NULL,
    service_id   TEXT COLLATE "C" NOT NULL,
    space        TEXT COLLATE "C" NOT NULL,
    subject      TEXT COLLATE "C" NOT NULL,
    path         TEXT COLLATE "C" NOT NULL,
    at           BIGINT           NOT NULL,
    spreading    BOOLEAN          NOT NULL,
    spread_to    TEXT COLLATE "C" NOT NULL,
    version      BIGINT           NOT NULL
);
CREATE UNIQUE INDEX habilis_notices_key ON habilis_notices (notice_key);
CREATE INDEX habilis_notices_structure ON habilis_notices (structure_id, at, id, service_id, space, category, kind);
CREATE INDEX habilis_notices_age ON habilis_notices (at, id);
CREATE INDEX habilis_notices_spreading ON habilis_notices (at, id) WHERE spreading;

CREATE TABLE habilis_runs (
    rhythm      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    from_at     BIGINT,
    until_at    BIGINT,
    after_id    TEXT COLLATE "C" NOT NULL,
    told        BIGINT           NOT NULL,
    finished_at BIGINT,
    version     BIGINT           NOT NULL
);

-- +goose Down

DROP TABLE habilis_runs;
DROP TABLE habilis_notices;
DROP TABLE habilis_messages;
DROP TABLE habilis_events;
DROP TABLE habilis_subscriptions;
DROP TABLE habilis_memberships;
DROP TABLE habilis_units;
DROP TABLE habilis_structures;
DROP TABLE habilis_factors;
DROP TABLE habilis_sign_ins;
DROP TABLE habilis_attachments;
DROP TABLE habilis_throttles;
DROP TABLE habilis_links;
DROP TABLE habilis_accounts;
