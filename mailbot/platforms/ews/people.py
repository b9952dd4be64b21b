"""Who works here, from the address list: the entries of the mailboxes that are known.

The address list cannot be read as a whole without knowing how it is called; it answers for an address.
"""

from collections.abc import Callable, Iterator, Sequence

from mailbot.platforms.entries import aliases
from mailbot.platforms.ews.failures import EwsRefusal
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import Element, M, each, first, text
from mailbot.platforms.people import Person


class EwsDirectory:
    """`session` gives a mailbox's session: each is asked who it is. `addresses` are those of the mailboxes."""

    def __init__(self, session: Callable[[str], EwsSession], addresses: Sequence[str]) -> None:
        self._session = session
        self._addresses = addresses

    def people(self) -> Iterator[Person]:
        for address in self._addresses:
            request = M.ResolveNames(
                M.UnresolvedEntry(f"smtp:{address}"), ReturnFullContactData="true", SearchScope="ActiveDirectory"
            )
            try:
                answer = self._session(address).one("ResolveNames", request)
            except EwsRefusal:  # nobody of that address
                continue
            found = first(answer, "m:ResolutionSet/t:Resolution")
            if found is not None:
                yield _person(found, address.lower())


def _person(entry: Element, address: str) -> Person:
    email = text(entry, "t:Mailbox/t:EmailAddress", address).lower()
    contact = first(entry, "t:Contact")
    known = entry if contact is None else contact
    return Person(
        id=email.partition("@")[0],
        name=text(known, "t:DisplayName") or text(entry, "t:Mailbox/t:Name") or email,
        email=email,
        title=text(known, "t:JobTitle"),
        department=text(known, "t:Department"),
        aliases=aliases((one.text or "" for one in each(known, "t:EmailAddresses/t:Entry")), email),
        phone=_entry(known, "PhoneNumbers", "BusinessPhone"),
        mobile=_entry(known, "PhoneNumbers", "MobilePhone"),
    )


def _entry(contact: Element, table: str, key: str) -> str:
    entries = each(contact, f"t:{table}/t:Entry")
    return next((one.text or "" for one in entries if one.get("Key") == key), "")
