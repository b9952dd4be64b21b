"""Finished mail from templates: what is said in `templates`, how it is packed in `compose`."""

from mailbot.render.compose import compose
from mailbot.render.marks import ReplyTo
from mailbot.render.templates import Rendered, Templates

__all__ = ["Rendered", "ReplyTo", "Templates", "compose"]
