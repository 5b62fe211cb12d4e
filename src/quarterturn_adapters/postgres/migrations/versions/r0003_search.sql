-- Finding products: by words, by filters, near a place.
-- What was in the catalog before is put on show by who hears of the event at the end: SQL knows no folded words.

ALTER TABLE locations ADD COLUMN latitude INTEGER, ADD COLUMN longitude INTEGER,
	ADD CONSTRAINT locations_coordinates_check CHECK ((latitude IS NULL) = (longitude IS NULL) AND abs(latitude) <= 90000000 AND abs(longitude) <= 180000000);

CREATE INDEX locations_coordinates_idx ON locations (latitude, longitude) WHERE latitude IS NOT NULL;

CREATE INDEX offers_product_idx ON offers (product_id);

CREATE TABLE search_words (
	word TEXT COLLATE "C" NOT NULL,
	trigrams TEXT[] COLLATE "C" NOT NULL,
	CONSTRAINT search_words_pkey PRIMARY KEY (word)
);

CREATE INDEX search_words_trigrams_idx ON search_words USING gin (trigrams);

CREATE TABLE shop_window (
	product_id UUID NOT NULL,
	currency CHAR(3) NOT NULL,
	main BOOLEAN NOT NULL,
	title TEXT COLLATE "C" NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	category_id UUID,
	category_path UUID[] NOT NULL,
	price BIGINT NOT NULL,
	vendor_ids UUID[] NOT NULL,
	countries TEXT[] COLLATE "C" NOT NULL,
	skus TEXT[] COLLATE "C" NOT NULL,
	words TSVECTOR NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT shop_window_pkey PRIMARY KEY (product_id, currency)
);

CREATE INDEX shop_window_category_idx ON shop_window (category_id) WHERE main;

CREATE INDEX shop_window_words_idx ON shop_window USING gin (words);

CREATE TABLE window_facets (
	facet UUID NOT NULL,
	product_id UUID NOT NULL,
	currency CHAR(3) NOT NULL,
	main BOOLEAN NOT NULL,
	price BIGINT NOT NULL,
	title_key TEXT COLLATE "C" NOT NULL,
	CONSTRAINT window_facets_pkey PRIMARY KEY (facet, product_id, currency)
);

CREATE INDEX window_facets_price_idx ON window_facets (facet, currency, price, product_id);

CREATE INDEX window_facets_title_idx ON window_facets (facet, title_key, product_id);

INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, version, headers, timestamp)
SELECT gen_random_uuid(), 'shop_window', '0003', 'shop_window.opened',
	jsonb_build_object('revision', '0003', 'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')), 1, '{}', now()
WHERE EXISTS (SELECT FROM products);
