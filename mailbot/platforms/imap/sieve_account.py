"""The scripts of one account on a server with ManageSieve: one of ours in front of the person's own.

Each step leaves the person with a script that works: theirs, or the pair. A script is put in its place whole or not at
all (RFC 5804 2.6), what is included is there before ours includes it, and ours goes only after theirs is active again.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from mailbot.errors import PermanentError
from mailbot.platforms.imap.sieve_connection import SieveConnection, SieveRefused
from mailbot.platforms.imap.sieve_own import OwnScript, conflict
from mailbot.platforms.imap.sieve_script import (
    MARK,
    House,
    State,
    is_ours,
    script,
    state_of,
)
from mailbot.platforms.own_rules import OwnRulesConflict

#: the first that is free, or ours; servers differ in whether case tells names apart
NAMES = tuple(f"mailbot-absence{suffix}" for suffix in ("", "-2", "-3", "-4", "-5"))
COPY_SUFFIX = "-own"
COPIES = tuple(name + COPY_SUFFIX for name in NAMES)
#: QUOTA, QUOTA/MAXSIZE, QUOTA/MAXSCRIPTS (RFC 5804 1.3)
_NO_ROOM = "QUOTA"
#: the extensions that scripts of ours need, and what cannot be done without each
_WITHOUT = {
    "vacation": "answer mail",
    "include": "run a person's own script after ours",
    "copy": "forward a copy",
    "date": "tell when an absence begins and ends",
    "relational": "tell when an absence begins and ends",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scripts:
    """All that lies in one account."""

    names: tuple[str, ...]
    active: str | None
    #: our script and its octets, active or left over
    ours: str | None
    raw: bytes
    #: all that carry our mark, copies of own scripts and what an interrupted attempt left among them
    marked: frozenset[str]

    @property
    def ours_is_active(self) -> bool:
        return self.ours is not None and self.ours == self.active

    @property
    def state(self) -> State | None:
        return state_of(self.raw) if self.ours is not None else None

    @property
    def own(self) -> str | None:
        """The person's own script that is active, by itself or after ours."""
        if not self.ours_is_active:
            return self.active
        own = self.state.own if self.state is not None else None
        return own if own in self.names else None  # deleted since: that was their choice


class SieveScripts:
    """What both capabilities work with: reading, changing and removing our script of one account."""

    def __init__(self, connect: Callable[[str], SieveConnection], house: House) -> None:
        """`connect` logs in to the account of an address; each use has a connection of its own."""
        self._connect = connect
        self.house = house

    @contextmanager
    def account(self, address: str) -> Iterator["Account"]:
        """One connection, for as long as the context lasts."""
        with self._connect(address) as connection:
            yield Account(connection, self.house)


