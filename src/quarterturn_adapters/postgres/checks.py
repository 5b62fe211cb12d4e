"""Checks: every law of the domain that stored data can break, each as a query for the rows that break it.

Constraints refuse most of this when it is written. A check is for what a constraint cannot say, and for data that came in while
constraints were off: a restore, a repair by hand, a bug.
"""

from __future__ import annotations

from typing import Final

import attrs

from quarterturn_domain.settlement.chart import OF_A_VENDOR


@attrs.frozen
class Check:
    """A law, by a short name and as a sentence, and the query whose rows break it."""

    name: str
    law: str
    query: str


_OF_A_VENDOR: Final = ", ".join(f"'{kind}'" for kind in sorted(OF_A_VENDOR))

_ON_HAND: Final = """
SELECT sku, location_id, coalesce(i.on_hand, 0) AS on_hand, coalesce(m.moved, 0) AS moved
FROM stock_items i
FULL JOIN (SELECT sku, location_id, sum(quantity) AS moved FROM movements GROUP BY 1, 2) m USING (sku, location_id)
WHERE coalesce(i.on_hand, 0) <> coalesce(m.moved, 0)"""

_RESERVED: Final = """
SELECT sku, location_id, coalesce(i.reserved, 0) AS reserved, coalesce(r.held, 0) AS held
FROM stock_items i
FULL JOIN (SELECT sku, location_id, sum(quantity) AS held FROM reservations WHERE status = 'held' GROUP BY 1, 2) r
    USING (sku, location_id)
WHERE coalesce(i.reserved, 0) <> coalesce(r.held, 0)"""

_SOLD: Final = """
SELECT coalesce(r.cause, m.cause) AS cause, sku, location_id, coalesce(r.sold, 0) AS committed, coalesce(m.sold, 0) AS sold
FROM (SELECT 'order:' || order_id AS cause, sku, location_id, sum(quantity) AS sold FROM reservations
      WHERE status = 'committed' GROUP BY 1, 2, 3) r
FULL JOIN (SELECT cause, sku, location_id, -sum(quantity) AS sold FROM movements WHERE kind = 'sale' GROUP BY 1, 2, 3) m
    USING (cause, sku, location_id)
WHERE coalesce(r.sold, 0) <> coalesce(m.sold, 0)"""

_STILL_HELD: Final = """
SELECT r.order_id, o.state, r.sku, r.location_id, r.quantity
FROM reservations r JOIN orders o ON o.id = r.order_id
WHERE (r.status = 'held' AND o.state <> 'placed') OR (r.status = 'committed' AND o.state <> 'paid')"""

_UNDERSOLD: Final = """
WITH bought AS (
    SELECT l.order_id, coalesce(k.part, l.sku) AS sku, sum(l.quantity * coalesce(k.quantity, 1)) AS quantity
    FROM order_lines l JOIN orders o ON o.id = l.order_id AND o.state = 'paid' LEFT JOIN kit_parts k ON k.kit = l.sku
    GROUP BY 1, 2),
sold AS (SELECT order_id, sku, sum(quantity) AS quantity FROM reservations WHERE status = 'committed' GROUP BY 1, 2)
SELECT b.order_id, b.sku, b.quantity AS bought, coalesce(s.quantity, 0) AS sold
FROM bought b LEFT JOIN sold s USING (order_id, sku) WHERE b.quantity <> coalesce(s.quantity, 0)"""

_TOTALS: Final = """
SELECT o.id AS order_id, o.total, coalesce(sum(l.goods_paid + l.shipping_paid), 0) AS lines
FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
GROUP BY o.id, o.total HAVING o.total <> coalesce(sum(l.goods_paid + l.shipping_paid), 0) OR count(l.number) = 0"""

_PARTS: Final = """
SELECT order_id, vendor_id, (v.order_id IS NOT NULL) AS has_vendor_order, coalesce(l.lines, 0) AS lines
FROM (SELECT order_id, vendor_id FROM vendor_orders) v
FULL JOIN (SELECT order_id, vendor_id, count(*) AS lines FROM order_lines GROUP BY 1, 2) l USING (order_id, vendor_id)
WHERE v.order_id IS NULL OR l.order_id IS NULL"""

