"""The words of an attached document: text files, HTML, Word, LibreOffice, spreadsheets, PDF and attached mail.

Files come from strangers. `text_of` may be called on one only in a child process with limits (`work/document_reader`):
a PDF can keep a reader busy for ever, and an archive of 40 kB can unfold into gigabytes. Plain text cannot.
"""

import io
import zipfile
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Literal
from xml.parsers import expat

from mailbot.mail import charset

#: why a document gave no text. "format": a kind that is not read; "picture": nothing in it but pictures
Unread = Literal["encrypted", "damaged", "format", "picture", "too_large", "gave_up"]

#: characters that are judged; a longer document is judged by its beginning
MAX_TEXT = 400_000
#: octets of one member of an archive, unpacked
_MAX_MEMBER = 40_000_000
#: an unpacked member this many times its packed size is no document (Word reaches some 30)
_MAX_RATIO = 300
_MAX_PAGES = 400
#: text on fewer characters than these, in a PDF, is a stamp on a scanned page
_SCANNED = 20


class UnreadableDocument(Exception):
    """There is no text to be had; `reason` says why, without quoting anything."""

    def __init__(self, reason: Unread) -> None:
        super().__init__(reason)
        self.reason: Unread = reason


#: by what follows the last full stop of the file name, and by content type
_BY_ENDING = {
    "txt": "text", "csv": "text", "log": "text", "md": "text", "ics": "text", "vcf": "text", "xml": "text",
    "htm": "html", "html": "html",
    "docx": "ooxml", "docm": "ooxml", "dotx": "ooxml", "xlsx": "ooxml", "xlsm": "ooxml", "pptx": "ooxml",
    "odt": "odf", "ods": "odf", "odp": "odf", "ott": "odf",
    "pdf": "pdf",
    "eml": "mail",
}  # fmt: skip
_BY_TYPE = {
    "text/html": "html",
    "application/pdf": "pdf",
    "application/x-pdf": "pdf",
    "message/rfc822": "mail",
}
_OFFICE_TYPES = (
    ("wordprocessingml", "ooxml"), ("spreadsheetml", "ooxml"), ("presentationml", "ooxml"), ("opendocument", "odf"),
)  # fmt: skip
_PICTURE_ENDINGS = frozenset({"jpg", "jpeg", "png", "gif", "heic", "webp", "bmp", "tif", "tiff", "svg"})
_BY_BEGINNING = ((b"%PDF-", "pdf"), (b"PK\x03\x04", "archive"), (b"\xd0\xcf\x11\xe0", "old_office"))


def form(filename: str | None, content_type: str) -> str:
    """How a file is read: "text", "html", "ooxml", "odf", "pdf", "mail"; else "picture", "sound" or "unknown"."""
    ending = (filename or "").rpartition(".")[2].lower() if "." in (filename or "") else ""
    main = content_type.partition("/")[0]
    if ending in _PICTURE_ENDINGS:
        return "picture"
    by_main = {"image": "picture", "audio": "sound", "video": "sound", "text": "unknown" if ending else "text"}
    by_office = next((found for word, found in _OFFICE_TYPES if word in content_type), "unknown")
    return _BY_ENDING.get(ending) or _BY_TYPE.get(content_type) or by_main.get(main) or by_office


def load_readers() -> None:
    """Import what `text_of` would import when it meets each form: for a process that is about to read many."""
    for name in ("pypdf", "mailbot.mail.html", "mailbot.mail.message"):
        import_module(name)


def text_of(content: bytes, form_: str) -> str:
    """The text of a document read as `form_`, at most MAX_TEXT characters. UnreadableDocument when there is none."""
    form_ = _by_content(content, form_)
    reader = _READERS.get(form_)
    if reader is None:
        raise UnreadableDocument("picture" if form_ in ("picture", "sound") else "format")
    try:
        text = reader(content)
    except UnreadableDocument:
        raise
    except MemoryError:
        raise UnreadableDocument("too_large") from None
    except Exception:
        # Whatever a parser makes of a stranger's bytes: the registrar is asked, nothing else depends on it.
        raise UnreadableDocument("damaged") from None
    return text[:MAX_TEXT]


def plain_text(content: bytes) -> str | None:
    """The text of a text file, at most MAX_TEXT characters; None when its first octets say that it is something else.

    Bounded in time and memory, whatever the octets are.
    """
    return _plain(content)[:MAX_TEXT] if _by_content(content, "text") == "text" else None


def _by_content(content: bytes, form_: str) -> str:
    """What the first octets say goes before what the name says, where they contradict it."""
    for beginning, found in _BY_BEGINNING:
        if content[:1024].lstrip().startswith(beginning):
            if found == "archive":
                return form_ if form_ in ("ooxml", "odf") else _archive_form(content)
            return found
    return form_


