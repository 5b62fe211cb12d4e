-- What each parcel captures.

ALTER TABLE payments
	ADD COLUMN captures INTEGER DEFAULT 0 NOT NULL,
	ADD COLUMN in_parts BOOLEAN DEFAULT false NOT NULL,
	ADD COLUMN waiting JSONB DEFAULT '[]' NOT NULL,
	ADD COLUMN asked JSONB DEFAULT '[]' NOT NULL;

-- Until now whatever has arrived came at once.
UPDATE payments SET captures = 1 WHERE captured > 0;

ALTER TABLE payments
	ADD CONSTRAINT payments_captures_check CHECK (captures >= 0),
	DROP CONSTRAINT payments_capture_method_known_check,
	ADD CONSTRAINT payments_capture_method_known_check CHECK (capture_method IN ('automatic', 'manual', 'first_parcel', 'per_parcel'));

ALTER TABLE journal_entries
	DROP CONSTRAINT journal_entries_kind_known_check,
	ADD CONSTRAINT journal_entries_kind_known_check CHECK (kind IN ('capture', 'capture_more', 'unclaimed', 'refund', 'refund_paid', 'dispute', 'dispute_won', 'dispute_lost', 'release', 'reserve_release', 'payout', 'payout_sent', 'payout_failed', 'recovery', 'write_off', 'reversal'));

DROP INDEX payments_unsettled_idx;

CREATE INDEX payments_unsettled_idx ON payments (opened_at, id)
WHERE (status NOT IN ('cancelled', 'captured', 'disputed', 'partially_refunded', 'refunded')) OR in_parts;
