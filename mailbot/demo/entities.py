"""MIME entities of the sample mail: attachments, meetings, delivery reports, signed and encrypted content."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from typing import Literal
from zoneinfo import ZoneInfo

Entity = Message

#: [MS-OXTNEF] 2.1.3.1: every winmail.dat begins with this signature
_TNEF = (0x223E9F78).to_bytes(4, "little")
_OFFICE_TYPE = "application/vnd.openxmlformats-officedocument."
_TYPES = {
    "pdf": "application/pdf",
    "docx": _OFFICE_TYPE + "wordprocessingml.document",
    "xlsx": _OFFICE_TYPE + "spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "dat": "application/ms-tnef",
    "txt": "text/plain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An attachment; its kind follows from the name, its content holds `text`."""

    name: str
    text: str = ""

    @property
    def extension(self) -> str:
        return self.name.rpartition(".")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A text/calendar part (RFC 5546); `start` is local time."""

    method: Literal["REQUEST", "REPLY", "CANCEL"]
    summary: str
    start: datetime
    hours: int
    organizer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a message is made of."""

    text: str
    html: str
    charset: str
    files: tuple[File, ...]
    meeting: Meeting | None
    #: a whole message, attached as message/rfc822
    forwarded: bytes | None


def content(parts: Parts) -> EmailMessage:
    """The entity with text, its alternatives and attachments."""
    message = EmailMessage(policy=policy.SMTP)
    if parts.text:
        message.set_content(parts.text, charset=parts.charset, cte="quoted-printable")
        if parts.html:
            message.add_alternative(parts.html, subtype="html", charset=parts.charset)
    elif parts.html:
        message.set_content(parts.html, subtype="html", charset=parts.charset, cte="quoted-printable")
    else:
        message.set_content("", charset=parts.charset)
    if parts.meeting is not None:
        message.add_alternative(_icalendar(parts.meeting), subtype="calendar", params={"method": parts.meeting.method})
    for file in parts.files:
        maintype, _, subtype = _TYPES.get(file.extension, "application/octet-stream").partition("/")
        message.add_attachment(_file_content(file), maintype=maintype, subtype=subtype, filename=file.name)
    if parts.forwarded is not None:
        message.add_attachment(message_from_bytes(parts.forwarded, policy=policy.SMTP))
    return message


def delivery_report(text: str, recipient: str, reporting_host: str) -> Entity:
    """A bounce (RFC 3464): explanation, machine-readable status, header of the message that failed."""
    report = MIMEMultipart("report", report_type="delivery-status", policy=policy.SMTP)
    report.attach(MIMEText(text, "plain", "utf-8", policy=policy.SMTP))
    status = MIMENonMultipart("message", "delivery-status", policy=policy.SMTP)
    about_host, about_recipient = Message(policy=policy.SMTP), Message(policy=policy.SMTP)
    about_host["Reporting-MTA"] = f"dns; {reporting_host}"
    about_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    about_recipient["Action"] = "failed"
    about_recipient["Status"] = "5.1.1"
    status.set_payload([about_host, about_recipient])
    report.attach(status)
    headers = MIMEText(f"To: {recipient}\r\nSubject: Inbjudan\r\n", "rfc822-headers", "us-ascii", policy=policy.SMTP)
    report.attach(headers)
    return report


def encrypted(seed: str) -> Entity:
    """An S/MIME enveloped message that nobody can open (RFC 8551 3.3)."""
    return MIMEApplication(
        _noise(seed, 900), "pkcs7-mime", smime_type="enveloped-data", name="smime.p7m", policy=policy.SMTP
    )


def signed(inner: EmailMessage, seed: str) -> Entity:
    """`inner` with a detached S/MIME signature (RFC 8551 3.5.3)."""
    outer = MIMEMultipart("signed", protocol="application/pkcs7-signature", micalg="sha-256", policy=policy.SMTP)
    outer.attach(inner)
    outer.attach(MIMEApplication(_noise(seed, 600), "pkcs7-signature", name="smime.p7s", policy=policy.SMTP))
    return outer


def name_boundaries(message: Entity, seed: str) -> None:
    """Gives each multipart a boundary that is the same in every run."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{seed}_{number}")


def _noise(seed: str, size: int) -> bytes:
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_256(seed.encode()).digest(size)


def _file_content(file: File) -> bytes:
    if file.extension == "pdf":
        return _pdf(file.text)
    if file.extension in ("docx", "xlsx"):
        return _office(file.text)
    if file.extension == "jpg":
        return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + _noise(file.name, 2_000) + b"\xff\xd9"
    if file.extension == "dat":
        return _TNEF + b"\x01\x00" + _noise(file.name, 1_500)
    return file.text.encode()


def _pdf(text: str) -> bytes:
    """A one-page PDF that shows `text`."""
    shown = text.encode("cp1252", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")
    stream = b"BT /F1 12 Tf 60 780 Td (" + shown + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    document, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(document))
    return document + table + end


def _office(text: str) -> bytes:
    """A zip archive with a document's text, as small as an office file can be."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("word/document.xml", (2026, 5, 4, 8, 0, 0)), f"<document>{text}</document>")
    return buffer.getvalue()


def _icalendar(meeting: Meeting) -> str:
    start = meeting.start.replace(tzinfo=ZoneInfo("Europe/Stockholm")).astimezone(UTC)
    end = start + timedelta(hours=meeting.hours)
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Lillan//Kalender//SV",
            f"METHOD:{meeting.method}",
            "BEGIN:VEVENT",
            f"UID:{start:%Y%m%d}-{len(meeting.summary)}@lillan.example",
            f"DTSTAMP:{start:%Y%m%dT%H%M%SZ}",
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
            f"DTEND:{end:%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{meeting.summary}",
            f"ORGANIZER:mailto:{meeting.organizer}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
