"""Auto-replies and forwarding on servers with ManageSieve (RFC 5804): what our script of an account is to do."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailbot.platforms.imap.sieve_account import SieveScripts
from mailbot.platforms.imap.sieve_own import own_reply_text
from mailbot.platforms.imap.sieve_script import Forward, State, reply_from_json, reply_json
from mailbot.platforms.replies import Audience, AutoReply

NO_REPLY = AutoReply(enabled=False, starts_at=None, ends_at=None, internal_text="", external_text="")


class SieveAutoReplies:
    two_texts = True
    #: Sieve knows nobody's contacts
    audiences: frozenset[Audience] = frozenset({"none", "all"})

    def __init__(self, scripts: SieveScripts) -> None:
        self._scripts = scripts
        self.two_texts = bool(scripts.house.domains)

    def read(self, address: str) -> AutoReply:
        with self._scripts.account(address) as account:
            state = account.installed()
            if state is not None:
                found = account.hindrance()
                return replace(state.reply or NO_REPLY, hindered_by=found.reason if found is not None else None)
            active = account.scripts.active
            text = own_reply_text(account.raw(active) or b"") if active is not None else None
        if text is None:
            return NO_REPLY
        return AutoReply(enabled=True, starts_at=None, ends_at=None, internal_text=text, external_text=text)

    def keep(self, address: str) -> str:
        with self._scripts.account(address) as account:
            state = account.installed()
            reply = state.reply if state is not None else None
            own = account.scripts.own
        return json.dumps({"reply": reply_json(reply) if reply is not None else None, "own": own})

    def install(self, address: str, reply: AutoReply, *, accepted: str | None = None) -> None:
        with self._scripts.account(address) as account:
            state = account.installed() or State()
            account.change(replace(state, reply=reply), accepted=accepted)

    def restore(self, address: str, token: str) -> None:
        kept = json.loads(token)
        with self._scripts.account(address) as account:
            reply = reply_from_json(kept["reply"]) if kept["reply"] is not None else None
            state = replace(account.scripts.state or State(), reply=reply)
            if account.scripts.ours_is_active and not state.is_empty:
                account.change(state)
            else:
                account.remove(fallback=kept["own"])

    def shows_away(self, address: str) -> bool | None:  # noqa: ARG002 (nothing in the protocol tells)
        return None

    def close(self) -> None: ...


class SieveForwardRules:
    windowed = True

    def __init__(self, scripts: SieveScripts) -> None:
        self._scripts = scripts

    def read(self, address: str) -> Sequence[str]:
        with self._scripts.account(address) as account:
            state = account.installed()
        return [forward.to for forward in state.forwards] if state is not None else []

    def install(
        self, address: str, forward_to: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> str:
        with self._scripts.account(address) as account:
            state = account.installed() or State()
            others = tuple(each for each in state.forwards if each.to.lower() != forward_to.lower())
            wanted = Forward(to=forward_to, starts_at=starts_at, ends_at=ends_at)
            account.change(replace(state, forwards=(*others, wanted)))
        return forward_to

    def remove(self, address: str, token: str) -> None:
        with self._scripts.account(address) as account:
            state = account.scripts.state
            if state is None:
                return
            left = replace(state, forwards=tuple(each for each in state.forwards if each.to != token))
            if account.scripts.ours_is_active and not left.is_empty:
                account.change(left)
            elif left.is_empty:
                account.remove()

    def close(self) -> None: ...
