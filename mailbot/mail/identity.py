"""Which copies are copies of the same message: the content key.

The key must come out the same whether a copy was read whole or headers only (`read = "headers"`), whichever mailbox and
folder it lies in. So it is made of header fields alone:

* with a Message-ID: of Message-ID, From and Date. A Message-ID that a broken program uses twice, or that somebody
  reuses on purpose to have a mail taken for one already seen, does not merge two mails.
* without one: of the fields its author's program wrote, and of the lowest Received, which the first server on the way
  wrote with its own queue id. A hash of the body would need the body. What this costs: two mails without Message-ID,
  alike in all of these fields, count as one message with two deliveries; and a copy whose MIME was rebuilt on the way
  counts as a second message. The second is a nuisance, the first would lose a mail, so the key takes in every field
  that tells two mails apart.
"""

import re
from hashlib import sha256

from mailbot.mail.message import Message

#: written by the sending program, changed by no ordinary transport
_ORIGIN_FIELDS = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "in-reply-to", "references", "content-type",
)  # fmt: skip
_WHITE_SPACE = re.compile(rb"\s+")


def content_key(message: Message) -> str:
    """64 hexadecimal digits, equal for all copies of a message and for a copy read in part."""
    if message.message_id is not None:
        authors = ",".join(address.email or address.name for address in message.from_)
        instant = message.date.isoformat() if message.date is not None else ""
        return _digest("id", message.message_id.encode(), authors.encode(), instant.encode())
    headers = message.headers
    fields = [b"\n".join(headers.raw_all(name)) for name in _ORIGIN_FIELDS]
    first_hop = headers.raw_all("received")[-1:]
    return _digest("fields", *(_WHITE_SPACE.sub(b" ", value).strip() for value in (*fields, *first_hop)))


def raw_key(raw: bytes) -> str:
    """A content key for bytes that are no message; line ends, which transports change, do not count.

    `raw` must be all of it: what servers cut off as the header block is the same blank line for all such mails.
    """
    return _digest("raw", b"\n".join(raw.splitlines()).strip())


def _digest(kind: str, *parts: bytes) -> str:
    """Length-prefixed, so that no two lists of parts look alike."""
    digest = sha256(kind.encode())
    for part in parts:
        digest.update(b"\0%d\0" % len(part))
        digest.update(part)
    return digest.hexdigest()
