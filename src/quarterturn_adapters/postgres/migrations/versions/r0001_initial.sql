CREATE TABLE account_balances (
    account TEXT COLLATE "C" NOT NULL,
    vendor_id UUID,
    currency CHAR(3) NOT NULL,
    shard SMALLINT NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT account_balances_key UNIQUE NULLS NOT DISTINCT (account, vendor_id, currency, shard),
    CONSTRAINT account_balances_account_known_check CHECK (account IN ('processor_clearing', 'vendor_pending', 'vendor_available', 'vendor_reserve', 'commission_revenue', 'commission_tax', 'sales_tax', 'platform_discounts', 'processor_fees', 'refunds', 'disputes', 'payouts_in_transit', 'write_offs'))
);

ALTER TABLE account_balances SET (fillfactor = 50);

CREATE INDEX account_balances_owing_idx ON account_balances (vendor_id, currency) WHERE account = 'vendor_available' AND vendor_id IS NOT NULL;

CREATE TABLE accounts (
    id UUID NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_email_key UNIQUE (email),
    CONSTRAINT accounts_status_known_check CHECK (status IN ('active', 'suspended')),
    CONSTRAINT accounts_email_lower_check CHECK (email = lower(email))
);

CREATE TABLE answers (
    key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT answers_pkey PRIMARY KEY (key)
);

CREATE INDEX answers_at_idx ON answers (at);

CREATE TABLE carts (
    id UUID NOT NULL,
    owner_id UUID,
    lines JSONB NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    order_id UUID,
    changed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT carts_pkey PRIMARY KEY (id),
    CONSTRAINT carts_status_known_check CHECK (status IN ('open', 'ordered', 'merged')),
    CONSTRAINT carts_ordered_check CHECK ((status = 'ordered') = (order_id IS NOT NULL))
);

CREATE INDEX carts_idle_idx ON carts (changed_at, id) WHERE status = 'open';

CREATE UNIQUE INDEX carts_open_owner_key ON carts (owner_id) WHERE status = 'open' AND owner_id IS NOT NULL;

CREATE TABLE categories (
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    parent_id UUID,
    position INTEGER NOT NULL,
    path UUID[] NOT NULL,
    CONSTRAINT categories_pkey PRIMARY KEY (id),
    CONSTRAINT categories_path_ends_check CHECK (cardinality(path) <= 16)
);

CREATE TABLE commission_rules (
    id UUID NOT NULL,
    version SMALLINT NOT NULL,
    in_force BOOLEAN NOT NULL,
    position INTEGER NOT NULL,
    terms JSONB NOT NULL,
    CONSTRAINT commission_rules_pkey PRIMARY KEY (id, version),
    CONSTRAINT commission_rules_version_check CHECK (version >= 1)
);

CREATE UNIQUE INDEX commission_rules_in_force_idx ON commission_rules (id) WHERE in_force;

CREATE TABLE debts (
    vendor_id UUID NOT NULL,
    currency CHAR(3) NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT debts_pkey PRIMARY KEY (vendor_id, currency)
);

CREATE TABLE discounts (
    id UUID NOT NULL,
    code TEXT COLLATE "C",
    position INTEGER NOT NULL,
    terms JSONB NOT NULL,
    CONSTRAINT discounts_pkey PRIMARY KEY (id),
    CONSTRAINT discounts_code_key UNIQUE (code)
);

CREATE TABLE disputes (
    id UUID NOT NULL,
    payment_id UUID NOT NULL,
    order_id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    lines JSONB NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    evidence_due_at TIMESTAMP WITH TIME ZONE,
    status TEXT COLLATE "C" NOT NULL,
    CONSTRAINT disputes_pkey PRIMARY KEY (id),
    CONSTRAINT disputes_status_known_check CHECK (status IN ('open', 'won', 'lost'))
);

CREATE INDEX disputes_order_idx ON disputes (order_id);

CREATE TABLE earnings (
    order_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    pending BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE,
    released_at TIMESTAMP WITH TIME ZONE,
    reserve_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT earnings_pkey PRIMARY KEY (order_id, vendor_id),
    CONSTRAINT earnings_released_check CHECK (released_at IS NULL OR pending = 0)
);

CREATE INDEX earnings_due_idx ON earnings (due_at, order_id, vendor_id) WHERE due_at IS NOT NULL AND released_at IS NULL;

