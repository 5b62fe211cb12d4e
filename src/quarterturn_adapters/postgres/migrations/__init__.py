"""The history of the schema, as Alembic's revisions."""
