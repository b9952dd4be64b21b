"""Folder names that mail programs and servers use, whatever platform the folders lie on."""

import base64
import binascii
import re
import unicodedata
from types import MappingProxyType

from mailbot.platforms.base import FolderRole

INBOX = "INBOX"

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")

#: top-level names that mail programs and servers give these folders, in Swedish, Norwegian and English
_NAMES_BY_ROLE: dict[FolderRole, str] = {
    "sent": "sent|sent items|sent mail|sent messages|sent-mail|skickat|skickade|skickade objekt|skickade meddelanden"
    "|skickade brev|skickad e-post|sendt|sendte|sendte elementer|sendte objekter|sendte meldinger|sendt e-post"
    "|sende|sende element|sendte element|utgående",
    "drafts": "draft|drafts|utkast|kladd|kladder|kladdar",
    "trash": "trash|bin|deleted|deleted items|deleted messages|papperskorg|papperskorgen|borttaget|borttagna"
    "|borttagna objekt|borttagna meddelanden|papirkurv|papirkurven|papirkorg|slettet|slettede|slettede elementer"
    "|slettede objekter|slettede meldinger|sletta|sletta element",
    "junk": "junk|junk e-mail|junk email|junk mail|spam|bulk|bulk mail|skräppost|skräp|søppelpost|søppel-e-post|søppel"
    "|uønsket e-post|useriøs e-post|uønskt e-post",
}
_ROLES = MappingProxyType({name: role for role, names in _NAMES_BY_ROLE.items() for name in names.split("|")})

# File names are bytes. Those that are not UTF-8 arrive as lone surrogates (PEP 383), which no database takes as text;
# they travel as private-use characters instead.
_TO_STORABLE = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
_FROM_STORABLE = {storable: surrogate for surrogate, storable in _TO_STORABLE.items()}


def storable(name: str) -> str:
    """A file name as text that any database accepts."""
    return name if name.isascii() else name.translate(_TO_STORABLE)


def on_disk(identifier: str) -> str:
    """The file name behind `storable`."""
    return identifier if identifier.isascii() else identifier.translate(_FROM_STORABLE)


def decode_utf7(name: str) -> str:
    """Decode IMAP's modified UTF-7 (RFC 3501 section 5.1.3); a name that is not in it comes back as it is.

    Servers may also be set to write plain UTF-8 names, and people's "R&D" is no encoding.
    """
    if not name.isascii() or "&" in _SHIFTED.sub("", name):
        return name
    try:
        return _SHIFTED.sub(_decode_shifted, name)
    except (binascii.Error, UnicodeDecodeError):
        return name


def _decode_shifted(match: re.Match[str]) -> str:
    encoded = match[1]
    if not encoded:
        return "&"
    padding = "=" * (-len(encoded) % 4)
    return base64.b64decode(encoded.replace(",", "/") + padding, validate=True).decode("utf-16-be")


def shown(components: str) -> str:
    """A decoded name as people may see it: composed (NFC), without control characters."""
    normal = unicodedata.normalize("NFC", components)
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in normal)


def folder_role(name: str) -> FolderRole:
    """What a folder is for, by the name people gave it.

    Folders below a known one share its role (a deleted folder lies in the bin, last year's sent mail below Sent).
    The same word further down is a person's own folder and is read like any other: better read too much than lose mail.
    """
    components = name.split("/")
    if len(components) > 1 and components[0].upper() == INBOX:
        del components[0]
    return _ROLES.get(components[0].strip().casefold(), "other")
