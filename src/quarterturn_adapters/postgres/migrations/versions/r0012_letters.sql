-- Letters: what only whoever reads an e-mail address may do, once and soon; their tokens are not kept.

CREATE TABLE letters (
	id UUID NOT NULL,
	purpose TEXT COLLATE "C" NOT NULL,
	email TEXT COLLATE "C" NOT NULL,
	account_id UUID,
	vendor_id UUID,
	role TEXT COLLATE "C",
	written_by UUID,
	former TEXT COLLATE "C",
	written_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	CONSTRAINT letters_pkey PRIMARY KEY (id),
	CONSTRAINT letters_purpose_known_check CHECK (purpose IN ('join_vendor', 'change_email', 'reset_password')),
	CONSTRAINT letters_status_known_check CHECK (status IN ('open', 'used', 'withdrawn')),
	CONSTRAINT letters_role_known_check CHECK (role IN ('owner', 'staff')),
	CONSTRAINT letters_invitation_check CHECK ((purpose = 'join_vendor') = (vendor_id IS NOT NULL) AND (purpose = 'join_vendor') = (role IS NOT NULL) AND (purpose = 'join_vendor') = (account_id IS NULL)),
	CONSTRAINT letters_former_check CHECK ((purpose = 'change_email') = (former IS NOT NULL)),
	CONSTRAINT letters_times_check CHECK (written_at < expires_at)
);

CREATE INDEX letters_account_idx ON letters (account_id, id) WHERE status = 'open';

CREATE INDEX letters_expires_idx ON letters (expires_at);

CREATE INDEX letters_vendor_idx ON letters (vendor_id, id) WHERE status = 'open';

CREATE TRIGGER letters_lifecycle BEFORE UPDATE OF status ON letters FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>used', 'open>withdrawn')) EXECUTE FUNCTION refuse_transition('status');
