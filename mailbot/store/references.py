"""Short references, fixed Message-IDs and fingerprints: keyed hashes, so that nobody outside can guess or link them.

The key is the secret `reference-key`. A database restored from a backup finds its mail again, because the same input
always gives the same reference.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from functools import lru_cache

from mailbot.errors import UserError
from mailbot.store.records import NewTicket

#: digits and capital letters without 0/O and 1/I, which people mix up when they read a reference aloud
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_REF = re.compile(rf"([{ALPHABET}]{{4}})-?([{ALPHABET}]{{4}})")
_OWN_LOCAL_PART = re.compile(r"mailbot\.([a-z2-7]{26})\.([a-z2-7]{13})")
_KEY_BYTES = 32
#: of two batches of mail
_KEPT_PRINTS = 2_048


class References:
    """Everything mailbot derives from the reference key."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _KEY_BYTES:
            raise UserError(
                f"the secret reference-key has {len(key)} bytes and needs {_KEY_BYTES}; "
                "`mailbot secret set reference-key --generate` makes one"
            )
        self._key = key
        # The same identifiers are looked up, linked and recorded, and named by the next mails of a conversation.
        self._kept_prints = lru_cache(_KEPT_PRINTS)(self._fingerprint)

    def _digest(self, purpose: str, *parts: str) -> bytes:
        # Each use has its own prefix, and a length stands before each part: no two inputs hash the same text.
        text = purpose + "".join(f"\0{len(part)}\0{part}" for part in parts)
        return hmac.digest(self._key, text.encode("utf-8", "surrogateescape"), hashlib.sha256)

    def ref(self, content_key: str, unit: str = "", *, attempt: int = 0) -> str:
        """The reference of a message (or of its item in `unit`), such as "B7KQ-2M9X".

        Forty bits are short enough to type, and so two messages may meet in one; `attempt` 1, 2 ... are the next
        choices of the one that came later.
        """
        number = int.from_bytes(self._digest("ref", content_key, unit, str(attempt))[:5], "big")
        letters = "".join(ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
        return f"{letters[:4]}-{letters[4:]}"

    def message_id(self, dedup_key: str, domain: str) -> str:
        """The Message-ID (RFC 5322 3.6.4) of the mail with this `dedup_key`: the same at every attempt, forever."""
        name = _base32(self._digest("message-id", dedup_key)[:16])
        return f"<mailbot.{name}.{self._seal(name)}@{domain}>"

    def is_ours(self, message_id: str, domain: str) -> bool:
        """Whether `message_id` was made by `message_id()` with this key; nobody else can make one."""
        local, at, host = message_id.strip().removeprefix("<").removesuffix(">").rpartition("@")
        found = _OWN_LOCAL_PART.fullmatch(local)
        if not at or host.lower() != domain.lower() or found is None:
            return False
        return hmac.compare_digest(found[2], self._seal(found[1]))

    def _seal(self, name: str) -> str:
        return _base32(self._digest("own", name)[:8])

    def ticket_code(self, dedup_key: str, ticket: NewTicket) -> str:
        """The code of a ticket, such as "K7QM-2B9X-PF3T": the same when its mail is queued again after a restore."""
        digest = self._digest("ticket", dedup_key, ticket.kind, ticket.person, ticket.about)
        number = int.from_bytes(digest[:8], "big")
        letters = "".join(ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))
        return "-".join((letters[:4], letters[4:8], letters[8:]))

    def text_print(self, subject: str, text: str) -> str:
        """Stands for what a mail says; white space, which programs and servers change, does not count."""
        return self._fingerprint(f"text:{' '.join(subject.split())}\0{' '.join(text.split())}")

    def fingerprint(self, value: str) -> str:
        """A keyed hash that stands for `value` where the value itself must not be kept."""
        return self._kept_prints(value)

    def _fingerprint(self, value: str) -> str:
        return self._digest("fingerprint", value)[:16].hex()


#: a ticket's code as it stands in a mail, also where a program broke or re-cased it
TICKET = re.compile(
    rf"\bmailbot:\s?([{ALPHABET}]{{4}})-([{ALPHABET}]{{4}})-([{ALPHABET}]{{4}})(?![\w-])", re.IGNORECASE
)


def ticket_codes(text: str) -> tuple[str, ...]:
    """The codes of tickets in a text, each once, in order."""
    return tuple(dict.fromkeys("-".join(found.groups()).upper() for found in TICKET.finditer(text)))


def parse_ref(text: str) -> str | None:
    """`text` as a reference in its usual form, or None when it is not one ("b7kq2m9x" -> "B7KQ-2M9X")."""
    found = _REF.fullmatch(text.strip().upper())
    return f"{found[1]}-{found[2]}" if found else None


def _base32(octets: bytes) -> str:
    return b32encode(octets).decode("ascii").rstrip("=").lower()
