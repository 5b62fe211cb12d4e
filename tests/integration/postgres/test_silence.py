"""A server that falls silent: whoever waits for it hears of it in time."""

from __future__ import annotations

from quarterturn_adapters.postgres import PostgresDatabase


def test_silence_is_noticed_within_a_minute(database: PostgresDatabase) -> None:
    """A machine that is gone closes no connection, and limits that the server itself keeps say nothing then."""
    connection = database._connection()
    try:
        said = connection.info.get_parameters()
    finally:
        database._pool.putconn(connection)

    idle, interval, count = (int(said[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert "0" != said.get("keepalives")
    assert 10 <= idle + interval * count <= 60
    assert 10_000 <= int(said["tcp_user_timeout"]) <= 60_000
