-- Who may do what: passwords, sessions, API keys, roles, members, addresses, wishlists, the audit trail.

ALTER TABLE accounts ADD COLUMN roles JSONB DEFAULT '["client"]'::jsonb NOT NULL;

ALTER TABLE accounts ADD CONSTRAINT accounts_roles_known_check CHECK (roles <@ '["client", "coach", "vendor", "admin"]'::jsonb AND jsonb_array_length(roles) > 0);

CREATE INDEX accounts_admins_idx ON accounts (id) WHERE roles @> '["admin"]'::jsonb;

CREATE TABLE addresses (
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    lines JSONB NOT NULL,
    city TEXT COLLATE "C" NOT NULL,
    postal_code TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    country CHAR(2) NOT NULL,
    phone TEXT COLLATE "C" NOT NULL,
    is_default BOOLEAN NOT NULL,
    CONSTRAINT addresses_pkey PRIMARY KEY (id)
);

CREATE INDEX addresses_account_idx ON addresses (account_id, id);

CREATE TABLE api_keys (
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    vendor_id UUID,
    name TEXT COLLATE "C" NOT NULL,
    scopes JSONB NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_scopes_check CHECK (jsonb_array_length(scopes) > 0)
);

CREATE INDEX api_keys_account_idx ON api_keys (account_id, id) WHERE revoked_at IS NULL;

CREATE TABLE attempts (
    address TEXT COLLATE "C" NOT NULL,
    failures INTEGER NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    locked_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT attempts_pkey PRIMARY KEY (address),
    CONSTRAINT attempts_failures_check CHECK (failures >= 0)
);

CREATE INDEX attempts_last_idx ON attempts (last_at);

CREATE TABLE audit_entries (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_id UUID,
    action TEXT COLLATE "C" NOT NULL,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    details JSONB NOT NULL,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (number)
);

CREATE INDEX audit_entries_subject_idx ON audit_entries (subject_id, number);

CREATE TABLE credentials (
    account_id UUID NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT credentials_pkey PRIMARY KEY (account_id)
);

CREATE TABLE memberships (
    vendor_id UUID NOT NULL,
    account_id UUID NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT memberships_pkey PRIMARY KEY (vendor_id, account_id),
    CONSTRAINT memberships_role_known_check CHECK (role IN ('owner', 'staff'))
);

CREATE INDEX memberships_account_idx ON memberships (account_id, vendor_id);

CREATE TABLE sessions (
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    family TEXT COLLATE "C" NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_status_known_check CHECK (status IN ('active', 'ended', 'revoked')),
    CONSTRAINT sessions_times_check CHECK (opened_at <= used_at AND used_at < expires_at)
);

CREATE INDEX sessions_active_idx ON sessions (account_id, id) WHERE status = 'active';

CREATE INDEX sessions_expires_idx ON sessions (expires_at);

CREATE TABLE wishes (
    account_id UUID NOT NULL,
    product_id UUID NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT wishes_pkey PRIMARY KEY (account_id, product_id)
);

CREATE INDEX wishes_latest_idx ON wishes (account_id, since DESC, product_id DESC);

CREATE TRIGGER sessions_lifecycle BEFORE UPDATE OF status ON sessions FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('active>ended', 'active>revoked')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whoever owns a vendor is its first member.
INSERT INTO memberships (vendor_id, account_id, role, since)
    SELECT id, owner_id, 'owner', applied_at FROM vendors WHERE owner_id IS NOT NULL;
