"""Who works here, from the entries of a directory.

Attributes are those of inetOrgPerson (RFC 2798) and of Active Directory (MS-ADTS); an entry without a mail address is
nobody who could be written to.
"""

from collections.abc import Iterator, Mapping
from itertools import count

from mailbot.platforms.entries import aliases, language
from mailbot.platforms.ldap.connection import LdapServer, Values, comparable, connected
from mailbot.platforms.people import Person

_ATTRIBUTES = (
    "objectClass",
    "mail",
    "displayName",
    "cn",
    "title",
    "department",
    "ou",
    "telephoneNumber",
    "mobile",
    "proxyAddresses",
    "sAMAccountName",
    "uid",
    "manager",
    "preferredLanguage",
    "userAccountControl",
    "nsAccountLock",
)
#: what has an address and is no member of staff
_NOBODY = frozenset({"computer", "contact", "group", "groupofnames", "groupofuniquenames"})
#: MS-ADTS 2.2.16, ADS_UF_ACCOUNT_DISABLE
_DISABLED = 0x2


class LdapDirectory:
    """Everybody below `base` whom `filter_` finds, whose account is in use."""

    def __init__(self, server: LdapServer, base: str, filter_: str) -> None:
        self._server = server
        self._base = base
        self._filter = filter_

    def people(self) -> Iterator[Person]:
        """All are read before the first is given: managers are told by their names in the directory."""
        with connected(self._server) as connection:
            found = list(connection.search(self._base, self._filter, _ATTRIBUTES))
        present = {comparable(dn): values for dn, values in found if _is_in_use(values)}
        ids = _ids(present)
        for dn, values in present.items():
            manager = ids.get(comparable(_one(values, "manager")), "")
            yield _person(values, ids[dn], manager if manager != ids[dn] else "")


def _is_in_use(values: Values) -> bool:
    control = _one(values, "userAccountControl")
    disabled = bool(int(control) & _DISABLED) if control.lstrip("-").isdigit() else False
    locked = _one(values, "nsAccountLock").lower() == "true"
    kinds = {each.lower() for each in values.get("objectclass", ())}
    return "@" in _one(values, "mail") and not (disabled or locked or kinds & _NOBODY)


def _ids(present: Mapping[str, Values]) -> dict[str, str]:
    """DN -> an id that nobody else has: the local part of the address, with a number where that is taken."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for dn, values in sorted(present.items()):
        local = _one(values, "mail").partition("@")[0].lower()
        numbered = (f"{local}{number}" for number in count(2))
        ids[dn] = local if local not in taken else next(each for each in numbered if each not in taken)
        taken.add(ids[dn])
    return ids


def _person(values: Values, person_id: str, manager: str) -> Person:
    email = _one(values, "mail").lower()
    return Person(
        id=person_id,
        name=_one(values, "displayName") or _one(values, "cn") or email,
        email=email,
        title=_one(values, "title"),
        department=_one(values, "department") or _one(values, "ou"),
        aliases=aliases(values.get("proxyaddresses", ()), email),
        phone=_one(values, "telephoneNumber"),
        mobile=_one(values, "mobile"),
        login=(_one(values, "sAMAccountName") or _one(values, "uid")).lower(),
        manager=manager,
        language=language(_one(values, "preferredLanguage")),
    )


def _one(values: Values, attribute: str) -> str:
    """The first value that says something, on one line."""
    return next((" ".join(each.split()) for each in values.get(attribute.lower(), ()) if each.strip()), "")
