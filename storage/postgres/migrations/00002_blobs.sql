-- Contents of attachments. A blob is written part by part ('writing'), then visible
-- ('kept'), then taken away part by part ('removing'). touched_at is the database's
-- own clock.

-- +goose Up

CREATE TABLE habilis_blobs (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    parts      BIGINT           NOT NULL,
    size       BIGINT           NOT NULL,
    touched_at BIGINT           NOT NULL
);
CREATE UNIQUE INDEX habilis_blobs_name ON habilis_blobs (name) WHERE state = 'kept';
CREATE INDEX habilis_blobs_unfinished ON habilis_blobs (touched_at, id) WHERE state <> 'kept';

CREATE TABLE habilis_blob_parts (
    blob_id TEXT COLLATE "C" NOT NULL,
    number  BIGINT           NOT NULL,
    content BYTEA            NOT NULL,
    PRIMARY KEY (blob_id, number)
);

-- +goose Down

DROP TABLE habilis_blob_parts;
DROP TABLE habilis_blobs;
