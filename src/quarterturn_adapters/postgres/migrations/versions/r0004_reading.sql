-- Reading in pages what the edge lists, and the figures of the marketplace.

ALTER TABLE inbox ADD COLUMN at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL;

CREATE INDEX inbox_at_idx ON inbox (at);

CREATE TABLE vendor_refunds (
	vendor_id UUID NOT NULL,
	requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
	refund_id UUID NOT NULL,
	CONSTRAINT vendor_refunds_pkey PRIMARY KEY (vendor_id, requested_at, refund_id)
);

INSERT INTO vendor_refunds (vendor_id, requested_at, refund_id)
SELECT DISTINCT l.vendor_id, r.requested_at, r.id
FROM refunds r CROSS JOIN LATERAL jsonb_array_elements(r.lines) AS part (line)
    JOIN order_lines l ON l.order_id = r.order_id AND l.number = (part.line ->> 0)::smallint;

CREATE INDEX vendors_status_idx ON vendors (status, id);

CREATE INDEX products_creator_idx ON products (created_by, id) WHERE created_by IS NOT NULL;

CREATE INDEX locations_vendor_idx ON locations (vendor_id, id);

CREATE INDEX stock_items_location_idx ON stock_items (location_id, sku);

CREATE INDEX carts_ordered_idx ON carts (changed_at) WHERE status = 'ordered';

CREATE INDEX orders_ended_idx ON orders (state, placed_at, id) WHERE state IN ('expired', 'cancelled');

CREATE INDEX vendor_orders_status_idx ON vendor_orders (vendor_id, status, placed_at, order_id) WHERE status <> 'pending';

CREATE INDEX returns_latest_idx ON returns (requested_at, id);

CREATE INDEX returns_status_idx ON returns (status, requested_at, id);

CREATE INDEX returns_vendor_idx ON returns (vendor_id, requested_at, id);

CREATE INDEX returns_vendor_status_idx ON returns (vendor_id, status, requested_at, id);

CREATE INDEX payments_quarantined_idx ON payments (opened_at, id) WHERE quarantine IS NOT NULL;

CREATE INDEX refunds_latest_idx ON refunds (requested_at, id);

CREATE INDEX disputes_latest_idx ON disputes (opened_at, id);

CREATE INDEX disputes_status_idx ON disputes (status, opened_at, id);

CREATE INDEX payouts_latest_idx ON payouts (scheduled_at, id);

CREATE INDEX payouts_status_idx ON payouts (status, scheduled_at, id);

CREATE INDEX payouts_vendor_latest_idx ON payouts (vendor_id, scheduled_at, id);

CREATE INDEX payouts_vendor_status_idx ON payouts (vendor_id, status, scheduled_at, id);

CREATE INDEX journal_entries_captured_idx ON journal_entries (at, order_id) WHERE kind = 'capture';

CREATE INDEX postings_account_idx ON postings (account, entry) WHERE (account NOT IN ('commission_revenue', 'processor_clearing', 'processor_fees', 'vendor_pending'));
