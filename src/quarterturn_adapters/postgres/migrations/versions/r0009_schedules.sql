-- When what recurs was done last, and carts that nobody touches any more.

CREATE TABLE schedules (
	name TEXT COLLATE "C" NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	began_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
	failure TEXT COLLATE "C",
	CONSTRAINT schedules_pkey PRIMARY KEY (name)
);

ALTER TABLE carts DROP CONSTRAINT carts_status_known_check;

ALTER TABLE carts ADD CONSTRAINT carts_status_known_check CHECK (status IN ('open', 'ordered', 'merged', 'expired'));

CREATE INDEX carts_expired_idx ON carts (changed_at) WHERE status = 'expired';

DROP TRIGGER carts_lifecycle ON carts;

CREATE TRIGGER carts_lifecycle BEFORE UPDATE OF status ON carts FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>ordered', 'open>merged', 'open>expired')) EXECUTE FUNCTION refuse_transition('status');
