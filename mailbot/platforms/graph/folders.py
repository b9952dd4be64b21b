"""The folders of a mailbox and what they are for, whatever language its owner has chosen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mailbot.platforms.base import Folder, FolderRole
from mailbot.platforms.folder_names import shown
from mailbot.platforms.graph.answers import Json, NotFound, Question, refusal
from mailbot.platforms.graph.client import GraphClient, path

#: learn.microsoft.com/graph/api/resources/mailfolder: well-known names are the same in every language
WELL_KNOWN: Mapping[str, FolderRole] = {
    "inbox": "inbox",
    "sentitems": "sent",
    "drafts": "drafts",
    "deleteditems": "trash",
    "junkemail": "junk",
    # mail of our own that is on its way; nobody has received it
    "outbox": "drafts",
}
_SELECT = "id,displayName,parentFolderId,childFolderCount"
#: a hundred is the most that one page of folders may hold
_PAGE = 100
_SEARCH_FOLDER = "#microsoft.graph.mailSearchFolder"
NEEDS = "Mail.Read"


@dataclass(frozen=True, slots=True)
class Roles:
    """Folder id -> role of the folders with a well-known name. Both are the mailbox's for ever."""

    by_id: Mapping[str, FolderRole]


def find_folders(client: GraphClient, mailbox: str, known: Roles | None) -> tuple[list[Folder], Roles]:
    """Every folder that holds mail, hidden and search folders left out. One batch, and one more per level below.

    A folder below one with a role shares it: a deleted folder lies in the bin, last year's sent mail below Sent.
    """
    top = _listing(mailbox)
    if known is None:
        questions = [_well_known(mailbox, name) for name in WELL_KNOWN]
        *told, first = client.ask_all([*questions, top])
        by_id: dict[str, FolderRole] = {}
        for question, answer, role in zip(questions, told, WELL_KNOWN.values(), strict=True):
            if answer.ok:
                by_id[str(answer.json()["id"])] = role
            elif role == "inbox" or answer.status not in (400, 404):  # not every mailbox has all of them
                raise refusal(question, answer)
        known = Roles(by_id)
    else:
        first = client.ask_all([top])[0]
    if not first.ok:
        raise refusal(top, first)
    found: list[Folder] = []
    level = [(_Above("", "other"), entry) for entry in _rest(client, top, first.json())]
    while level:
        folders = [(_folder(above, entry, known), entry) for above, entry in level if _holds_mail(entry)]
        found.extend(folder for folder, _ in folders)
        level = list(_below(client, mailbox, [pair for pair in folders if pair[1].get("childFolderCount")]))
    return found, known


@dataclass(frozen=True, slots=True)
class _Above:
    name: str
    role: FolderRole


def _listing(mailbox: str, parent: str | None = None) -> Question:
    where = ("mailFolders",) if parent is None else ("mailFolders", parent, "childFolders")
    return Question("GET", path("users", mailbox, *where, select=_SELECT, top=_PAGE), mailbox, NEEDS)


def _well_known(mailbox: str, name: str) -> Question:
    return Question("GET", path("users", mailbox, "mailFolders", name, select="id"), mailbox, NEEDS)


def _below(client: GraphClient, mailbox: str, parents: Sequence[tuple[Folder, Json]]) -> Iterator[tuple[_Above, Json]]:
    questions = [_listing(mailbox, folder.id) for folder, _ in parents]
    for (folder, _), question, answer in zip(parents, questions, client.ask_all(questions), strict=True):
        if not answer.ok:
            error = refusal(question, answer)
            if isinstance(error, NotFound):  # deleted meanwhile
                continue
            raise error
        # people's folders in the inbox are read like any other
        above = _Above(folder.name, "other" if folder.role == "inbox" else folder.role)
        for entry in _rest(client, question, answer.json()):
            yield above, entry


def _rest(client: GraphClient, question: Question, page: Json) -> Iterator[Json]:
    yield from page.get("value") or ()
    if link := page.get("@odata.nextLink"):
        yield from client.pages(replace(question, path=client.relative(link)))


def _holds_mail(entry: Json) -> bool:
    return entry.get("@odata.type") != _SEARCH_FOLDER and not entry.get("isHidden")


def _folder(above: _Above, entry: Json, known: Roles) -> Folder:
    own = shown(str(entry.get("displayName") or ""))
    name = f"{above.name}/{own}" if above.name else own
    return Folder(str(entry["id"]), name, known.by_id.get(str(entry["id"]), above.role))