_FULFILLED: Final = """
SELECT v.order_id, v.vendor_id, v.status, sum(l.quantity) AS units, sum(l.cancelled) AS cancelled, sum(l.shipped) AS shipped,
       sum(l.delivered) AS delivered
FROM vendor_orders v JOIN order_lines l USING (order_id, vendor_id) JOIN orders o ON o.id = v.order_id
GROUP BY v.order_id, v.vendor_id, v.status, o.state
HAVING (v.status IN ('pending', 'confirmed') AND sum(l.shipped) > 0)
    OR (v.status IN ('shipped', 'delivered') AND sum(l.shipped + l.cancelled) <> sum(l.quantity))
    OR (v.status = 'delivered' AND sum(l.delivered) <> sum(l.shipped))
    OR (v.status = 'cancelled' AND o.state = 'paid' AND sum(l.cancelled) <> sum(l.quantity))
    OR (v.status = 'pending' AND o.state = 'paid')
    OR (v.status NOT IN ('pending', 'cancelled') AND o.state <> 'paid')"""

_SPLIT: Final = """
SELECT order_id, number, goods_paid, shipping_paid FROM order_lines
WHERE goods_paid <> goods_earning + goods_commission + goods_commission_tax + goods_tax_kept
   OR shipping_paid <> shipping_earning + shipping_commission + shipping_commission_tax + shipping_tax_kept"""

_ENTRIES: Final = """
SELECT e.number, e.fact, p.currency, coalesce(sum(p.amount), 0) AS amount
FROM journal_entries e LEFT JOIN postings p ON p.entry = e.number
GROUP BY e.number, e.fact, p.currency HAVING coalesce(sum(p.amount), 0) <> 0"""

_BALANCES: Final = """
SELECT account, vendor_id, currency, sum(kept) AS kept, sum(posted) AS posted
FROM (SELECT account, vendor_id, currency, amount AS kept, 0 AS posted FROM account_balances
      UNION ALL SELECT account, vendor_id, currency, 0, amount FROM postings) both_sides
GROUP BY 1, 2, 3 HAVING sum(kept) <> sum(posted)"""

_ORDERS_BOOKED: Final = f"""
WITH booked AS (
    SELECT e.order_id, p.vendor_id, p.currency,
        -coalesce(sum(p.amount) FILTER (WHERE p.account IN ({_OF_A_VENDOR})), 0) AS earning,
        -coalesce(sum(p.amount) FILTER (WHERE p.account IN ('commission_revenue', 'platform_discounts')), 0) AS commission,
        -coalesce(sum(p.amount) FILTER (WHERE p.account = 'commission_tax'), 0) AS commission_tax,
        -coalesce(sum(p.amount) FILTER (WHERE p.account = 'sales_tax'), 0) AS tax_kept
    FROM journal_entries e JOIN postings p ON p.entry = e.number
    WHERE e.order_id IS NOT NULL AND p.vendor_id IS NOT NULL GROUP BY 1, 2, 3),
sold AS (
    SELECT order_id, vendor_id, currency, sum(goods_earning + shipping_earning) AS earning,
        sum(goods_commission + shipping_commission) AS commission,
        sum(goods_commission_tax + shipping_commission_tax) AS commission_tax,
        sum(goods_tax_kept + shipping_tax_kept) AS tax_kept
    FROM order_lines l
    WHERE EXISTS (SELECT FROM journal_entries e WHERE e.order_id = l.order_id AND e.kind = 'capture')
    GROUP BY 1, 2, 3
    -- What was given back is computed cumulatively, line by line: those orders are added up outside of SQL.
    HAVING NOT bool_or(refunded_goods > 0 OR refunded_shipping > 0 OR (goods_paid = 0 AND cancelled + returned > 0)
        OR EXISTS (SELECT FROM payments p WHERE p.order_id = l.order_id AND p.in_parts)))
SELECT s.order_id, s.vendor_id, s.currency, s.earning, coalesce(b.earning, 0) AS booked_earning,
    s.commission, coalesce(b.commission, 0) AS booked_commission
FROM sold s LEFT JOIN booked b USING (order_id, vendor_id, currency)
WHERE (s.earning, s.commission, s.commission_tax, s.tax_kept) IS DISTINCT FROM
    (coalesce(b.earning, 0), coalesce(b.commission, 0), coalesce(b.commission_tax, 0), coalesce(b.tax_kept, 0))"""  # noqa: S608

_PAID: Final = """
SELECT o.id AS order_id, o.state, array_agg(p.status) AS payments, bool_or(e.number IS NOT NULL) AS booked
FROM orders o
LEFT JOIN payments p ON p.order_id = o.id AND p.quarantine IS NULL
LEFT JOIN journal_entries e ON e.fact IN ('payment:' || p.id || ':captured', 'payment:' || p.id || ':claimed')
GROUP BY o.id, o.state
HAVING (o.state = 'paid') <> coalesce(bool_or(e.number IS NOT NULL OR p.status = 'authorized'
    OR (p.status IN ('cancelled', 'failed') AND o.state = 'paid')), false)"""

