-- The least SQL that an order of 4 lines from 2 vendors needs: the same rows that QuarterTurn writes, one transaction for each order,
-- a statement for each table. `spread` is 499 (2,000 SKUs) or 0 (4 hot SKUs); stock is locked in the order of the SKUs.
\set a random(0, :spread)
\set n random(1, 281474976710655)
BEGIN;
WITH shelf AS (
    SELECT sku, location_id FROM stock_items
    WHERE sku IN ('SKU-' || (100000 + :a), 'SKU-' || (100500 + :a), 'SKU-' || (101000 + :a), 'SKU-' || (101500 + :a))
    ORDER BY sku, location_id FOR UPDATE)
UPDATE stock_items i SET reserved = reserved + 1 FROM shelf
WHERE (i.sku, i.location_id) = (shelf.sku, shelf.location_id) AND i.reserved + 1 <= i.on_hand;
INSERT INTO reservations (order_id, sku, location_id, quantity, deadline, status, returned) VALUES
    (bench_id(:n), 'SKU-' || (100000 + :a), '00000000-0000-0000-0000-000000000001', 1, now() + interval '15 minutes', 'held', 0),
    (bench_id(:n), 'SKU-' || (100500 + :a), '00000000-0000-0000-0000-000000000001', 1, now() + interval '15 minutes', 'held', 0),
    (bench_id(:n), 'SKU-' || (101000 + :a), '00000000-0000-0000-0000-000000000002', 1, now() + interval '15 minutes', 'held', 0),
    (bench_id(:n), 'SKU-' || (101500 + :a), '00000000-0000-0000-0000-000000000002', 1, now() + interval '15 minutes', 'held', 0);
INSERT INTO orders (id, total, currency, placed_at, deadline, fingerprint, state) VALUES
    (bench_id(:n), 9196, 'EUR', now(), now() + interval '15 minutes',
     'bafc82b64c2ffd08332d8f41647c9297986657293ace35d06a4a0e013ae980b5', 'placed');
INSERT INTO vendor_orders (order_id, vendor_id, position, placed_at, status, shipments) VALUES
    (bench_id(:n), '00000000-0000-0000-0000-000000000001', 0, now(), 'pending', '[]'),
    (bench_id(:n), '00000000-0000-0000-0000-000000000002', 1, now(), 'pending', '[]');
INSERT INTO order_lines VALUES
    (bench_id(:n), 1, '00000000-0000-0000-0000-000000000001', 'SKU-' || (100000 + :a), '00000000-0000-0000-0000-000000000001',
     'An offer of the bench', 'EUR', 1999, 300, 1, 0, 1999, 1799, 200, 0, 0, 0, 300, 300, 0, 0, 0, 0, '[]',
     '00000000-0000-0000-0000-000000000000', 1, '[["rate", "commission", "commission", 1999, 1, 10, 200, "goods", 0]]', 0, 0, 0, 0, 0, 0, 0),
    (bench_id(:n), 2, '00000000-0000-0000-0000-000000000001', 'SKU-' || (100500 + :a), '00000000-0000-0000-0000-000000000001',
     'An offer of the bench', 'EUR', 1999, 300, 1, 0, 1999, 1799, 200, 0, 0, 0, 300, 300, 0, 0, 0, 0, '[]',
     '00000000-0000-0000-0000-000000000000', 1, '[["rate", "commission", "commission", 1999, 1, 10, 200, "goods", 0]]', 0, 0, 0, 0, 0, 0, 0),
    (bench_id(:n), 3, '00000000-0000-0000-0000-000000000002', 'SKU-' || (101000 + :a), '00000000-0000-0000-0000-000000000002',
     'An offer of the bench', 'EUR', 1999, 300, 1, 0, 1999, 1799, 200, 0, 0, 0, 300, 300, 0, 0, 0, 0, '[]',
     '00000000-0000-0000-0000-000000000000', 1, '[["rate", "commission", "commission", 1999, 1, 10, 200, "goods", 0]]', 0, 0, 0, 0, 0, 0, 0),
    (bench_id(:n), 4, '00000000-0000-0000-0000-000000000002', 'SKU-' || (101500 + :a), '00000000-0000-0000-0000-000000000002',
     'An offer of the bench', 'EUR', 1999, 300, 1, 0, 1999, 1799, 200, 0, 0, 0, 300, 300, 0, 0, 0, 0, '[]',
     '00000000-0000-0000-0000-000000000000', 1, '[["rate", "commission", "commission", 1999, 1, 10, 200, "goods", 0]]', 0, 0, 0, 0, 0, 0, 0);
INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, version, headers, timestamp) VALUES
    (bench_id(:n), 'order', bench_id(:n)::text, 'order.placed',
     '{"at": "2026-11-20T12:00:00+00:00", "total": {"minor": 9196, "currency": "EUR"}, "cart_id": null, "buyer_id": null, "deadline": "2026-11-20T12:15:00+00:00", "order_id": "0196b4a9-10f6-74f2-8dbc-ac04fe54088a", "vendor_orders": [{"items": [["SKU-100000", 1], ["SKU-100500", 1]], "total": {"minor": 4598, "currency": "EUR"}, "vendor_id": "00000000-0000-0000-0000-000000000001"}, {"items": [["SKU-101000", 1], ["SKU-101500", 1]], "total": {"minor": 4598, "currency": "EUR"}, "vendor_id": "00000000-0000-0000-0000-000000000002"}]}',
     1, '{}', now());
COMMIT;
