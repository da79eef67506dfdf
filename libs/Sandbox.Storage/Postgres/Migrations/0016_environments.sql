-- Images under names, as tenants register them (ROCK's EnvHub).
CREATE TABLE environments (
    tenant      text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    image       text             NOT NULL,
    owner       text             NOT NULL,
    description text             NOT NULL,
    tags        json             NOT NULL, -- strings
    extra_spec  json,                      -- an object
    created_at  timestamptz      NOT NULL,
    updated_at  timestamptz      NOT NULL,
    PRIMARY KEY (tenant, name)
);