_FACTS: Final = """
SELECT 'payment' AS kind, p.id, p.status FROM payments p
WHERE p.captured > 0 AND NOT EXISTS (
    SELECT FROM journal_entries e WHERE e.fact IN (
        'payment:' || p.id || ':captured' || CASE WHEN p.captures > 1 THEN ':' || p.captures ELSE '' END,
        'payment:' || p.id || ':unclaimed' || CASE WHEN p.captures > 1 THEN ':' || p.captures ELSE '' END))
UNION ALL
SELECT 'refund', r.id, r.status FROM refunds r
WHERE r.amount > 0 AND (r.status = 'succeeded') <> EXISTS (
    SELECT FROM journal_entries e
    WHERE e.fact = 'refund:' || r.id || ':succeeded' || CASE r.bounces WHEN 0 THEN '' ELSE ':' || r.bounces + 1 END)
UNION ALL
SELECT 'refund', r.id, r.status FROM refunds r
WHERE r.bounces > 0 AND NOT EXISTS (
    SELECT FROM journal_entries e
    WHERE e.fact = 'refund:' || r.id || ':bounced' || CASE r.bounces WHEN 1 THEN '' ELSE ':' || r.bounces END)
UNION ALL
SELECT 'dispute', d.id, d.status FROM disputes d
WHERE NOT EXISTS (SELECT FROM journal_entries e WHERE e.fact = 'dispute:' || d.id || ':opened')
   OR (d.status <> 'open' AND NOT EXISTS (SELECT FROM journal_entries e WHERE e.fact = 'dispute:' || d.id || ':' || d.status))
UNION ALL
SELECT 'payout', p.id, p.status FROM payouts p
WHERE NOT EXISTS (SELECT FROM journal_entries e WHERE e.fact = 'payout:' || p.id || ':scheduled')
   OR (p.status IN ('sent', 'paid', 'returned') AND NOT EXISTS (
        SELECT FROM journal_entries e WHERE e.fact = 'payout:' || p.id || ':send'))"""

_REFUNDED: Final = """
SELECT p.id AS payment_id, p.refunded, coalesce(sum(r.amount), 0) AS refunds
FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id
GROUP BY p.id, p.refunded HAVING p.refunded <> coalesce(sum(r.amount), 0)"""

_EARNINGS: Final = """
SELECT vendor_id, currency, sum(earned) AS earned, sum(booked) AS booked
FROM (SELECT vendor_id, currency, pending AS earned, 0 AS booked FROM earnings
      UNION ALL SELECT vendor_id, currency, 0, -amount FROM postings WHERE account = 'vendor_pending') both_sides
GROUP BY 1, 2 HAVING sum(earned) <> sum(booked)"""

_IN_TRANSIT: Final = """
SELECT vendor_id, currency, sum(claimed) AS claimed, sum(booked) AS booked
FROM (SELECT vendor_id, currency, amount AS claimed, 0 AS booked FROM payouts WHERE status IN ('scheduled', 'unknown')
      UNION ALL SELECT vendor_id, currency, 0, -amount FROM postings WHERE account = 'payouts_in_transit') both_sides
GROUP BY 1, 2 HAVING sum(claimed) <> sum(booked)"""

_OWED: Final = """
SELECT currency, sum(owed) AS owed, sum(booked) AS booked
FROM (SELECT currency, amount AS owed, 0 AS booked FROM refunds WHERE status <> 'succeeded'
      UNION ALL SELECT currency, captured, 0 FROM payments WHERE quarantine IS NOT NULL AND captured > refunded
      UNION ALL SELECT currency, 0, -amount FROM postings WHERE account = 'refunds') both_sides
GROUP BY 1 HAVING sum(owed) <> sum(booked)"""

