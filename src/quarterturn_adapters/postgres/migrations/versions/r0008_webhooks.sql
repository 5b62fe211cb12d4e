-- Endpoints that are told of events, and what was sent to them.

CREATE TABLE webhook_deliveries (
	id UUID NOT NULL,
	endpoint_id UUID NOT NULL,
	event_id UUID NOT NULL,
	type TEXT COLLATE "C" NOT NULL,
	payload TEXT COLLATE "C" NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	turn INTEGER NOT NULL,
	tried INTEGER NOT NULL,
	attempts JSONB NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	failure TEXT COLLATE "C" NOT NULL,
	CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
	CONSTRAINT webhook_deliveries_status_known_check CHECK (status IN ('waiting', 'delivered', 'failed')),
	CONSTRAINT webhook_deliveries_counts_check CHECK (turn > 0 AND tried >= 0),
	CONSTRAINT webhook_deliveries_delivered_check CHECK (status <> 'delivered' OR jsonb_array_length(attempts) > 0),
	CONSTRAINT webhook_deliveries_failure_check CHECK ((status = 'failed') = (failure <> ''))
);

CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (due_at) WHERE status = 'waiting';

CREATE INDEX webhook_deliveries_ended_idx ON webhook_deliveries (made_at) WHERE status <> 'waiting';

CREATE INDEX webhook_deliveries_endpoint_idx ON webhook_deliveries (endpoint_id, made_at, id);

CREATE INDEX webhook_deliveries_status_idx ON webhook_deliveries (endpoint_id, status, made_at, id);

CREATE TABLE webhook_endpoints (
	id UUID NOT NULL,
	vendor_id UUID,
	url TEXT COLLATE "C" NOT NULL,
	filters JSONB NOT NULL,
	secrets JSONB NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C" NOT NULL,
	failing_since TIMESTAMP WITH TIME ZONE,
	given_up INTEGER NOT NULL,
	unanswered INTEGER NOT NULL,
	rests_until TIMESTAMP WITH TIME ZONE,
	CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (id),
	CONSTRAINT webhook_endpoints_status_known_check CHECK (status IN ('enabled', 'disabled')),
	CONSTRAINT webhook_endpoints_filters_check CHECK (jsonb_array_length(filters) > 0),
	CONSTRAINT webhook_endpoints_secrets_check CHECK (jsonb_array_length(secrets) > 0),
	CONSTRAINT webhook_endpoints_health_check CHECK (given_up >= 0 AND unanswered >= 0 AND (failing_since IS NOT NULL OR (given_up = 0 AND rests_until IS NULL)))
);

CREATE INDEX webhook_endpoints_enabled_idx ON webhook_endpoints (vendor_id) WHERE status = 'enabled';

CREATE INDEX webhook_endpoints_owner_idx ON webhook_endpoints (vendor_id, id);

CREATE TRIGGER webhook_endpoints_lifecycle BEFORE UPDATE OF status ON webhook_endpoints FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('enabled>disabled', 'disabled>enabled')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER webhook_deliveries_lifecycle BEFORE UPDATE OF status ON webhook_deliveries FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>delivered', 'waiting>failed', 'delivered>waiting', 'delivered>failed', 'failed>waiting', 'failed>delivered')) EXECUTE FUNCTION refuse_transition('status');
