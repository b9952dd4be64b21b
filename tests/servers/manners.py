"""In what servers differ: what makes the one of living.py another make."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Manners:
    """In what a server differs; all that is here is allowed by RFC 3501, or was seen."""

    protocol: str = "IMAP4rev1"
    separator: str = "/"
    capabilities: str = ""
    #: CAPABILITY in the greeting and in the answer to LOGIN, as well as when it is asked for
    tells_capabilities: bool = False
    #: said after login too, where it means nothing
    login_disabled_after_login: bool = False
    namespace: str = '(("" "/")) NIL NIL'
    #: no folder beside the inbox may be made without it
    required_prefix: str = ""
    #: LIST gives names as literals
    literal_names: bool = False
    #: LIST adds what RFC 5258 and RFC 9051 allow behind a name
    extends_list: bool = False
    #: FETCH tells its items in reverse order, the UID last
    backwards: bool = False
    #: what others do, told with every answer: flags, and a message that comes and goes
    chatty: bool = False
    #: nothing at all for a SEARCH without results, and one answer for each message with
    terse_search: bool = False
    #: SEARCH HEADER is refused (Twisted)
    knows_header_search: bool = True
    #: items that FETCH does not know (left out) or has no value for (NIL)
    missing: tuple[str, ...] = ()
    nil: tuple[str, ...] = ()
    #: a session does not see what it has appended until it asks with NOOP
    late_append: bool = False
    #: what EXAMINE and STATUS tell of UIDVALIDITY and the numbers of new mail holds only until somebody else asks;
    #: SELECT makes it stay. A folder opened by EXAMINE takes no APPEND (Courier; mbox files but for the latter)
    keeps_numbers_on_select: bool = False
    #: whether SELECT and EXAMINE tell UIDNEXT
    tells_uidnext: bool = True
    #: STATUS gives names without quotes, whatever they hold (GNU mailutils)
    bare_names: bool = False
    #: what STATUS adds to MESSAGES and UIDNEXT; None: it leaves UIDNEXT out
    status_lies: tuple[int, int | None] = (0, 0)
    #: a session sees an open folder as it stood when it was opened, until it asks with NOOP or opens it again
    frozen: bool = False
    #: what FETCH says of a message that others have removed since (RFC 2180 4.1): nothing, NO, NIL, or all as before
    removed: Literal["left out", "refused", "NIL", "kept"] = "left out"
    #: FETCH tells each item in a line of its own, the last message first, and others that nobody asked for
    scattered: bool = False
    #: SEARCH finds nothing by UID (GNU mailutils)
    searches_uids: bool = True
