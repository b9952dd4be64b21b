"""Alembic's entry point: runs the migrations on the connection that `schema.upgrade` hands over."""

from alembic import context

from mailbot.store.tables import metadata

# One transaction around all steps, begun and committed by the caller.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
