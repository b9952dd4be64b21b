"""Our Sieve script: what it is to do, as a value, and as text that carries that value in its comments.

It runs first and then includes the person's own script. It never cancels the keep: redirects are copies (RFC 3894), and
vacation leaves the mail where it is (RFC 5230).
"""

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard, cast

from mailbot.platforms.imap.sieve_syntax import quoted
from mailbot.platforms.replies import Audience, AutoReply

#: first line of every script of ours: what has it is ours to replace and delete
MARK = b"# Made by mailbot; it is removed when the absence ends. Do not edit."
_STATE = "#: "
_STATE_LINE = 900
#: invariant 3: the same text at least seven days apart
_MIN_DAYS = 7
_MAX_TEXT_LINE = 900
# Who is never answered, beside those whom RFC 5230 4.5 and 4.6 name: local parts of addresses that nobody reads.
_NOBODY = (
    *("noreply*", "no-reply*", "no.reply*", "no_reply*", "donotreply*", "do-not-reply*", "do.not.reply*"),
    *("svara-ej*", "svaraej*", "ikke-svar*", "ikkesvar*", "mailer-daemon", "postmaster", "*-request", "owner-*"),
    *("bounce*", "listserv", "majordomo"),
)
_AUTOMATIC_FIELDS = (
    *("list-id", "list-unsubscribe", "list-post", "list-help", "x-loop", "x-autoreply", "x-autorespond"),
    *("x-failed-recipients", "feedback-id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    to: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one person's script of ours does, and which script of theirs it leads back to."""

    reply: AutoReply | None = None
    forwards: tuple[Forward, ...] = ()
    #: the script that was active before ours; None: none was
    own: str | None = None
    #: the script that is included; differs from `own` when the person has accepted a copy of it
    included: str | None = None
    #: digest of the own script to which `accepted` was said; empty: nothing had to be accepted
    accepted: str = ""
    #: digest of what was accepted
    proposal: str = ""

    @property
    def is_empty(self) -> bool:
        return (self.reply is None or not self.reply.enabled) and not self.forwards


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What scripts need to know of the organisation."""

    domains: tuple[str, ...] = ()
    #: mailbot's own mail is neither forwarded nor answered: it is for its recipient only
    service_address: str = ""


def script(state: State, house: House, extensions: frozenset[str]) -> bytes:
    """The text, CRLF and UTF-8. `extensions`: what the server offers."""
    reply = state.reply if state.reply is not None and state.reply.enabled else None
    body: list[str] = []
    for forward in state.forwards:
        body += _within(forward.starts_at, forward.ends_at, [_not_ours(house, f"redirect :copy {quoted(forward.to)};")])
    if reply is not None:
        body += _within(reply.starts_at, reply.ends_at, _reply(reply, house, _sender_test(extensions)))
    if state.included is not None:
        body.append(f"include :personal :optional {quoted(state.included)};")
    require = [name for name in _required(state, reply) if name != "envelope" or name in extensions]
    lines = [
        MARK.decode(),
        *_state_lines(state),
        f"require [{', '.join(map(quoted, require))}];" if require else "",
        *body,
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _required(state: State, reply: AutoReply | None) -> list[str]:
    windows = [(forward.starts_at, forward.ends_at) for forward in state.forwards]
    if reply is not None:
        windows.append((reply.starts_at, reply.ends_at))
    wanted = {
        "vacation": reply is not None,
        "copy": bool(state.forwards),
        "date": any(any(window) for window in windows),
        "relational": any(any(window) for window in windows),
        "include": state.included is not None,
        "envelope": reply is not None,
    }
    return [name for name, needed in wanted.items() if needed]


def _within(starts_at: datetime | None, ends_at: datetime | None, lines: list[str]) -> list[str]:
    """Sieve knows no named zones (RFC 5260 section 4): both ends are told in UTC, so no change of clocks moves them."""
    tests = [_instant(match, at) for match, at in (("ge", starts_at), ("lt", ends_at)) if at is not None]
    if not tests:
        return lines
    joined = f"allof ({', '.join(tests)})" if len(tests) > 1 else tests[0]
    return [f"if {joined} {{", *lines, "}"]


def _instant(match: str, at: datetime) -> str:
    text = at.astimezone(UTC).replace(microsecond=0).isoformat()
    return f'currentdate :zone "+0000" :value "{match}" "iso8601" "{text}"'


def _not_ours(house: House, command: str) -> str:
    """A loop that comes back here is cut by the server (RFC 5228 4.2)."""
    if not house.service_address:
        return command
    return f'if not address :is "from" {quoted(house.service_address)} {{ {command} }}'


def _sender_test(extensions: frozenset[str]) -> str:
    """Replies go to the envelope's sender, so that is who gets the internal text; From could be anybody's."""
    return "envelope" if "envelope" in extensions else "address"


def _reply(reply: AutoReply, house: House, sender_test: str) -> list[str]:
    external = _vacation(reply, reply.external_text, "") if reply.audience != "none" else ""
    internal = _vacation(reply, reply.internal_text, "" if reply.internal_text == reply.external_text else "-internal")
    if house.domains and (not external or reply.internal_text != reply.external_text):
        domains = _strings(house.domains)
        chosen = [f'if {sender_test} :domain :is "from" {domains} {{', internal, "}"]
        if external:
            chosen += ["else {", external, "}"]
    else:
        chosen = [external or internal]
    nobody = [
        f'address :localpart :matches "from" {_strings(_NOBODY)}',
        *(f"exists {quoted(name)}" for name in _AUTOMATIC_FIELDS),  # of a list all would have to be there
        'header :contains "x-auto-response-suppress" ["OOF", "All", "AutoReply"]',
        'header :is "precedence" ["bulk", "list", "junk", "auto_reply"]',
    ]
    if house.service_address:
        nobody.append(f'address :is "from" {quoted(house.service_address)}')
    return [f"if not anyof ({', '.join(nobody)}) {{", *chosen, "}"]


def _vacation(reply: AutoReply, text: str, variant: str) -> str:
    """RFC 5230; one handle for each absence, version of the text and audience."""
    words = [f"vacation :days {_days(reply)}"]
    if reply.version:
        words.append(f":handle {quoted('mailbot-' + reply.version + variant)}")
    if reply.subject:
        words.append(f":subject {quoted(' '.join(reply.subject.split()))}")
    if reply.addresses:
        words.append(f":addresses {_strings(reply.addresses)}")
    return " ".join([*words, quoted(_wrapped(text))]) + ";"


def _days(reply: AutoReply) -> int:
    """The length of the absence: one reply to each sender. Servers lower it to their own maximum (RFC 5230 4.1)."""
    if reply.starts_at is None or reply.ends_at is None:
        return _MIN_DAYS
    return max(_MIN_DAYS, -((reply.starts_at - reply.ends_at) // timedelta(days=1)))


def _wrapped(text: str) -> str:
    """No line longer than RFC 5322 2.1.1 lets a mail have."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(
        line if len(line.encode()) <= _MAX_TEXT_LINE else "\n".join(textwrap.wrap(line, _MAX_TEXT_LINE // 4))
        for line in lines
    )


def _strings(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(quoted, values)) + "]"


# --- the value in the comments ---


def state_of(raw: bytes) -> State | None:
    """What a script of ours was made from; None when it is not ours or its comments were edited."""
    if not raw.startswith(MARK):
        return None
    lines = raw.decode("utf-8", "replace").splitlines()[1:]
    text = "".join(line.removeprefix(_STATE) for line in lines if line.startswith(_STATE))
    try:
        return _state(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return None


def is_ours(raw: bytes | None) -> TypeGuard[bytes]:
    return raw is not None and raw.startswith(MARK)


def _state_lines(state: State) -> list[str]:
    """ASCII on lines of moderate length; JSON escapes line breaks, so no text can end the comment."""
    text = json.dumps(state_json(state), separators=(",", ":"))
    return [_STATE + text[at : at + _STATE_LINE] for at in range(0, len(text), _STATE_LINE)]


def state_json(state: State) -> dict[str, Any]:
    return {
        "reply": reply_json(state.reply) if state.reply is not None else None,
        "forwards": [[each.to, _text(each.starts_at), _text(each.ends_at)] for each in state.forwards],
        "own": state.own,
        "included": state.included,
        "accepted": state.accepted,
        "proposal": state.proposal,
    }


def reply_json(reply: AutoReply) -> dict[str, Any]:
    return {
        "enabled": reply.enabled,
        "window": [_text(reply.starts_at), _text(reply.ends_at)],
        "texts": [reply.internal_text, reply.external_text],
        "audience": reply.audience,
        "subject": reply.subject,
        "addresses": list(reply.addresses),
        "version": reply.version,
    }


def reply_from_json(value: dict[str, Any]) -> AutoReply:
    """ValueError, KeyError or TypeError for anything else."""
    starts_at, ends_at = map(_instant_from, value["window"])
    internal, external = map(str, value["texts"])
    return AutoReply(
        enabled=bool(value["enabled"]),
        starts_at=starts_at,
        ends_at=ends_at,
        internal_text=internal,
        external_text=external,
        audience=cast(Audience, str(value["audience"])),
        subject=str(value["subject"]),
        addresses=tuple(map(str, value["addresses"])),
        version=str(value["version"]),
    )


def _state(value: dict[str, Any]) -> State:
    return State(
        reply=reply_from_json(value["reply"]) if value["reply"] is not None else None,
        forwards=tuple(
            Forward(to=str(to), starts_at=_instant_from(start), ends_at=_instant_from(end))
            for to, start, end in value["forwards"]
        ),
        own=_optional(value["own"]),
        included=_optional(value["included"]),
        accepted=str(value["accepted"]),
        proposal=str(value["proposal"]),
    )


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant_from(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))
