"""Which folders a mailbox has, what people call them, and what they are for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailbot.platforms.base import Folder, FolderRole
from mailbot.platforms.folder_names import INBOX, decode_utf7, folder_role, on_disk, shown, storable
from mailbot.platforms.imap.answers import FolderState, Listed
from mailbot.platforms.imap.connection import ImapConnection

#: RFC 6154 section 2; the case in which servers write them differs
_ROLES: Mapping[str, FolderRole] = {"\\sent": "sent", "\\drafts": "drafts", "\\trash": "trash", "\\junk": "junk"}
#: folders that show again what lies in others (RFC 6154 section 2, RFC 8457)
_VIEWS = frozenset({"\\all", "\\flagged", "\\important"})
_NO_MAIL = frozenset({"\\noselect", "\\nonexistent"})
#: of messages (RFC 3501 2.3.2). Twisted lists them as attributes of every folder, \Flagged among them
_MESSAGE_FLAGS = frozenset({"\\seen", "\\deleted", "\\answered", "\\draft"})

#: configured names of the folders with a role, as people see them
RoleNames = Mapping[FolderRole, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """A folder, and how it stands if the server told at once."""

    folder: Folder
    state: FolderState | None


def raw_name(folder: Folder) -> bytes:
    """The folder's name as the server spells it."""
    return on_disk(folder.id).encode("utf-8", "surrogateescape")


def folder_id(name: bytes) -> str:
    """A name as the server spells it, as text that any database takes."""
    return storable(name.decode("utf-8", "surrogateescape"))


def find_folders(connection: ImapConnection, configured: RoleNames) -> list[Found]:
    """All folders of this mailbox that hold mail, the inbox first; other people's and shared ones are left out."""
    own, foreign = connection.namespaces()
    listed, states = connection.list_folders(with_status=True)
    prefixes = [prefix for prefix, _ in own if prefix]
    for prefix in prefixes:
        # RFC 2342 section 5: a namespace may be left out of a list that does not ask for it
        if not any(_is_below(each, prefix) for each in listed):
            listed = [*listed, *connection.list_below(prefix)]
    names = tuple((role, tuple(names)) for role, names in configured.items())
    found = [Found(Folder(INBOX, INBOX, "inbox"), _inbox_state(states))]
    for raw, folder in _ours(tuple(listed), tuple(own), tuple(foreign), names):
        found.append(Found(folder, states.get(raw)))
    return found


# The mailboxes of a server mostly have the same folders, and always the same from one pass to the next.
@lru_cache(maxsize=64)
def _ours(
    listed: tuple[Listed, ...],
    own: tuple[tuple[bytes, str], ...],
    foreign: tuple[bytes, ...],
    configured: tuple[tuple[FolderRole, tuple[str, ...]], ...],
) -> tuple[tuple[bytes, Folder], ...]:
    """Our own folders beside the inbox that hold mail, with their names as the server spells them."""
    prefixes = [prefix for prefix, _ in own if prefix]
    # Where everything without another prefix is shared (Cyrus), ours are those with a prefix of our own.
    shared_rest = b"" in foreign and len(prefixes) == len(own) > 0
    ours = [
        each for each in listed if not _is_foreign(each, foreign) and not (shared_rest and _is_rest(each, prefixes))
    ]
    found: list[tuple[bytes, Folder]] = []
    for each in ours:
        if each.name.upper() == INBOX.encode() or each.attributes & _NO_MAIL or _is_view(each):
            continue
        name = _shown_name(each, prefixes)
        role = _configured_role(name, dict(configured)) or _special_use(each, ours) or folder_role(name)
        found.append((each.name, Folder(folder_id(each.name), name, role)))
    return tuple(found)


def own_prefix(connection: ImapConnection) -> bytes:
    """What the name of a new folder must begin with (RFC 2342).

    Where the server does not say: "INBOX." when all folders lie below the inbox, as with old Couriers.
    """
    own, _ = connection.namespaces()
    if own:
        return own[0][0]
    listed, _ = connection.list_folders()
    below = {each.name[:6] for each in listed if each.name.upper() != INBOX.encode()}
    prefixes = {b"INBOX" + each.separator.encode() for each in listed if each.separator}
    return below.pop() if len(below) == 1 and below <= prefixes else b""


def _inbox_state(states: Mapping[bytes, FolderState]) -> FolderState | None:
    """INBOX is the one name whose case means nothing (RFC 3501 section 5.1)."""
    return next((state for name, state in states.items() if name.upper() == INBOX.encode()), None)


def _is_foreign(listed: Listed, prefixes: Iterable[bytes]) -> bool:
    """In the namespace of other users or a shared one; those mailboxes are read under their own address."""
    return any(_is_below(listed, prefix) for prefix in prefixes if prefix)


def _is_below(listed: Listed, prefix: bytes) -> bool:
    return listed.name.startswith(prefix) or (
        bool(listed.separator) and listed.name + listed.separator.encode() == prefix
    )


def _is_view(listed: Listed) -> bool:
    return bool(listed.attributes & _VIEWS) and not listed.attributes & _MESSAGE_FLAGS


def _is_rest(listed: Listed, prefixes: Iterable[bytes]) -> bool:
    return listed.name.upper() != INBOX.encode() and not any(_is_below(listed, prefix) for prefix in prefixes)


def _shown_name(listed: Listed, prefixes: Sequence[bytes]) -> str:
    """The name with "/" between its parts and without the prefix that some servers put before every folder."""
    raw = next((listed.name.removeprefix(each) for each in prefixes if listed.name.startswith(each)), listed.name)
    name = raw.decode("utf-8", "replace")
    parts = name.split(listed.separator) if listed.separator else [name]
    return shown("/".join(decode_utf7(part) for part in parts))


def _configured_role(name: str, configured: RoleNames) -> FolderRole | None:
    wanted = name.casefold()
    for role, names in configured.items():
        if any(wanted == each.casefold() or wanted.startswith(f"{each.casefold()}/") for each in names):
            return role
    return None


def _special_use(listed: Listed, others: Sequence[Listed]) -> FolderRole | None:
    """The role the server gives the folder, or the nearest folder above it."""
    best: tuple[int, FolderRole] | None = None
    for each in others:
        role = next((_ROLES[attribute] for attribute in each.attributes if attribute in _ROLES), None)
        above = each.name + each.separator.encode()
        if role and (each.name == listed.name or (each.separator and listed.name.startswith(above))):
            best = max(best or (0, role), (len(each.name), role))
    return best[1] if best else None
