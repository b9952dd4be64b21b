"""What the application may do, and what it may not: for `mailbot doctor`. Everything that is tried is taken back."""

import base64
import binascii
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.graph.answers import AccessDenied, Answer, NotFound, Question, Unclear, refusal
from mailbot.platforms.graph.client import IMMUTABLE, GraphClient, path
from mailbot.platforms.graph.folders import NEEDS

#: roles of a token that reach every mailbox of the tenant; RBAC for Applications never shows in a token
_TENANT_WIDE = ("Mail.", "MailboxSettings.", "Calendars.", "MailTips.", "MailboxItem.", "MailboxFolder.")
_TRIAL = b"Subject: mailbot doctor\r\n\r\nA draft without recipients; it is deleted at once.\r\n"


@dataclass(frozen=True, slots=True)
class Access:
    """What a mailbox answered: mails in its inbox, or why it cannot be used."""

    address: str
    messages: int = 0
    error: MailbotError | None = None
    #: automatic replies and rules cannot be read
    no_settings: MailbotError | None = None


def access(client: GraphClient, addresses: Sequence[str]) -> list[Access]:
    """Whether each mailbox and its settings can be read; twenty questions in one request."""
    inboxes = [
        Question("GET", path("users", each, "mailFolders", "inbox", select="totalItemCount"), each, NEEDS)
        for each in addresses
    ]
    wanted = "automaticRepliesSetting"
    settings = [
        Question("GET", path("users", each, "mailboxSettings", select=wanted), each, "MailboxSettings.ReadWrite")
        for each in addresses
    ]
    answers = client.ask_all([*inboxes, *settings])
    found = []
    for number, address in enumerate(addresses):
        inbox, setting = answers[number], answers[number + len(addresses)]
        count = inbox.json().get("totalItemCount") if inbox.ok else 0
        error, no_settings = _error(inboxes[number], inbox), _error(settings[number], setting)
        found.append(Access(address, int(count or 0), error, no_settings))
    return found


def _error(question: Question, answer: Answer) -> MailbotError | None:
    return None if answer.ok else refusal(question, answer)


def reaches(client: GraphClient, address: str) -> bool:
    """Whether the application can read a mailbox; raises what keeps it from telling."""
    question = Question("GET", path("users", address, "mailFolders", "inbox", select="id"), address, NEEDS)
    try:
        client.ask(question)
    except AccessDenied:
        return False
    return True


def tenant_wide(token: str) -> tuple[str, ...]:
    """Permissions for mail that were consented to in Entra: they reach every mailbox, whatever scope RBAC has."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        roles = claims.get("roles") or ()
    except (IndexError, ValueError, binascii.Error, AttributeError):
        return ()
    return tuple(sorted(role for role in roles if str(role).startswith(_TENANT_WIDE)))


def try_sending(client: GraphClient, address: str) -> None:
    """A draft without recipients, which Exchange refuses to send, unless it refuses us. Raises what is in the way."""
    where = ("users", address, "messages")
    content = base64.b64encode(_TRIAL)
    draft = Question(
        "POST", path(*where), address, "Mail.ReadWrite", content=content, content_type="text/plain", prefer=(IMMUTABLE,)
    )
    try:
        draft_id = str(client.ask(draft).json()["id"])
        try:
            client.ask(Question("POST", path(*where, draft_id, "send"), address, "Mail.Send", prefer=(IMMUTABLE,)))
        except AccessDenied:
            raise
        except PermanentError:
            return
        finally:
            with suppress(NotFound):
                client.ask(Question("DELETE", path(*where, draft_id), address, "Mail.ReadWrite", prefer=(IMMUTABLE,)))
    except Unclear as error:
        raise TransientError(str(error)) from error
