"""Automatic replies on Exchange: Out of Office settings, read, changed and written as a whole.

What is left out of a request is erased by the server, so every change starts from what is there.
"""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mailbot.platforms.ews.failures import EwsRefusal
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import Element, M, T, first, instant, text, written
from mailbot.platforms.replies import Audience, AutoReply
from mailbot.platforms.reply_text import from_html, to_html

_AUDIENCES: Mapping[str, Audience] = MappingProxyType({"None": "none", "Known": "known", "All": "all"})
_KEPT = ("state", "audience", "start", "end", "internal", "external")


class EwsAutoReplies:
    """Of every mailbox on one server; `session` gives the session of one of them."""

    two_texts = True
    audiences: frozenset[Audience] = frozenset(_AUDIENCES.values())

    def __init__(self, session: Callable[[str], EwsSession]) -> None:
        self._session = session

    def read(self, address: str) -> AutoReply:
        found = self._settings(address)
        scheduled = found["state"] == "Scheduled"
        return AutoReply(
            enabled=found["state"] != "Disabled",
            starts_at=instant(found["start"]) if scheduled else None,
            ends_at=instant(found["end"]) if scheduled else None,
            internal_text=from_html(found["internal"]),
            external_text=from_html(found["external"]),
            audience=_AUDIENCES.get(found["audience"], "all"),
        )

    def keep(self, address: str) -> str:
        return json.dumps(self._settings(address))

    def install(self, address: str, reply: AutoReply, *, accepted: str | None = None) -> None:  # noqa: ARG002
        if self._says(self.read(address), reply):
            return
        audience = next(name for name, ours in _AUDIENCES.items() if ours == reply.audience)
        scheduled = reply.enabled and reply.starts_at is not None and reply.ends_at is not None
        wanted = {
            "state": ("Scheduled" if scheduled else "Enabled") if reply.enabled else "Disabled",
            "audience": audience,
            "start": written(reply.starts_at) if reply.starts_at and reply.ends_at else "",
            "end": written(reply.ends_at) if reply.starts_at and reply.ends_at else "",
            "internal": to_html(reply.internal_text),
            "external": to_html(reply.external_text),
        }
        self._write(address, wanted)

    def _says(self, found: AutoReply, wanted: AutoReply) -> bool:
        def as_read(reply: AutoReply) -> tuple[object, ...]:
            texts = (from_html(to_html(reply.internal_text)), from_html(to_html(reply.external_text)))
            return (reply.enabled, reply.starts_at, reply.ends_at, reply.audience, *texts)

        return as_read(found) == as_read(wanted)

    def restore(self, address: str, token: str) -> None:
        self._write(address, json.loads(token))

    def shows_away(self, address: str) -> bool | None:
        """MailTips: what a sender in the organisation is told before writing."""
        request = M.GetMailTips(
            M.SendingAs(T.EmailAddress(address)),
            M.Recipients(T.Mailbox(T.EmailAddress(address))),
            M.MailTipsRequested("OutOfOfficeMessage"),
        )
        try:
            tips = self._session(address).one("GetMailTips", request)
        except EwsRefusal:
            return None
        # Servers of another make answer with a form that the schema does not have, and that says nothing.
        away = first(tips, "m:MailTips/t:OutOfOffice/t:ReplyBody")
        return None if away is None else bool(from_html(text(away, "t:Message")))

    def close(self) -> None:
        """Sessions belong to the server's other users too."""

    def _settings(self, address: str) -> dict[str, str]:
        request = M.GetUserOofSettingsRequest(_mailbox(address))
        answer = self._session(address).one("GetUserOofSettings", request)
        paths = ("OofState", "ExternalAudience", "Duration/t:StartTime", "Duration/t:EndTime")
        texts = ("InternalReply/t:Message", "ExternalReply/t:Message")
        values = [text(answer, f"t:OofSettings/t:{path}") for path in (*paths, *texts)]
        return dict(zip(_KEPT, values, strict=True))

    def _write(self, address: str, settings: Mapping[str, str]) -> None:
        parts = [T.OofState(settings["state"]), T.ExternalAudience(settings["audience"])]
        if settings["start"] and settings["end"]:
            parts.append(T.Duration(T.StartTime(settings["start"]), T.EndTime(settings["end"])))
        parts += [T.InternalReply(T.Message(settings["internal"])), T.ExternalReply(T.Message(settings["external"]))]
        request = M.SetUserOofSettingsRequest(_mailbox(address), T.UserOofSettings(*parts))
        self._session(address).one("SetUserOofSettings", request)


def _mailbox(address: str) -> Element:
    return T.Mailbox(T.Address(address), T.RoutingType("SMTP"))
