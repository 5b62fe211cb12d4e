-- What is on its way from the outbox to its subscribers, and what was delivered long ago.

CREATE TABLE dispatches (
	subscription TEXT COLLATE "C" NOT NULL,
	message_id UUID NOT NULL,
	sequence BIGINT NOT NULL,
	about TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	attempts INTEGER NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	leased_by UUID,
	leased_until TIMESTAMP WITH TIME ZONE,
	failures JSONB NOT NULL,
	CONSTRAINT dispatches_pkey PRIMARY KEY (subscription, message_id),
	CONSTRAINT dispatches_status_known_check CHECK (status IN ('waiting', 'dead')),
	CONSTRAINT dispatches_attempts_check CHECK (attempts >= 0),
	CONSTRAINT dispatches_lease_check CHECK ((leased_by IS NULL) = (leased_until IS NULL))
);

ALTER TABLE dispatches SET (fillfactor = 50);

CREATE INDEX dispatches_about_idx ON dispatches (subscription, about, sequence);

CREATE INDEX dispatches_dead_idx ON dispatches (sequence) WHERE status = 'dead';

CREATE INDEX dispatches_message_idx ON dispatches (message_id);

CREATE INDEX dispatches_waiting_idx ON dispatches (subscription, sequence) WHERE status = 'waiting';

CREATE TABLE outbox_archive (
	id UUID NOT NULL,
	aggregatetype TEXT COLLATE "C" NOT NULL,
	aggregateid TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL,
	payload JSONB NOT NULL,
	version SMALLINT NOT NULL,
	headers JSONB NOT NULL,
	timestamp TIMESTAMP WITH TIME ZONE NOT NULL,
	sequence BIGINT NOT NULL,
	delivered_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT outbox_archive_pkey PRIMARY KEY (id)
);

CREATE INDEX outbox_archive_delivered_idx ON outbox_archive USING brin (delivered_at);

CREATE TRIGGER dispatches_lifecycle BEFORE UPDATE OF status ON dispatches FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>dead', 'dead>waiting')) EXECUTE FUNCTION refuse_transition('status');
