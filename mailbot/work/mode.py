"""Observe before enforce (invariant 4): remembers when enforcing began, so that nothing accumulated is sent."""

from datetime import datetime

from mailbot.work.context import Context


def note_mode(context: Context, now: datetime) -> None:
    """Record a change of mode. A switch from observe to enforce starts the sending clocks now."""
    installation = context.store.installation
    before = installation.get("mode")
    if before == context.config.mode:
        return
    if before == "observe":
        installation.set("enforced_since", now.isoformat())
    installation.set("mode", context.config.mode)


def enforced_since(context: Context) -> datetime | None:
    """Mail received earlier gets no automatic reply; None: enforced from the first day, `start_from` alone counts."""
    text = context.store.installation.get("enforced_since")
    return datetime.fromisoformat(text) if text else None