class Account:
    """An open connection to one account, and what lies there."""

    def __init__(self, connection: SieveConnection, house: House) -> None:
        self._connection = connection
        self._house = house
        self.scripts = self._look()

    def _look(self) -> _Scripts:
        names, active = self._connection.list_scripts()
        marked = {name: raw for name in {*NAMES, *COPIES}.intersection(names) if is_ours(raw := self.raw(name))}
        # An active one is the one that counts, should two be there.
        ours = min(marked.keys() & NAMES, key=lambda each: (each != active, each), default=None)
        raw = marked[ours] if ours is not None else None
        return _Scripts(names=tuple(names), active=active, ours=ours, raw=raw or b"", marked=frozenset(marked))

    def raw(self, name: str) -> bytes | None:
        return self._connection.get_script(name)

    def installed(self) -> State | None:
        """What our script does, if it is active and as we made it."""
        state = self.scripts.state
        if not self.scripts.ours_is_active or state is None:
            return None
        return state if self.scripts.raw == self._script(state) else None

    def change(self, state: State, *, accepted: str | None = None) -> None:
        """Put ours before the person's own script, so that it does what `state` says. May raise OwnRulesConflict."""
        before = self.scripts
        own = before.own
        state = replace(state, own=own, included=own)
        name = before.ours or self._free_name()
        if own is not None:
            state = self._beside(own, state, name, accepted)
        text = self._script(state)
        if before.ours_is_active and before.raw == text:
            return
        self._put(name, text, own)
        if not before.ours_is_active:
            self._activate(name, own)
        self._tidy(but={name, state.included})

    def remove(self, fallback: str | None = None) -> None:
        """Their own script is active again and ours is gone. `fallback`: theirs, should our script no longer tell."""
        before = self.scripts
        state = before.state
        if before.ours_is_active:
            own = state.own if state is not None else fallback
            self._connection.set_active(own if own in before.names else None)
        self._tidy()

    def hindrance(self) -> OwnRulesConflict | None:
        """What in the person's rules stands against what is installed, after they have changed them."""
        state, own = self.scripts.state, self.scripts.own
        if not self.scripts.ours_is_active or state is None or own is None:
            return None
        try:
            self._beside(own, state, self.scripts.ours or "", None)
        except OwnRulesConflict as found:
            return found
        return None

    def _tidy(self, but: Iterable[str | None] = ()) -> None:
        """Nothing of ours is left but what is in use; a person's script has no mark and is never deleted."""
        for name in sorted(self.scripts.marked.difference(but)):
            with suppress(SieveRefused):
                self._connection.delete_script(name)
        self.scripts = self._look()

    # --- steps ---

    def _script(self, state: State) -> bytes:
        return script(state, self._house, self._connection.extensions)

    def _beside(self, own: str, state: State, name: str, accepted: str | None) -> State:
        """`state` with what is to be included after ours; a copy is put in its place when one was accepted."""
        raw = self.raw(own)
        if raw is None:
            raise PermanentError(f"the active script {own} cannot be read; ask its owner to save it again")
        found = self._conflict(own, raw, state, name)
        if found is None:
            # A copy of the site's default: it is nobody's own, and runs while nothing else is active.
            included = own if self._connection.can_include(own) else self._copy(name, raw, own)
            return replace(state, included=included, accepted="", proposal="")
        digest, before = _digest(raw), self.scripts.state
        if found.proposal is None:
            raise found
        said = before is not None and (before.accepted, before.proposal) == (digest, _digest(_octets(found.proposal)))
        if accepted != found.proposal and not said:
            raise found
        proposal = _octets(found.proposal)
        included = own if proposal == raw and self._connection.can_include(own) else self._copy(name, proposal, own)
        return replace(state, included=included, accepted=digest, proposal=_digest(proposal))

    def _copy(self, name: str, text: bytes, own: str) -> str:
        """Put what is included in place of a person's script beside ours; its name."""
        copy = MARK + b"\r\n" + text
        if self.raw(name + COPY_SUFFIX) != copy:
            self._put(name + COPY_SUFFIX, copy, own)
        return name + COPY_SUFFIX

    def _conflict(self, own: str, raw: bytes, state: State, name: str) -> OwnRulesConflict | None:
        connection = self._connection
        if "include" not in connection.extensions:
            words = f"the server cannot run the script {own} after ours (no include)"
            return OwnRulesConflict(words, "no_include", rules=own)
        mine = {name, *(each for each in NAMES if each != own)}
        found = conflict(
            OwnScript(own, raw, self.raw),
            our_names=mine,
            redirects=len(state.forwards),
            max_redirects=connection.max_redirects,
        )
        if found is None or found.reason != "broken":
            try:
                connection.check_script(raw)
            except SieveRefused as refusal:
                if refusal.code.startswith(_NO_ROOM):
                    raise self._no_room(refusal) from None
                words = f"the server no longer accepts the script {own}, and would not run ours with it"
                return OwnRulesConflict(words, "broken", rules=own)
        return found

    def _free_name(self) -> str:
        taken = {name.casefold() for name in self.scripts.names if name not in self.scripts.marked}
        for name in NAMES:
            if not {name.casefold(), (name + COPY_SUFFIX).casefold()} & taken:
                return name
        raise PermanentError(f"scripts named {NAMES[0]} and alike are taken; ask their owner to rename one")

    def _activate(self, name: str, own: str | None) -> None:
        """Some servers compile what is included only now (Pigeonhole)."""
        try:
            self._connection.set_active(name)
        except SieveRefused:
            self.scripts = self._look()
            self._tidy(but=[self.scripts.active])
            if own is None:
                raise
            raise OwnRulesConflict(f"the server does not run ours with the script {own}", "broken", rules=own) from None

    def _put(self, name: str, text: bytes, own: str | None) -> None:
        connection = self._connection
        try:
            connection.check_script(text)
            connection.put_script(name, text)
        except SieveRefused as refusal:
            if refusal.code.startswith(_NO_ROOM):
                raise self._no_room(refusal) from None
            missing = [
                what
                for word, what in _WITHOUT.items()
                if f'"{word}"'.encode() in text and word not in connection.extensions
            ]
            if missing:
                raise PermanentError(
                    f"{connection.endpoint} cannot {missing[0]}: allow the extension on the server"
                ) from None
            if own is not None:
                raise OwnRulesConflict(
                    f"the server does not accept ours with the script {own}", "broken", rules=own
                ) from None
            raise

    def _no_room(self, refusal: SieveRefused) -> PermanentError:
        connection = self._connection
        return PermanentError(
            f"{connection.endpoint} has no room for another script of {connection.login.mailbox} "
            f"({refusal.code}); delete old scripts, or raise the quota"
        )


def missing_extensions(connection: SieveConnection) -> Sequence[str]:
    """What scripts of ours need and this server does not offer."""
    return [word for word in _WITHOUT if word not in connection.extensions]


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
