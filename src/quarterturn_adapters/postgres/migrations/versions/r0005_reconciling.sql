-- Webhooks of providers as they arrived, and what reconciliation needs.

CREATE TABLE webhooks (
	provider TEXT COLLATE "C" NOT NULL,
	event_id TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	reference TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C",
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	digest TEXT COLLATE "C" NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	tries INTEGER NOT NULL,
	failure TEXT COLLATE "C",
	handled_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT webhooks_pkey PRIMARY KEY (provider, event_id),
	CONSTRAINT webhooks_status_known_check CHECK (status IN ('waiting', 'handled', 'passed_over', 'given_up')),
	CONSTRAINT webhooks_kind_known_check CHECK (kind IN ('payment', 'refund', 'dispute', 'account', 'transfer', 'payout', 'other')),
	CONSTRAINT webhooks_tries_check CHECK (tries >= 0)
);

CREATE INDEX webhooks_waiting_idx ON webhooks (due_at, provider, event_id) WHERE status = 'waiting';

CREATE TRIGGER webhooks_lifecycle BEFORE UPDATE OF status ON webhooks FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>handled', 'waiting>passed_over', 'waiting>given_up', 'given_up>waiting', 'given_up>handled', 'given_up>passed_over')) EXECUTE FUNCTION refuse_transition('status');

ALTER TABLE refunds ADD COLUMN bounces INTEGER DEFAULT 0 NOT NULL;

ALTER TABLE refunds ADD COLUMN former JSONB DEFAULT '[]' NOT NULL;

ALTER TABLE refunds ADD CONSTRAINT refunds_bounces_check CHECK (bounces >= 0);

DROP TRIGGER refunds_lifecycle ON refunds;

CREATE TRIGGER refunds_lifecycle BEFORE UPDATE OF status ON refunds FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('requested>sent', 'requested>succeeded', 'requested>failed', 'sent>requested', 'sent>succeeded', 'sent>failed', 'succeeded>requested', 'succeeded>sent', 'succeeded>failed', 'failed>requested', 'failed>sent', 'failed>succeeded')) EXECUTE FUNCTION refuse_transition('status');

CREATE INDEX journal_entries_at_idx ON journal_entries USING brin (at);

CREATE INDEX payments_charge_idx ON payments (charge) WHERE charge IS NOT NULL;

CREATE INDEX payouts_reference_idx ON payouts (reference) WHERE reference IS NOT NULL;

CREATE INDEX payouts_transfer_idx ON payouts (transfer) WHERE transfer IS NOT NULL;

CREATE INDEX refunds_former_idx ON refunds (id) WHERE former <> '[]';

CREATE INDEX refunds_reference_idx ON refunds (reference) WHERE reference IS NOT NULL;

CREATE INDEX vendors_payout_idx ON vendors (payout_reference) WHERE payout_reference IS NOT NULL;

CREATE TABLE sandbox_calls (
	number BIGINT NOT NULL,
	call JSONB NOT NULL,
	CONSTRAINT sandbox_calls_pkey PRIMARY KEY (number)
);

ALTER TABLE disputes ADD COLUMN reminded_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX disputes_unreminded_idx ON disputes (evidence_due_at, id) WHERE status = 'open' AND reminded_at IS NULL;
