"""Ordinary municipal mail, generated: always the same for the same number.

About half is short plain text, a third has HTML beside it, a tenth an attachment, the rest is automatic; 10 kB on
average, header fields as long as real ones. Every third message answers an earlier one and quotes it.
"""

import base64
import os
import quopri
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from pathlib import Path

from benchmarks import texts

FIRST = datetime(2026, 9, 1, 5, 0, tzinfo=UTC)
AUTHORITY = "kommunen@bjurholm.example"


def messages(count: int, *, start: int = 0) -> Iterator[tuple[datetime, bytes]]:
    """`count` messages from number `start` on, each with the time it arrived."""
    for number in range(start, start + count):
        yield FIRST + timedelta(minutes=4 * number), message(number)


def write_maildir(path: Path, count: int, *, start: int = 0) -> None:
    """Deliver messages into a Maildir, and let the folder look as if nothing had happened there for a while."""
    for name in ("tmp", "new", "cur"):
        (path / name).mkdir(parents=True, exist_ok=True)
    for number, (arrived_at, raw) in enumerate(messages(count, start=start), start):
        seconds = arrived_at.timestamp()
        file = path / "new" / f"{int(seconds)}.M{number:06}P1.post,S={len(raw)}"
        file.write_bytes(raw)
        os.utime(file, (seconds, seconds))
    rest = FIRST.timestamp() + start + count
    os.utime(path / "new", (rest, rest))


def message(number: int) -> bytes:
    """One message as it lies on disk, with CRLF line ends."""
    chance = random.Random(number)  # a generator of test mail, not of secrets
    sender = f"{chance.choice(texts.FIRST_NAMES)} {chance.choice(texts.LAST_NAMES)}"
    domain = chance.choice(texts.PROVIDERS)
    fields = _trace_fields(chance, domain) + _own_fields(chance, number, sender, domain)
    draw = chance.random()
    if draw < 0.05:
        fields, body = _automatic(chance, fields)
    elif draw < 0.15:
        fields, body = _with_attachment(chance, fields, _text(chance, number, sender))
    elif draw < 0.48:
        fields, body = _with_html(chance, fields, _text(chance, number, sender))
    else:
        fields, body = _plain(fields, _text(chance, number, sender))
    lines = [f"{name}: {value}" for name, value in fields]
    return ("\n".join(lines) + "\n\n" + body).replace("\n", "\r\n").encode()


Fields = list[tuple[str, str]]


