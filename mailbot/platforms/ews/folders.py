"""The folders of a mailbox that hold mail, and what each is for, whatever language they are named in."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from mailbot.errors import TransientError
from mailbot.platforms.base import Folder, FolderRole
from mailbot.platforms.ews.failures import NotThere
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import Element, M, T, each, first, identifier, text
from mailbot.platforms.folder_names import INBOX

#: https://learn.microsoft.com/exchange/client-developer/web-service-reference/distinguishedfolderid
_ROLES: MappingProxyType[str, FolderRole] = MappingProxyType(
    {
        "inbox": "inbox",
        "sentitems": "sent",
        "drafts": "drafts",
        # what waits there has been neither sent nor received
        "outbox": "drafts",
        "deleteditems": "trash",
        "junkemail": "junk",
    }
)
_PAGE = 1000
#: folders of mail, by their class; calendars, contacts, tasks and notes have others (MS-OXOSFLD 2.2.1)
_MAIL_CLASS = "IPF.Note"


@dataclass(frozen=True, slots=True)
class _Found:
    id: str
    parent: str
    name: str
    item_class: str


def find_folders(session: EwsSession) -> list[Folder]:
    """All folders of mail below the top of the mailbox. Folders below one with a role share it, but for the inbox."""
    top, roles = _known(session)
    found = {folder.id: folder for folder in _below(session, top)}
    folders = []
    for folder in found.values():
        if folder.item_class and not folder.item_class.startswith(_MAIL_CLASS):
            continue
        folders.append(Folder(id=folder.id, name=_path(folder, found, roles), role=_role(folder, found, roles)))
    if not any(folder.role == "inbox" for folder in folders):
        raise TransientError(f"{session.host} lists no inbox for {session.address}")
    return folders


def count_inbox(session: EwsSession) -> int:
    """How many items lie in the inbox."""
    total = T.AdditionalProperties(T.FieldURI(FieldURI="folder:TotalCount"))
    request = M.GetFolder(M.FolderShape(T.BaseShape("IdOnly"), total), M.FolderIds(distinguished("inbox")))
    return int(text(session.one("GetFolder", request), "m:Folders/*/t:TotalCount", "0"))


def distinguished(name: str) -> Element:
    return T.DistinguishedFolderId(Id=name)


def _known(session: EwsSession) -> tuple[str, dict[str, FolderRole]]:
    """The id of the top folder, and folder id -> role."""
    names = ("msgfolderroot", *_ROLES)
    request = M.GetFolder(
        M.FolderShape(T.BaseShape("IdOnly")), M.FolderIds(*(distinguished(each_name) for each_name in names))
    )
    top, roles = "", {}
    for name, answer in zip(names, session.each("GetFolder", request, len(names)), strict=True):
        try:
            session.require(answer)
        except NotThere:  # junk mail and the outbox need not exist
            continue
        folder_id = identifier(answer, "m:Folders/*/t:FolderId")
        if name == "msgfolderroot":
            top = folder_id
        else:
            roles[folder_id] = _ROLES[name]
    return top, roles


def _below(session: EwsSession, top: str) -> Iterator[_Found]:
    """All folders below `top`; a server that pays no heed to pages is asked once."""
    seen: set[str] = set()
    is_last = False
    while not is_last:
        answer = session.one("FindFolder", _folder_page(top, offset=len(seen)))
        page = [_found(folder) for folder in each(answer, "m:RootFolder/t:Folders/*")]
        new = [folder for folder in page if folder.id not in seen]
        seen.update(folder.id for folder in new)
        yield from new
        root = first(answer, "m:RootFolder")
        is_last = not new or root is None or root.get("IncludesLastItemInRange") != "false"


def _folder_page(top: str, offset: int) -> Element:
    fields = (T.FieldURI(FieldURI=f"folder:{name}") for name in ("ParentFolderId", "DisplayName", "FolderClass"))
    return M.FindFolder(
        M.FolderShape(T.BaseShape("IdOnly"), T.AdditionalProperties(*fields)),
        M.IndexedPageFolderView(MaxEntriesReturned=str(_PAGE), Offset=str(offset), BasePoint="Beginning"),
        M.ParentFolderIds(T.FolderId(Id=top)),
        Traversal="Deep",
    )


def _found(folder: Element) -> _Found:
    folder_id, parent = identifier(folder, "t:FolderId"), identifier(folder, "t:ParentFolderId")
    return _Found(folder_id, parent, text(folder, "t:DisplayName"), text(folder, "t:FolderClass"))


def _ancestors(folder: _Found, found: dict[str, _Found]) -> list[_Found]:
    """The folder and those above it; a loop that a damaged mailbox might hold ends."""
    line = [folder]
    while (parent := found.get(line[-1].parent)) is not None and len(line) <= len(found):
        line.append(parent)
    return line


def _role(folder: _Found, found: dict[str, _Found], roles: dict[str, FolderRole]) -> FolderRole:
    if folder.id in roles:
        return roles[folder.id]
    above: FolderRole = next((roles[one.id] for one in _ancestors(folder, found) if one.id in roles), "other")
    return "other" if above == "inbox" else above


def _path(folder: _Found, found: dict[str, _Found], roles: dict[str, FolderRole]) -> str:
    """As people see it, with the inbox named alike everywhere."""
    names = [INBOX if roles.get(one.id) == "inbox" else one.name for one in _ancestors(folder, found)]
    return "/".join(reversed(names))