_ORPHANS: Final = """
SELECT 'vendor order' AS kind, v.order_id::text AS key, 'order' AS missing FROM vendor_orders v
WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = v.order_id)
UNION ALL SELECT 'order line', l.order_id || '/' || l.number, 'order' FROM order_lines l
WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = l.order_id)
UNION ALL SELECT 'reservation', r.order_id || '/' || r.sku, 'order' FROM reservations r
WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = r.order_id)
UNION ALL SELECT 'return', r.id::text, 'vendor order' FROM returns r
WHERE NOT EXISTS (SELECT FROM vendor_orders v WHERE (v.order_id, v.vendor_id) = (r.order_id, r.vendor_id))
UNION ALL SELECT 'payment', p.id::text, 'order' FROM payments p WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = p.order_id)
UNION ALL SELECT 'refund', r.id::text, 'payment' FROM refunds r WHERE NOT EXISTS (SELECT FROM payments p WHERE p.id = r.payment_id)
UNION ALL SELECT 'dispute', d.id::text, 'payment' FROM disputes d WHERE NOT EXISTS (SELECT FROM payments p WHERE p.id =
d.payment_id) UNION ALL SELECT 'earning', e.order_id || '/' || e.vendor_id, 'vendor order' FROM earnings e WHERE NOT EXISTS (SELECT
FROM vendor_orders v WHERE (v.order_id, v.vendor_id) = (e.order_id, e.vendor_id)) UNION ALL SELECT 'posting', p.entry || '/' ||
p.position, 'journal entry' FROM postings p WHERE NOT EXISTS (SELECT FROM journal_entries e WHERE e.number = p.entry) UNION ALL
SELECT 'seal', s.position::text, 'journal entry' FROM seals s WHERE NOT EXISTS (SELECT FROM journal_entries e WHERE e.number =
s.number) UNION ALL SELECT 'journal entry', e.fact, 'seal, or a place among the unsealed' FROM journal_entries e WHERE (EXISTS
(SELECT FROM seals s WHERE s.number = e.number)) = (EXISTS (SELECT FROM unsealed_entries u WHERE u.number = e.number)) UNION ALL
SELECT 'payout', p.id::text, 'vendor' FROM payouts p WHERE NOT EXISTS (SELECT FROM vendors v WHERE v.id = p.vendor_id) UNION ALL
SELECT 'offer', o.sku, 'vendor' FROM offers o WHERE NOT EXISTS (SELECT FROM vendors v WHERE v.id = o.vendor_id) UNION ALL SELECT
'offer', o.sku, 'product' FROM offers o WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = o.product_id) UNION ALL SELECT 'stock
item', i.sku, 'location' FROM stock_items i WHERE NOT EXISTS (SELECT FROM locations l WHERE l.id = i.location_id)"""

_GUARDS: Final = """
SELECT 'trigger' AS kind, c.relname AS guarded, t.tgname AS guard FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled <> 'O'
UNION ALL
SELECT 'constraint', c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT k.convalidated"""

CHECKS: Final = (
    Check("on-hand", "What is on hand is the sum of its movements.", _ON_HAND),
    Check("reserved", "What is reserved is the sum of the reservations that are held.", _RESERVED),
    Check(
        "bounds",
        "No more is reserved than is on hand, and neither is negative.",
        "SELECT sku, location_id, reserved, on_hand FROM stock_items WHERE NOT (0 <= reserved AND reserved <= on_hand)",
    ),
    Check("sold", "Every committed reservation left the shelf, and nothing else was sold.", _SOLD),
    Check("held", "Only orders that wait for payment hold stock, and only paid ones have sold it.", _STILL_HELD),
    Check("bought", "Of every paid order, what was bought was sold.", _UNDERSOLD),
    Check("total", "An order's total is the sum of its lines, of which it has one or more.", _TOTALS),
    Check("vendor-orders", "Every line is in a vendor order, and every vendor order has a line.", _PARTS),
    Check("fulfilment", "A vendor order is as far as its lines are.", _FULFILLED),
    Check("split", "What was paid for a line is what everybody has of it.", _SPLIT),
    Check("entries", "Every journal entry balances in every currency.", _ENTRIES),
    Check("balances", "Every balance is the sum of its postings.", _BALANCES),
    Check("orders-journal", "What everybody has of an order is what the journal says.", _ORDERS_BOOKED),
    Check("paid", "An order is paid when a payment for it was captured or authorised, and only then.", _PAID),
    Check("facts", "Every payment, refund, dispute and payout is booked as far as it has come.", _FACTS),
    Check("refunded", "What a payment says was refunded is the sum of its refunds.", _REFUNDED),
    Check("earnings", "What vendors have pending is the sum of their earnings.", _EARNINGS),
    Check("in-transit", "What is in transit is the sum of the payouts that were claimed and not sent.", _IN_TRANSIT),
    Check("owed", "What customers are owed is the sum of their refunds under way and of payments in quarantine.", _OWED),
    Check("orphans", "Nothing belongs to something that is not there.", _ORPHANS),
    Check("guards", "Every trigger is on, and every constraint is valid.", _GUARDS),
)
"""Every check that one query can make."""