def _archive_form(content: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()[:200]
    except (zipfile.BadZipFile, OSError, ValueError):
        return "unknown"
    if "[Content_Types].xml" in names:
        return "ooxml"
    return "odf" if "content.xml" in names else "unknown"


def _plain(content: bytes) -> str:
    text, _ = charset.decode(content[: 4 * MAX_TEXT], None)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _html(content: bytes) -> str:
    from mailbot.mail.html import to_text

    return to_text(_plain(content))


def _mail(content: bytes) -> str:
    from mailbot.mail.message import UnparsableMessage, parse

    try:
        message = parse(content)
    except UnparsableMessage:
        raise UnreadableDocument("damaged") from None
    body = message.body
    if body is None or body.protection == "encrypted":
        raise UnreadableDocument("encrypted")
    return f"{message.subject}\n\n{body.text}"


# What holds the words in each kind of archive, by the beginning of the member's name.
_OOXML_MEMBERS = (
    "word/document", "word/header", "word/footer", "word/footnotes", "word/endnotes", "word/comments",
    "xl/sharedstrings", "xl/worksheets/sheet", "ppt/slides/slide", "ppt/notesslides/",
)  # fmt: skip
_ODF_MEMBERS = ("content.xml", "styles.xml")


def _ooxml(content: bytes) -> str:
    """ECMA-376: Word's paragraphs and runs, a workbook's strings and inline values, the text of slides."""
    return _from_archive(content, _OOXML_MEMBERS, only_in=frozenset({"t", "delText", "v"}))


def _odf(content: bytes) -> str:
    """ISO/IEC 26300: everything written in content.xml, and headers and footers in styles.xml."""
    return _from_archive(content, _ODF_MEMBERS, only_in=None)


def _from_archive(content: bytes, wanted: tuple[str, ...], *, only_in: frozenset[str] | None) -> str:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        # An OOXML file with a password is no archive but an OLE container, see _BY_BEGINNING.
        raise UnreadableDocument("damaged") from None
    members = sorted(
        (one for one in archive.infolist() if one.filename.lower().startswith(wanted)
         and one.filename.lower().endswith(".xml")),
        key=lambda one: next(n for n, name in enumerate(wanted) if one.filename.lower().startswith(name)),
    )  # fmt: skip
    if not members:
        raise UnreadableDocument("format")
    words = _Words(only_in)
    for member in members:
        if member.flag_bits & 1:
            raise UnreadableDocument("encrypted")
        if member.file_size > _MAX_MEMBER or member.file_size > _MAX_RATIO * max(member.compress_size, 1000):
            raise UnreadableDocument("too_large")
        with archive.open(member) as stream:
            words.read(iter(lambda stream=stream: stream.read(65_536), b""))  # type: ignore[misc]
        if words.full:
            break
    text = words.text()
    if only_in is None and not text.strip() and any("encryption" in n.lower() for n in archive.namelist()):
        raise UnreadableDocument("encrypted")
    return text


class _Words:
    """Collects the characters of XML, paragraphs on lines of their own.

    expat itself limits how much entities may grow; a document type declaration is refused altogether, since no office
    program writes one.
    """

    _BREAKS = frozenset({"p", "h", "tr", "br", "cr", "line-break", "row", "si", "is"})
    _GAPS = frozenset({"tab", "tc", "c", "s", "table-cell"})

    def __init__(self, only_in: frozenset[str] | None) -> None:
        self._only_in = only_in
        self._inside = 0
        self._pieces: list[str] = []
        self._length = 0

    @property
    def full(self) -> bool:
        return self._length >= MAX_TEXT

    def text(self) -> str:
        return "".join(self._pieces)

    def read(self, chunks: Iterable[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        total = 0
        for chunk in chunks:
            total += len(chunk)
            if total > _MAX_MEMBER:
                raise UnreadableDocument("too_large")
            parser.Parse(chunk, False)
            if self.full:
                return
        parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        raise UnreadableDocument("damaged")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self._only_in and local in self._only_in:
            self._inside += 1
        if local in self._GAPS:
            self._add(" ")

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if self._only_in and local in self._only_in:
            self._inside -= 1
        if local in self._BREAKS:
            self._add("\n")

    def _characters(self, data: str) -> None:
        if self._only_in is None or self._inside:
            self._add(data)

    def _add(self, data: str) -> None:
        if not self.full:
            self._pieces.append(data)
            self._length += len(data)


def _pdf(content: bytes) -> str:
    """The text layer of a PDF; a scanned one has none."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        # many programs write PDFs that open with the empty password and only forbid printing
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableDocument("encrypted")
    except (DependencyError, NotImplementedError):
        raise UnreadableDocument("encrypted") from None
    pieces: list[str] = []
    length = 0
    for number, page in enumerate(reader.pages):
        if number >= _MAX_PAGES or length >= MAX_TEXT:
            break
        pieces.append(page.extract_text() or "")
        length += len(pieces[-1])
    text = "\n".join(pieces)
    if len(text.strip()) < _SCANNED and pieces:
        raise UnreadableDocument("picture")
    return text


_READERS: dict[str, Callable[[bytes], str]] = {
    "text": _plain,
    "html": _html,
    "ooxml": _ooxml,
    "odf": _odf,
    "pdf": _pdf,
    "mail": _mail,
}