def _trace_fields(chance: random.Random, domain: str) -> Fields:
    """What the hosts on the way have added."""
    hops = []
    for host, by in (("gw.bjurholm.example", "mail.bjurholm.example"), (f"out.{domain}", "gw.bjurholm.example")):
        token = chance.randbytes(9).hex()
        from_ = (
            f"from {host} (unknown [192.0.2.{chance.randrange(1, 255)}])\n\tby {by} (Postfix) with ESMTPS id {token}"
        )
        hops.append(("Received", f"{from_}\n\tfor <{AUTHORITY}>; Tue,  1 Sep 2026 07:00:00 +0200 (CEST)"))
    signature = base64.b64encode(chance.randbytes(256)).decode()
    folded = "\n\t ".join(signature[at : at + 70] for at in range(0, len(signature), 70))
    names = "h=From:To:Subject:Date:Message-ID:MIME-Version:Content-Type"
    return [
        ("Return-Path", f"<bounce-{chance.randrange(10**6)}@{domain}>"),
        *hops,
        (
            "Authentication-Results",
            f"gw.bjurholm.example;\n\tdkim=pass header.d={domain};\n\tspf=pass smtp.helo=out.{domain}",
        ),
        ("DKIM-Signature", f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s1;\n\t{names};\n\tb={folded}"),
        ("X-Spam-Status", "No, score=-1.2 required=5.0 tests=DKIM_VALID,SPF_PASS,HTML_MESSAGE\n\tautolearn=ham"),
    ]


def _own_fields(chance: random.Random, number: int, sender: str, domain: str) -> Fields:
    sent_at = FIRST + timedelta(minutes=4 * number - 1)
    earlier = _answered(number)
    subject = texts.TOPICS[(number if earlier is None else earlier) % len(texts.TOPICS)][0]
    fields = [
        ("From", f"{Header(sender, 'utf-8').encode()} <{chance.choice('abcdef')}{number}@{domain}>"),
        ("To", f"Bjurholms kommun <{AUTHORITY}>"),
        ("Subject", Header(subject if earlier is None else f"SV: {subject}", "utf-8").encode()),
        ("Date", format_datetime(sent_at)),
        ("Message-ID", _message_id(number)),
        ("MIME-Version", "1.0"),
        ("X-Mailer", "Brevduvan 12.4"),
    ]
    if earlier is not None:
        fields += [("In-Reply-To", _message_id(earlier)), ("References", _message_id(earlier))]
    return fields


def _message_id(number: int) -> str:
    return f"<{number:08x}.{number * 2654435761 % 2**32:08x}@post.example>"


def _answered(number: int) -> int | None:
    """The earlier message that this one answers."""
    return number - 1 - number % 17 if number % 3 == 0 and number > 20 else None


def _text(chance: random.Random, number: int, sender: str) -> str:
    earlier = _answered(number)
    _, opening, *more = texts.TOPICS[(number if earlier is None else earlier) % len(texts.TOPICS)]
    paragraphs = [texts.GREETINGS[number % len(texts.GREETINGS)], opening]
    for sentences in (chance.randrange(1, 5) for _ in range(chance.randrange(1, 6))):
        paragraphs += [" ".join(chance.choice(more) for _ in range(sentences))]
    paragraphs.append(f"{chance.choice(texts.CLOSINGS)}\n{sender}\nTel: 070-{chance.randrange(10**6, 10**7)}")
    if earlier is not None:
        quoted = "\n".join(f"> {line}" for line in ([opening, *more] * chance.randrange(2, 8)))
        paragraphs.append(f"Den tis 1 sep. 2026 kl. 08:12 skrev Bjurholms kommun <{AUTHORITY}>:\n{quoted}")
    return "\n\n".join(paragraphs) + "\n"


def _plain(fields: Fields, text: str) -> tuple[Fields, str]:
    kind = [("Content-Type", 'text/plain; charset="utf-8"'), ("Content-Transfer-Encoding", "8bit")]
    return fields + kind, text


def _with_html(chance: random.Random, fields: Fields, text: str) -> tuple[Fields, str]:
    boundary = f"=_{chance.randbytes(12).hex()}"
    style = "".join(f"p.Mso{n} {{margin:0cm;font-size:11.0pt;font-family:'Calibri',sans-serif;}}\n" for n in range(40))
    rows = "".join(
        f'<p class="Mso{n % 40}" style="margin:0cm"><span lang="SV" style="font-size:11.0pt">{line}</span></p>\n'
        for n, line in enumerate(text.replace(">", "&gt;").splitlines())
    )
    html = f"<html><head><style>\n{style}</style></head>\n<body>\n{rows}</body></html>\n"
    encoding = chance.choice(("8bit", "quoted-printable"))
    parts = [_text_part("text/plain", text, encoding), _text_part("text/html", html, encoding)]
    kind = [("Content-Type", f'multipart/alternative;\n\tboundary="{boundary}"')]
    return fields + kind, _multipart(boundary, parts)


def _with_attachment(chance: random.Random, fields: Fields, text: str) -> tuple[Fields, str]:
    boundary = f"=_{chance.randbytes(12).hex()}"
    content = base64.encodebytes(chance.randbytes(chance.randrange(20_000, 60_000))).decode()
    name = f"handling-{chance.randrange(1000)}.pdf"
    head = f'Content-Type: application/pdf; name="{name}"\nContent-Transfer-Encoding: base64\n'
    attachment = f'{head}Content-Disposition: attachment; filename="{name}"\n\n{content}'
    kind = [("Content-Type", f'multipart/mixed;\n\tboundary="{boundary}"')]
    return fields + kind, _multipart(boundary, [_text_part("text/plain", text), attachment])


def _automatic(chance: random.Random, fields: Fields) -> tuple[Fields, str]:
    if chance.random() < 0.5:
        marks = [("Auto-Submitted", "auto-replied"), ("Precedence", "auto_reply")]
        return _plain(fields + marks, texts.AUTO_REPLY + "\n")
    marks = [("List-Unsubscribe", "<https://nyhetsbrev.example/av>"), ("Precedence", "bulk")]
    return _with_html(chance, fields + marks, "\n\n".join(texts.NEWSLETTER * 3) + "\n")


def _text_part(content_type: str, text: str, encoding: str = "8bit") -> str:
    body = quopri.encodestring(text.encode()).decode() if encoding == "quoted-printable" else text
    return f'Content-Type: {content_type}; charset="utf-8"\nContent-Transfer-Encoding: {encoding}\n\n{body}'


def _multipart(boundary: str, parts: list[str]) -> str:
    return "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
