"""From a MIME structure to what a person reads: the text, its spans, and what hangs on it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from mailbot.mail import charset, transfer
from mailbot.mail.flowed import unflow
from mailbot.mail.mime import Part, Structure
from mailbot.mail.parts import Span, split

Protection = Literal["none", "signed", "encrypted"]
TextSource = Literal["plain", "html", "none"]

#: characters of text that are analysed; a longer mail is a log file or an attack
MAX_TEXT = 1_000_000
#: enough encoded octets for MAX_TEXT characters of quoted-printable UTF-8 in any Nordic language
_MAX_ENCODED = 4 * MAX_TEXT

_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP_MARK = re.compile(r"^-----BEGIN PGP (SIGNED )?MESSAGE-----", re.MULTILINE)
_CALENDAR_METHOD = re.compile(rb"^METHOD:[ \t]*([A-Za-z-]{1,30})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z-]{1,30}")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is not the text a person reads first. `start` and `end` are offsets of its encoded body."""

    filename: str | None
    content_type: str
    #: octets after decoding the transfer encoding (estimated from the encoded length for base64)
    size: int
    inline: bool
    transfer_encoding: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The decoded text and what hangs on it."""

    #: decoded text/plain, or the plain-text rendering of the HTML; line ends are "\n"
    text: str
    text_source: TextSource
    #: ordered, without gaps, together exactly `text`
    spans: tuple[Span, ...]
    attachments: tuple[Attachment, ...]
    protection: Protection
    #: METHOD of a text/calendar part (REQUEST, REPLY, CANCEL), upper case
    calendar_method: str | None
    #: RFC 6522 multipart/report
    is_report: bool
    #: what it reports: "delivery-status", "disposition-notification" ..., lower case; None when nothing is said
    report_type: str | None = None

    def joined(self, kind: str) -> str:
        """The text of all spans of one kind ("new", "signature", "quoted"), in order."""
        return "".join(self.text[span.start : span.end] for span in self.spans if span.kind == kind)


@dataclass(slots=True)
class _Unit:
    """A text in one or two forms: a lone part, or all text parts of one multipart/alternative."""

    plain: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    alternative: bool = False


class _Repeats:
    """Some programs send both forms of a text in a multipart/mixed; the second adds nothing then."""

    def __init__(self, units: Sequence[_Unit]) -> None:
        lone = [unit for unit in units if not unit.alternative]
        self._both_forms = any(unit.plain for unit in lone) and any(unit.html for unit in lone)
        self._letters: set[str] = set()

    def seen(self, text: str) -> bool:
        """Whether the same letters and digits, in the same order, were there before."""
        if not self._both_forms:
            return False
        letters = _NOT_LETTERS.sub("", text)
        known = letters in self._letters
        self._letters.add(letters)
        return known


def read_body(raw: bytes, structure: Structure, own_signature_lines: Sequence[str]) -> tuple[Body, frozenset[str]]:
    """The body of a message and what was wrong with it."""
    units, others = _sort_parts(structure)
    text, source, defects = _choose_text(raw, units)
    reports = [container for container in structure.containers if container.content_type == "multipart/report"]
    body = Body(
        text=text,
        text_source=source,
        spans=split(text, own_signature_lines=own_signature_lines),
        attachments=tuple(_attachment(raw, part) for part in others),
        protection=_protection(structure, text),
        calendar_method=_calendar_method(raw, others),
        is_report=bool(reports),
        report_type=reports[0].parameters.get("report-type", "").lower() or None if reports else None,
    )
    return body, defects


def _sort_parts(structure: Structure) -> tuple[list[_Unit], list[Part]]:
    """What is text for people, in order, and what is attached. Other renderings of the same text are neither."""
    units: dict[int, _Unit] = {}
    others: list[Part] = []
    for position, part in enumerate(structure.parts):
        alternative = None if part.container is None else structure.containers[part.container].alternative
        if is_text(part):
            key = -1 - position if alternative is None else alternative
            unit = units.setdefault(key, _Unit(alternative=alternative is not None))
            (unit.plain if part.content_type == "text/plain" else unit.html).append(part)
        elif alternative is None or not _is_rendering(part):
            others.append(part)
    return list(units.values()), others


def is_text(part: Part) -> bool:
    """Whether a part is text that a person reads first, and no attachment."""
    if part.content_type not in ("text/plain", "text/html") or part.disposition not in ("", "inline"):
        return False
    return part.filename is None or part.container is None  # a lone part is the mail, whatever it is called


def _is_rendering(part: Part) -> bool:
    """AMP or enriched text beside the plain text; a calendar part says more than the text does."""
    named = part.filename is not None or part.disposition == "attachment"
    return part.content_type.startswith("text/") and part.content_type != "text/calendar" and not named


def _choose_text(raw: bytes, units: Sequence[_Unit]) -> tuple[str, TextSource, frozenset[str]]:
    """The units' texts in order, each from its plain form unless that is empty."""
    texts: list[str] = []
    source: TextSource = "none"
    defects: set[str] = set()
    repeats = _Repeats(units)
    left = MAX_TEXT
    for unit in units:
        if left <= 0:
            defects.add("truncated")
            break
        form: TextSource = "plain"
        text = _joined(raw, unit.plain, defects)
        if not text.strip():
            form, text = "html", "\n".join(_html_text(raw, part, defects) for part in unit.html)
        if not text.strip() or repeats.seen(text):
            continue
        source = form if source == "none" else source
        defects.update(("truncated",) if len(text) > left else ())
        texts.append(text[:left])
        left -= len(text) + 1
    return "\n".join(texts), source, frozenset(defects)