CREATE INDEX earnings_reserves_idx ON earnings (reserve_until, order_id, vendor_id) WHERE reserved <> 0 AND reserve_until IS NOT NULL;

CREATE INDEX earnings_vendor_reserves_idx ON earnings (vendor_id, currency, reserve_until) WHERE reserved <> 0 AND reserve_until IS NOT NULL;

CREATE TABLE inbox (
    subscriber TEXT COLLATE "C" NOT NULL,
    id UUID NOT NULL,
    CONSTRAINT inbox_pkey PRIMARY KEY (subscriber, id)
);

CREATE TABLE journal_entries (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    fact TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    order_id UUID,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT journal_entries_pkey PRIMARY KEY (number),
    CONSTRAINT journal_entries_fact_key UNIQUE (fact),
    CONSTRAINT journal_entries_kind_known_check CHECK (kind IN ('capture', 'unclaimed', 'refund', 'refund_paid', 'dispute', 'dispute_won', 'dispute_lost', 'release', 'reserve_release', 'payout', 'payout_sent', 'payout_failed', 'recovery', 'write_off', 'reversal'))
);

CREATE INDEX journal_entries_order_idx ON journal_entries (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE kits (
    sku TEXT COLLATE "C" NOT NULL,
    CONSTRAINT kits_pkey PRIMARY KEY (sku)
);

CREATE TABLE locations (
    id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    priority INTEGER NOT NULL,
    CONSTRAINT locations_pkey PRIMARY KEY (id)
);

CREATE TABLE movements (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    cause TEXT COLLATE "C" NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    location_id UUID NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    quantity INTEGER NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT movements_pkey PRIMARY KEY (number),
    CONSTRAINT movements_cause_key UNIQUE (cause, sku, location_id, kind),
    CONSTRAINT movements_kind_known_check CHECK (kind IN ('receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'channel_sale')),
    CONSTRAINT movements_quantity_check CHECK (quantity <> 0)
);

CREATE INDEX movements_sku_idx ON movements (sku, number);

CREATE TABLE offers (
    sku TEXT COLLATE "C" NOT NULL,
    vendor_id UUID NOT NULL,
    product_id UUID NOT NULL,
    variant_id UUID NOT NULL,
    price BIGINT NOT NULL,
    shipping BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    CONSTRAINT offers_pkey PRIMARY KEY (sku),
    CONSTRAINT offers_status_known_check CHECK (status IN ('live', 'paused', 'withdrawn')),
    CONSTRAINT offers_amounts_check CHECK (price >= 0 AND shipping >= 0)
);

CREATE INDEX offers_vendor_idx ON offers (vendor_id, sku);

CREATE TABLE order_lines (
    order_id UUID NOT NULL,
    number SMALLINT NOT NULL,
    vendor_id UUID NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    product_id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    currency CHAR(3) NOT NULL,
    unit_price BIGINT NOT NULL,
    unit_shipping BIGINT NOT NULL,
    quantity INTEGER NOT NULL,
    discount BIGINT NOT NULL,
    goods_paid BIGINT NOT NULL,
    goods_earning BIGINT NOT NULL,
    goods_commission BIGINT NOT NULL,
    goods_commission_tax BIGINT NOT NULL,
    goods_tax_kept BIGINT NOT NULL,
    goods_subsidy BIGINT NOT NULL,
    shipping_paid BIGINT NOT NULL,
    shipping_earning BIGINT NOT NULL,
    shipping_commission BIGINT NOT NULL,
    shipping_commission_tax BIGINT NOT NULL,
    shipping_tax_kept BIGINT NOT NULL,
    shipping_subsidy BIGINT NOT NULL,
    taxes JSONB NOT NULL,
    rule_id UUID NOT NULL,
    rule_version INTEGER NOT NULL,
    steps JSONB NOT NULL,
    refunded_goods BIGINT NOT NULL,
    refunded_shipping BIGINT NOT NULL,
    shipped INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    on_way_back INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, number),
    CONSTRAINT order_lines_quantity_check CHECK (quantity > 0),
    CONSTRAINT order_lines_goods_split_check CHECK (goods_paid = goods_earning + goods_commission + goods_commission_tax + goods_tax_kept AND goods_commission + goods_subsidy >= 0 AND goods_paid >= 0 AND goods_earning >= 0 AND goods_commission_tax >= 0 AND goods_tax_kept >= 0 AND goods_subsidy >= 0),
    CONSTRAINT order_lines_shipping_split_check CHECK (shipping_paid = shipping_earning + shipping_commission + shipping_commission_tax + shipping_tax_kept AND shipping_commission + shipping_subsidy >= 0 AND shipping_paid >= 0 AND shipping_earning >= 0 AND shipping_commission_tax >= 0 AND shipping_tax_kept >= 0 AND shipping_subsidy >= 0),
    CONSTRAINT order_lines_refunded_goods_check CHECK (0 <= refunded_goods AND refunded_goods <= goods_paid),
    CONSTRAINT order_lines_refunded_shipping_check CHECK (0 <= refunded_shipping AND refunded_shipping <= shipping_paid),
    CONSTRAINT order_lines_shipped_check CHECK (0 <= shipped AND 0 <= cancelled AND shipped + cancelled <= quantity),
    CONSTRAINT order_lines_delivered_check CHECK (0 <= delivered AND delivered <= shipped),
    CONSTRAINT order_lines_returned_check CHECK (0 <= on_way_back AND 0 <= returned AND on_way_back + returned <= delivered)
);

CREATE TABLE orders (
    id UUID NOT NULL,
    buyer_id UUID,
    total BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deadline TIMESTAMP WITH TIME ZONE NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    country TEXT COLLATE "C",
    region TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_state_known_check CHECK (state IN ('placed', 'expired', 'paid', 'cancelled')),
    CONSTRAINT orders_total_check CHECK (total >= 0)
);

CREATE INDEX orders_buyer_idx ON orders (buyer_id, placed_at, id) WHERE buyer_id IS NOT NULL;

CREATE INDEX orders_latest_idx ON orders (placed_at, id);

CREATE INDEX orders_unpaid_idx ON orders (deadline, id) WHERE state = 'placed';

CREATE TABLE outbox (
    id UUID NOT NULL,
    aggregatetype TEXT COLLATE "C" NOT NULL,
    aggregateid TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    payload JSONB NOT NULL,
    version SMALLINT NOT NULL,
    headers JSONB NOT NULL,
    timestamp TIMESTAMP WITH TIME ZONE NOT NULL,
    sequence BIGINT GENERATED ALWAYS AS IDENTITY,
    delivered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
);

CREATE INDEX outbox_delivered_idx ON outbox (delivered_at) WHERE delivered_at IS NOT NULL;

CREATE INDEX outbox_waiting_idx ON outbox (sequence) WHERE delivered_at IS NULL;

CREATE TABLE payments (
    id UUID NOT NULL,
    order_id UUID NOT NULL,
    amount BIGINT NOT NULL,
    capture_method TEXT COLLATE "C" NOT NULL,
    captured BIGINT NOT NULL,
    released BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C",
    charge TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    quarantine TEXT COLLATE "C",
    CONSTRAINT payments_pkey PRIMARY KEY (id),
    CONSTRAINT payments_reference_key UNIQUE (reference),
    CONSTRAINT payments_status_known_check CHECK (status IN ('requires_payment', 'processing', 'authorized', 'captured', 'partially_refunded', 'refunded', 'failed', 'cancelled', 'disputed')),
    CONSTRAINT payments_capture_method_known_check CHECK (capture_method IN ('automatic', 'manual')),
    CONSTRAINT payments_amounts_check CHECK (captured >= 0 AND released >= 0 AND 0 <= refunded AND 0 <= lost AND refunded + lost <= captured)
);

CREATE INDEX payments_order_idx ON payments (order_id);

CREATE INDEX payments_unsettled_idx ON payments (opened_at, id) WHERE (status NOT IN ('cancelled', 'captured', 'disputed', 'partially_refunded', 'refunded'));

CREATE TABLE payout_terms (
    vendor_id UUID,
    terms JSONB NOT NULL,
    CONSTRAINT payout_terms_vendor_id_key UNIQUE NULLS NOT DISTINCT (vendor_id)
);

CREATE TABLE payouts (
    id UUID NOT NULL,
    run_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    recalled BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    scheduled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    transfer TEXT COLLATE "C",
    reference TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    CONSTRAINT payouts_pkey PRIMARY KEY (id),
    CONSTRAINT payouts_status_known_check CHECK (status IN ('scheduled', 'unknown', 'sent', 'paid', 'failed', 'returned')),
    CONSTRAINT payouts_amounts_check CHECK (amount >= 0 AND 0 <= recalled AND recalled <= amount)
);

CREATE INDEX payouts_open_idx ON payouts (id) WHERE status IN ('scheduled', 'unknown', 'sent');

CREATE INDEX payouts_reversible_idx ON payouts (vendor_id, currency, scheduled_at, id) WHERE status IN ('sent', 'paid') AND transfer IS NOT NULL AND amount > recalled;

CREATE INDEX payouts_run_idx ON payouts (run_id, id);

CREATE INDEX payouts_vendor_idx ON payouts (vendor_id, id);

CREATE TABLE postings (
    entry BIGINT NOT NULL,
    position SMALLINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    vendor_id UUID,
    amount BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT postings_pkey PRIMARY KEY (entry, position),
    CONSTRAINT postings_account_known_check CHECK (account IN ('processor_clearing', 'vendor_pending', 'vendor_available', 'vendor_reserve', 'commission_revenue', 'commission_tax', 'sales_tax', 'platform_discounts', 'processor_fees', 'refunds', 'disputes', 'payouts_in_transit', 'write_offs')),
    CONSTRAINT postings_amount_check CHECK (amount <> 0)
);

CREATE INDEX postings_vendor_idx ON postings (vendor_id, at, entry) WHERE vendor_id IS NOT NULL;

CREATE TABLE price_editions (
    singleton SMALLINT NOT NULL,
    edition BIGINT NOT NULL,
    CONSTRAINT price_editions_pkey PRIMARY KEY (singleton),
    CONSTRAINT price_editions_singleton_check CHECK (singleton = 1)
);

CREATE TABLE products (
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    category_id UUID,
    created_by UUID,
    status TEXT COLLATE "C" NOT NULL,
    CONSTRAINT products_pkey PRIMARY KEY (id),
    CONSTRAINT products_status_known_check CHECK (status IN ('draft', 'published', 'archived'))
);

CREATE TABLE refunds (
    id UUID NOT NULL,
    payment_id UUID NOT NULL,
    order_id UUID NOT NULL,
    amount BIGINT NOT NULL,
    currency CHAR(3) NOT NULL,
    lines JSONB NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    attempt INTEGER NOT NULL,
    CONSTRAINT refunds_pkey PRIMARY KEY (id),
    CONSTRAINT refunds_status_known_check CHECK (status IN ('requested', 'sent', 'succeeded', 'failed')),
    CONSTRAINT refunds_amount_check CHECK (amount >= 0),
    CONSTRAINT refunds_attempt_check CHECK (attempt >= 1)
);

CREATE INDEX refunds_open_idx ON refunds (requested_at, id) WHERE status IN ('requested', 'sent');

CREATE INDEX refunds_order_idx ON refunds (order_id);

CREATE TABLE reservations (
    order_id UUID NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    location_id UUID NOT NULL,
    quantity INTEGER NOT NULL,
    deadline TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    returned INTEGER NOT NULL,
    CONSTRAINT reservations_pkey PRIMARY KEY (order_id, sku, location_id),
    CONSTRAINT reservations_status_known_check CHECK (status IN ('held', 'expired', 'released', 'committed')),
    CONSTRAINT reservations_quantity_check CHECK (quantity > 0),
    CONSTRAINT reservations_returned_check CHECK (0 <= returned AND returned <= quantity AND (returned = 0 OR status = 'committed'))
);

CREATE INDEX reservations_held_idx ON reservations (sku, deadline) WHERE status = 'held';

CREATE TABLE returns (
    id UUID NOT NULL,
    order_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    units JSONB NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    CONSTRAINT returns_pkey PRIMARY KEY (id),
    CONSTRAINT returns_status_known_check CHECK (status IN ('requested', 'approved', 'received', 'rejected', 'withdrawn'))
);

CREATE INDEX returns_order_idx ON returns (order_id, id);

CREATE TABLE stock_items (
    sku TEXT COLLATE "C" NOT NULL,
    location_id UUID NOT NULL,
    on_hand INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    CONSTRAINT stock_items_pkey PRIMARY KEY (sku, location_id),
    CONSTRAINT stock_items_reserved_check CHECK (0 <= reserved AND reserved <= on_hand)
);

ALTER TABLE stock_items SET (fillfactor = 50);

CREATE TABLE taxes (
    id UUID NOT NULL,
    terms JSONB NOT NULL,
    CONSTRAINT taxes_pkey PRIMARY KEY (id)
);

CREATE TABLE unsealed_entries (
    number BIGINT NOT NULL,
    CONSTRAINT unsealed_entries_pkey PRIMARY KEY (number)
);

CREATE TABLE vendor_orders (
    order_id UUID NOT NULL,
    vendor_id UUID NOT NULL,
    position SMALLINT NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    shipments JSONB NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT vendor_orders_pkey PRIMARY KEY (order_id, vendor_id),
    CONSTRAINT vendor_orders_status_known_check CHECK (status IN ('pending', 'confirmed', 'processing', 'shipped', 'delivered', 'cancelled')),
    CONSTRAINT vendor_orders_delivered_check CHECK (delivered_at IS NULL OR status = 'delivered')
);

CREATE INDEX vendor_orders_vendor_idx ON vendor_orders (vendor_id, placed_at, order_id);

CREATE TABLE vendors (
    id UUID NOT NULL,
    owner_id UUID,
    name TEXT COLLATE "C" NOT NULL,
    country CHAR(2) NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE NOT NULL,
    payout_reference TEXT COLLATE "C",
    payout_ready BOOLEAN NOT NULL,
    payout_requirements JSONB NOT NULL,
    CONSTRAINT vendors_pkey PRIMARY KEY (id),
    CONSTRAINT vendors_status_known_check CHECK (status IN ('applied', 'approved', 'suspended', 'rejected', 'closed')),
    CONSTRAINT vendors_payout_account_check CHECK (payout_reference IS NOT NULL OR NOT payout_ready)
);

CREATE TABLE kit_parts (
    kit TEXT COLLATE "C" NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    position INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    CONSTRAINT kit_parts_pkey PRIMARY KEY (kit, part),
    CONSTRAINT kit_parts_kit_fkey FOREIGN KEY(kit) REFERENCES kits (sku),
    CONSTRAINT kit_parts_quantity_check CHECK (quantity > 0),
    CONSTRAINT kit_parts_part_check CHECK (part <> kit)
);

CREATE INDEX kit_parts_part_idx ON kit_parts (part);

CREATE TABLE seals (
    position BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    CONSTRAINT seals_pkey PRIMARY KEY (position),
    CONSTRAINT seals_number_key UNIQUE (number),
    CONSTRAINT seals_number_fkey FOREIGN KEY(number) REFERENCES journal_entries (number),
    CONSTRAINT seals_position_check CHECK (position >= 1),
    CONSTRAINT seals_hash_check CHECK (hash ~ '^[0-9a-f]{64}$')
);

CREATE TABLE variants (
    product_id UUID NOT NULL,
    id UUID NOT NULL,
    position INTEGER NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    options JSONB NOT NULL,
    weight_grams INTEGER,
    CONSTRAINT variants_pkey PRIMARY KEY (product_id, id),
    CONSTRAINT variants_product_id_fkey FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT variants_position_key UNIQUE (product_id, position) DEFERRABLE,
    CONSTRAINT variants_weight_check CHECK (weight_grams >= 0)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% cannot go this way: % to %', TG_TABLE_NAME, to_jsonb(OLD) ->> TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[0]
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION refuse_unbalanced_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT entry, currency, sum(amount) AS amount INTO wrong FROM fresh GROUP BY entry, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: % %', wrong.entry, wrong.amount, wrong.currency
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT currency, sum(amount) AS amount INTO wrong FROM postings WHERE entry = NEW.number
        GROUP BY currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: % %', NEW.number, wrong.amount, wrong.currency
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_lifecycle BEFORE UPDATE OF status ON accounts FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('active>suspended', 'suspended>active')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER vendors_lifecycle BEFORE UPDATE OF status ON vendors FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('applied>approved', 'applied>suspended', 'applied>rejected', 'applied>closed', 'approved>suspended', 'approved>closed', 'suspended>approved', 'suspended>closed', 'rejected>applied', 'rejected>approved', 'rejected>suspended', 'rejected>closed')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER products_lifecycle BEFORE UPDATE OF status ON products FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('draft>published', 'draft>archived', 'published>draft', 'published>archived', 'archived>draft', 'archived>published')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER offers_lifecycle BEFORE UPDATE OF status ON offers FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('live>paused', 'live>withdrawn', 'paused>live', 'paused>withdrawn')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER reservations_lifecycle BEFORE UPDATE OF status ON reservations FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('held>expired', 'held>released', 'held>committed', 'expired>held', 'expired>released', 'expired>committed')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER carts_lifecycle BEFORE UPDATE OF status ON carts FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>ordered', 'open>merged')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER orders_lifecycle BEFORE UPDATE OF state ON orders FOR EACH ROW WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ('placed>expired', 'placed>paid', 'placed>cancelled', 'expired>paid', 'expired>cancelled')) EXECUTE FUNCTION refuse_transition('state');

CREATE TRIGGER vendor_orders_lifecycle BEFORE UPDATE OF status ON vendor_orders FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('pending>confirmed', 'pending>processing', 'pending>shipped', 'pending>delivered', 'pending>cancelled', 'confirmed>processing', 'confirmed>shipped', 'confirmed>delivered', 'confirmed>cancelled', 'processing>shipped', 'processing>delivered', 'processing>cancelled', 'shipped>delivered')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER returns_lifecycle BEFORE UPDATE OF status ON returns FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('requested>approved', 'requested>received', 'requested>rejected', 'requested>withdrawn', 'approved>received', 'approved>withdrawn')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER payments_lifecycle BEFORE UPDATE OF status ON payments FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('requires_payment>processing', 'requires_payment>authorized', 'requires_payment>captured', 'requires_payment>partially_refunded', 'requires_payment>refunded', 'requires_payment>failed', 'requires_payment>cancelled', 'requires_payment>disputed', 'processing>requires_payment', 'processing>authorized', 'processing>captured', 'processing>partially_refunded', 'processing>refunded', 'processing>failed', 'processing>cancelled', 'processing>disputed', 'authorized>requires_payment', 'authorized>processing', 'authorized>captured', 'authorized>partially_refunded', 'authorized>refunded', 'authorized>failed', 'authorized>cancelled', 'authorized>disputed', 'captured>partially_refunded', 'captured>refunded', 'captured>disputed', 'partially_refunded>captured', 'partially_refunded>refunded', 'partially_refunded>disputed', 'refunded>captured', 'refunded>partially_refunded', 'refunded>disputed', 'failed>requires_payment', 'failed>processing', 'failed>authorized', 'failed>captured', 'failed>partially_refunded', 'failed>refunded', 'failed>cancelled', 'failed>disputed', 'disputed>captured', 'disputed>partially_refunded', 'disputed>refunded')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER refunds_lifecycle BEFORE UPDATE OF status ON refunds FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('requested>sent', 'requested>succeeded', 'requested>failed', 'sent>requested', 'sent>succeeded', 'sent>failed', 'failed>requested', 'failed>sent', 'failed>succeeded')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER disputes_lifecycle BEFORE UPDATE OF status ON disputes FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>won', 'open>lost')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER payouts_lifecycle BEFORE UPDATE OF status ON payouts FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('scheduled>unknown', 'scheduled>sent', 'scheduled>paid', 'scheduled>failed', 'scheduled>returned', 'unknown>sent', 'unknown>paid', 'unknown>failed', 'unknown>returned', 'sent>paid', 'sent>failed', 'sent>returned', 'paid>returned')) EXECUTE FUNCTION refuse_transition('status');

CREATE TRIGGER movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER outbox_append_only BEFORE UPDATE OF id, aggregatetype, aggregateid, type, payload, version, headers, timestamp, sequence OR TRUNCATE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER outbox_undelivered BEFORE DELETE ON outbox FOR EACH ROW WHEN (OLD.delivered_at IS NULL) EXECUTE FUNCTION refuse_change();

CREATE TRIGGER postings_balance AFTER INSERT ON postings REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_postings();

CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry();

INSERT INTO price_editions (singleton, edition) VALUES (1, 1);
