"""Sending as the service mailbox: a draft first, so that an attempt whose answer got lost can be looked up.

Exchange takes what it is given with 202, which is not "delivered": who cannot be reached shows by a bounce, later. The
copy in Sent is Exchange's own, and it is the draft itself, under the same immutable id.
"""

import base64
from collections.abc import Sequence
from contextlib import suppress
from email.utils import getaddresses

from mailbot.errors import PermanentError, TransientError
from mailbot.log import get_logger
from mailbot.mail.message import parse_headers
from mailbot.platforms.graph.answers import (
    AccessDenied,
    Answer,
    Json,
    NoMailbox,
    NotFound,
    Question,
    TooLarge,
    Unclear,
    refusal,
)
from mailbot.platforms.graph.client import IMMUTABLE, GraphClient, literal, path
from mailbot.platforms.graph.large import LARGEST_MIME, TooLargeToCarry, divided, upload
from mailbot.platforms.graph.token import TokenRefused
from mailbot.platforms.sending import CannotCarry, Fate, OutgoingMail, Receipt, SenderUnavailable

log = get_logger(__name__)

#: in this order they are looked through for an earlier attempt; what is on its way lies in none but the outbox
_PLACES = ("drafts", "outbox", "sentitems")
#: trouble that no mail can leave under
_ANY_MAIL = (TokenRefused, AccessDenied, NoMailbox)


class GraphSender:
    """Sender of the service mailbox. A handle is the immutable id of the draft, and later of the copy in Sent."""

    def __init__(self, client: GraphClient, address: str) -> None:
        self._client = client
        self._address = address
        #: drafts that turned out to have left already
        self._left: set[str] = set()

    def prepare(self, mail: OutgoingMail) -> str | None:
        """A draft with everything in it; that of an earlier attempt whose answer got lost is used again."""
        try:
            place, found = self._look_for(mail.message_id)
            if place is not None and place != "drafts":
                self._left.add(found)
                return found
            if place is not None and len(mail.raw) <= LARGEST_MIME:
                return found
            if place is not None:  # of a large one nobody knows how much of it was uploaded
                self._delete(found)
            return self._draft(mail)
        except _ANY_MAIL as error:
            raise SenderUnavailable(str(error)) from error
        except (TooLarge, TooLargeToCarry) as error:
            raise CannotCarry(str(error), "too_large") from error
        except Unclear as error:  # a draft is not sent
            raise TransientError(str(error)) from error

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:
        handle = handle or self.prepare(mail)
        assert handle is not None
        if handle in self._left:
            return Receipt()
        try:
            self._client.ask(self._question("POST", "messages", handle, "send", needs="Mail.Send"))
        except NotFound as error:  # sent by an attempt that is not over yet, or deleted by somebody
            raise Unclear(str(error)) from error
        except _ANY_MAIL as error:
            raise SenderUnavailable(str(error)) from error
        return Receipt()

    def fate(self, message_id: str, handle: str | None) -> Fate:
        """By the draft: one that lies in Drafts has not left; one that is gone may have been sent, so Sent is asked."""
        if handle is not None:
            where = self._question("GET", "messages", handle, select="isDraft,parentFolderId")
            drafts = self._question("GET", "mailFolders", "drafts", select="id")
            item, folder = self._client.ask_all([where, drafts])
            if item.ok:
                return _fate_of(item.json(), self._json(drafts, folder))
            if item.status != 404:
                raise refusal(where, item)
        place, _ = self._look_for(message_id, _PLACES[1:])
        return {"sentitems": "sent", "outbox": "unknown"}.get(place or "", "not_sent")  # type: ignore[return-value]

    def file(self, mail: OutgoingMail) -> None:
        """Exchange files what it sends."""

    def close(self) -> None:
        self._left.clear()

    # --- drafts ---

    def _draft(self, mail: OutgoingMail) -> str:
        raw = _with_all_recipients(mail)
        skeleton, attachments = divided(raw)
        question = self._question("POST", "messages", needs="Mail.ReadWrite", content=base64.b64encode(skeleton))
        draft = self._client.ask(question).json()
        draft_id = str(draft["id"])
        if draft.get("internetMessageId", mail.message_id) != mail.message_id:
            self._give_our_id(draft_id, mail.message_id)
        for attachment in attachments:
            upload(self._client, self._address, draft_id, attachment)
        return draft_id

    def _give_our_id(self, draft_id: str, message_id: str) -> None:
        """Exchange may give a mail handed in as MIME an id of its own; that of a draft can be set
        (learn.microsoft.com/graph/api/message-update). Where it cannot, the mail leaves all the same: by its handle it
        is found anyhow."""
        body: Json = {"internetMessageId": message_id}
        try:
            self._client.ask(self._question("PATCH", "messages", draft_id, needs="Mail.ReadWrite", body=body))
        except _ANY_MAIL:
            raise
        except PermanentError:
            log.warning("message_id_not_kept")

    def _delete(self, draft_id: str) -> None:
        with suppress(NotFound):
            self._client.ask(self._question("DELETE", "messages", draft_id, needs="Mail.ReadWrite"))

    def _look_for(self, message_id: str, places: Sequence[str] = _PLACES) -> tuple[str | None, str]:
        """In which of `places` a mail with this Message-ID lies, and its id; one request for all of them."""
        wanted = f"internetMessageId eq {literal(message_id)}"
        questions = [
            self._question("GET", "mailFolders", place, "messages", filter=wanted, select="id") for place in places
        ]
        answers = self._client.ask_all(questions)
        for place, question, answer in zip(places, questions, answers, strict=True):
            if answer.status in (400, 404) and place == "outbox":
                continue
            found = self._json(question, answer).get("value") or ()
            if found:
                return place, str(found[0]["id"])
        return None, ""

    def _json(self, question: Question, answer: Answer) -> Json:
        if not answer.ok:
            raise refusal(question, answer)
        return answer.json()

    def _question(
        self,
        method: str,
        *where: str,
        needs: str = "Mail.Read",
        body: Json | None = None,
        content: bytes | None = None,
        **query: str,
    ) -> Question:
        return Question(
            method,
            path("users", self._address, *where, **query),
            self._address,
            needs,
            body=body,
            content=content,
            content_type="text/plain",
            prefer=(IMMUTABLE,),
        )


def _fate_of(item: Json, drafts: Json) -> Fate:
    if not item.get("isDraft"):
        return "sent"
    return "not_sent" if item.get("parentFolderId") == drafts.get("id") else "unknown"


def _with_all_recipients(mail: OutgoingMail) -> bytes:
    """Exchange has no envelope: who gets a mail stands in its header. Recipients who do not are added as Bcc."""
    headers = parse_headers(mail.raw).headers
    fields = [value for name in ("to", "cc", "bcc") for value in headers.get_all(name)]
    named = {address.lower() for _, address in getaddresses(fields) if address}
    wanted = {address.lower() for address in mail.recipients}
    if not named <= wanted:
        raise PermanentError("Exchange sends to everybody in the header of a mail, and this one is not for all of them")
    missing = [address for address in mail.recipients if address.lower() not in named]
    return (f"Bcc: {', '.join(missing)}\r\n".encode() if missing else b"") + mail.raw