def _joined(raw: bytes, parts: Sequence[Part], defects: set[str]) -> str:
    texts: list[str] = []
    left = MAX_TEXT
    for part in parts:
        if left <= 0:
            break
        text = _decoded(raw, part, defects)
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        texts.append(text)
        left -= len(text)
    return "\n".join(texts)


def _decoded(raw: bytes, part: Part, defects: set[str]) -> str:
    """The text of one part: decoded, line ends "\\n", no control characters but tab and line feed, at most MAX_TEXT."""
    end = part.end
    if end - part.start > _MAX_ENCODED:
        end = part.start + _MAX_ENCODED
        defects.add("truncated")
    octets = transfer.decode(raw[part.start : end], part.transfer_encoding)
    text, honest = charset.decode(octets, part.parameters.get("charset"))
    if not honest:
        defects.add("charset")
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        defects.add("truncated")
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _html_text(raw: bytes, part: Part, defects: set[str]) -> str:
    from mailbot.mail.html import to_text  # the HTML parser is loaded only where there is HTML to read

    return to_text(_decoded(raw, part, defects))


def _attachment(raw: bytes, part: Part) -> Attachment:
    return Attachment(
        filename=part.filename,
        content_type=part.content_type,
        size=transfer.decoded_size(raw, part.start, part.end, part.transfer_encoding),
        inline=part.disposition == "inline" or (part.disposition == "" and part.content_id),
        transfer_encoding=part.transfer_encoding,
        start=part.start,
        end=part.end,
    )


def _protection(structure: Structure, text: str) -> Protection:
    """Whether somebody must decrypt before anybody can judge, or a signature would break by any change."""
    kinds = {container.content_type for container in structure.containers}
    pkcs7 = [part.parameters.get("smime-type", "").lower() for part in structure.parts if part.content_type in _PKCS7]
    pgp = _PGP_MARK.search(text)
    # RFC 8551 3.2.2: only signed-data and certs-only can be opened by anybody
    if "multipart/encrypted" in kinds or any(kind not in ("signed-data", "certs-only") for kind in pkcs7):
        return "encrypted"
    if pgp and not pgp[1]:
        return "encrypted"
    return "signed" if pgp or pkcs7 or "multipart/signed" in kinds else "none"


def _calendar_method(raw: bytes, parts: Sequence[Part]) -> str | None:
    """RFC 6047 2.4: the parameter must be there and equal METHOD in the content; either will do."""
    for part in parts:
        if part.content_type == "text/calendar":
            declared = part.parameters.get("method", "")
            if _TOKEN.fullmatch(declared):
                return declared.upper()
            content = transfer.decode(raw[part.start : min(part.end, part.start + 65536)], part.transfer_encoding)
            found = _CALENDAR_METHOD.search(content)
            return found[1].decode("ascii").upper() if found else None
    return None
