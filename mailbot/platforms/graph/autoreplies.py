"""Automatic replies of mailboxes in Microsoft 365 (learn.microsoft.com/graph/api/user-update-mailboxsettings)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from mailbot.errors import PermanentError
from mailbot.platforms.graph.answers import AccessDenied, Json, Question, Unclear
from mailbot.platforms.graph.client import GraphClient, path
from mailbot.platforms.graph.headers import instant
from mailbot.platforms.replies import Audience, AutoReply
from mailbot.platforms.reply_text import from_html, normalised, to_html

AUDIENCES: Mapping[Audience, str] = MappingProxyType({"none": "none", "known": "contactsOnly", "all": "all"})
_SETTING = "automaticRepliesSetting"
_TEXTS = ("internalReplyMessage", "externalReplyMessage")
_WINDOW = ("scheduledStartDateTime", "scheduledEndDateTime")
#: what a mailbox has that nobody has ever set
_NONE: Json = {"status": "disabled", "externalAudience": "all", **dict.fromkeys(_TEXTS, "")}
#: Graph wants an end: for a reply that begins and has none
_NO_END = datetime(2099, 12, 31, tzinfo=UTC)


class GraphAutoReplies:
    """AutoReplies of all mailboxes of a tenant.

    Exchange rewrites texts into HTML documents of its own, so they are compared as they read. What was there before is
    kept as it stood.
    """

    two_texts = True
    audiences: frozenset[Audience] = frozenset(AUDIENCES)

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def read(self, address: str) -> AutoReply:
        return _reply(self._setting(address))

    def keep(self, address: str) -> str:
        setting = self._setting(address)
        return json.dumps({key: value for key, value in setting.items() if not key.startswith("@")}, sort_keys=True)

    def install(self, address: str, reply: AutoReply, *, accepted: str | None = None) -> None:  # noqa: ARG002
        """Read, and written only where it reads otherwise."""
        if _comparable(self.read(address)) != _comparable(reply):
            self._write(address, _written(reply))

    def restore(self, address: str, token: str) -> None:
        """As it stood. A window that has passed meanwhile would be refused; its reply is off, and stays so."""
        kept = _NONE | json.loads(token)
        if _as_kept(self._setting(address)) == _as_kept(kept):
            return
        if kept["status"] != "scheduled":
            kept = {key: value for key, value in kept.items() if key not in _WINDOW}
        try:
            self._write(address, kept)
        except AccessDenied:
            raise
        except PermanentError:
            if kept["status"] != "scheduled":
                raise
            self._write(address, {k: v for k, v in kept.items() if k not in _WINDOW} | {"status": "disabled"})

    def shows_away(self, address: str) -> bool | None:
        """What Outlook would tell a colleague who writes to this address now
        (learn.microsoft.com/graph/api/user-getmailtips)."""
        body: Json = {"EmailAddresses": [address], "MailTipsOptions": "automaticReplies"}
        question = Question("POST", path("users", address, "getMailTips"), address, "Mail.Read", body=body)
        try:
            tips = self._client.ask(question).json().get("value") or ()
        except (AccessDenied, Unclear):
            return None
        tip: Json = next(iter(tips), {})
        if tip.get("error") or "automaticReplies" not in tip:
            return None
        return bool((tip["automaticReplies"] or {}).get("message"))

    def close(self) -> None: ...

    def _setting(self, address: str) -> Json:
        where = path("users", address, "mailboxSettings", select=_SETTING)
        question = Question("GET", where, address, "MailboxSettings.Read", prefer=('outlook.timezone="UTC"',))
        setting = self._client.ask(question).json().get(_SETTING)
        return _NONE | {key: value for key, value in (setting or {}).items() if value is not None}

    def _write(self, address: str, setting: Json) -> None:
        where = path("users", address, "mailboxSettings")
        question = Question("PATCH", where, address, "MailboxSettings.ReadWrite", body={_SETTING: setting})
        self._client.ask(question)


def _reply(setting: Json) -> AutoReply:
    scheduled = setting["status"] == "scheduled"
    return AutoReply(
        enabled=setting["status"] != "disabled",
        starts_at=_instant(setting, _WINDOW[0]) if scheduled else None,
        ends_at=_instant(setting, _WINDOW[1]) if scheduled else None,
        internal_text=from_html(setting[_TEXTS[0]]),
        external_text=from_html(setting[_TEXTS[1]]),
        audience=next((ours for ours, theirs in AUDIENCES.items() if theirs == setting["externalAudience"]), "all"),
    )


def _written(reply: AutoReply) -> Json:
    """Everything is named: what a PATCH leaves out keeps its value."""
    scheduled = reply.enabled and (reply.starts_at is not None or reply.ends_at is not None)
    setting: Json = {
        "status": "scheduled" if scheduled else "alwaysEnabled" if reply.enabled else "disabled",
        "externalAudience": AUDIENCES[reply.audience],
        _TEXTS[0]: to_html(reply.internal_text),
        _TEXTS[1]: to_html(reply.external_text),
    }
    if scheduled:
        start = reply.starts_at or datetime(2000, 1, 1, tzinfo=UTC)
        setting |= dict(zip(_WINDOW, map(_on_the_wire, (start, reply.ends_at or _NO_END)), strict=True))
    return setting


def _on_the_wire(at: datetime) -> Json:
    return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def _instant(setting: Json, key: str) -> datetime | None:
    told = setting.get(key) or {}
    if told.get("timeZone", "UTC") not in ("UTC", "Etc/UTC", "tzone://Microsoft/Utc"):
        raise PermanentError(f"Microsoft Graph tells {key} in {told['timeZone']}, though UTC was asked for")
    # seven digits of a second, where Python knows six
    return instant(str(told.get("dateTime", ""))[:26])


def _comparable(reply: AutoReply) -> tuple[object, ...]:
    texts = normalised(reply.internal_text), normalised(reply.external_text)
    return reply.enabled, reply.starts_at, reply.ends_at, *texts, reply.audience


def _as_kept(setting: Json) -> tuple[object, ...]:
    window = [_instant(setting, key) for key in _WINDOW] if setting["status"] == "scheduled" else []
    return setting["status"], setting["externalAudience"], *(setting[text] for text in _TEXTS), *window
