-- Which providers are left alone for a while.

CREATE TABLE circuits (
	name TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	trips INTEGER NOT NULL,
	since TIMESTAMP WITH TIME ZONE,
	until TIMESTAMP WITH TIME ZONE,
	failure TEXT COLLATE "C",
	forced TEXT COLLATE "C",
	forced_reason TEXT COLLATE "C",
	forced_until TIMESTAMP WITH TIME ZONE,
	CONSTRAINT circuits_pkey PRIMARY KEY (name),
	CONSTRAINT circuits_status_known_check CHECK (status IN ('closed', 'open', 'half_open')),
	CONSTRAINT circuits_trips_check CHECK (trips >= 0),
	CONSTRAINT circuits_forced_known_check CHECK (forced IN ('open', 'closed')),
	CONSTRAINT circuits_forced_check CHECK ((forced IS NULL) = (forced_reason IS NULL) AND (forced_until IS NULL OR forced IS NOT NULL))
);

CREATE TRIGGER circuits_lifecycle BEFORE UPDATE OF status ON circuits FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('closed>open', 'closed>half_open', 'open>closed', 'open>half_open', 'half_open>closed', 'half_open>open')) EXECUTE FUNCTION refuse_transition('status');
