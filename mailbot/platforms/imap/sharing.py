"""Who else may open an inbox, as far as the server tells (RFC 4314)."""

import re
from collections.abc import Sequence

from mailbot.platforms.imap.connection import ImapConnection

#: a quoted string or an atom (RFC 3501 9, astring)
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
#: how servers write groups, whose members they do not name
_GROUPS = ("$", "#", "@", "&", "group")
_EVERYBODY = ("anyone", "authenticated")


def may_read(connection: ImapConnection, identifiers: Sequence[str]) -> bool | None:
    """Whether somebody who goes by one of `identifiers` has the right to read ("r") the inbox.

    None where the server tells no rights, or gives them to groups.
    """
    if "ACL" not in connection.capabilities:
        return None
    with connection.errors("GETACL"):
        typ, answer = connection.client._imap.getacl('"INBOX"')
    last = answer[-1] if typ == "OK" and answer else None
    return readable_by(last, identifiers) if isinstance(last, bytes) else None


def readable_by(answer: bytes, identifiers: Sequence[str]) -> bool | None:
    """The same from the words of the answer: mailbox, then identifier and rights in turn."""
    words = [_plain(word) for word in _WORD.findall(answer.decode("utf-8", "replace"))][1:]
    rights = {
        name.casefold().removeprefix("user="): given for name, given in zip(words[::2], words[1::2], strict=False)
    }
    wanted = {identifier.casefold() for identifier in identifiers}
    # RFC 4314 2: an identifier with a hyphen before it takes rights away
    if any("r" in rights.get(f"-{name}", "") for name in wanted):
        return False
    if any("r" in rights.get(name, "") for name in (*wanted, *_EVERYBODY)):
        return True
    return None if any(name.startswith(_GROUPS) and "r" in given for name, given in rights.items()) else False


def _plain(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word[:1] == '"' else word
