-- Where orders go, as it was told when they were placed; of those before nobody said.

ALTER TABLE orders ADD COLUMN delivery JSONB;
