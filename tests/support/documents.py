"""Small office documents and hostile ones, made on the spot."""

import io
import zipfile

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TEXT = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
_OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'


def archive(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def docx(*paragraphs: str) -> bytes:
    # Word splits runs anywhere, also within a number
    runs = "".join(
        f"<w:p><w:r><w:t>{paragraph[:7]}</w:t></w:r><w:r><w:t xml:space='preserve'>{paragraph[7:]}</w:t></w:r></w:p>"
        for paragraph in paragraphs
    )
    document = f"<w:document {_W}><w:body>{runs}</w:body></w:document>"
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": document})


def odt(*paragraphs: str) -> bytes:
    body = "".join(f"<text:p>{paragraph}</text:p>" for paragraph in paragraphs)
    content = f"<office:document-content {_OFFICE} {_TEXT}><office:body>{body}</office:body></office:document-content>"
    return archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def pdf(*lines: str) -> bytes:
    """A PDF of one page with a text layer, written by hand."""
    shown = "".join(f"({line}) Tj 0 -20 Td " for line in lines)
    stream = f"BT /F1 12 Tf 72 720 Td {shown} ET".encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out.write(
        b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (table, start)
    )
    return out.getvalue()


def encrypted_pdf(password: str, line: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(line))))
    writer.encrypt(password)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def scanned_pdf() -> bytes:
    return pdf()


def zip_bomb() -> bytes:
    """A Word document of some 200 kB that unfolds into 200 MB."""
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": b"<w:t>" + b"a" * 200_000_000 + b"</w:t>"})


def lying_zip_bomb() -> bytes:
    """The same, with a directory that claims a small size."""
    packed = bytearray(zip_bomb())
    entry = packed.rindex(b"PK\x01\x02", 0, len(packed))
    packed[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    return bytes(packed)


def billion_laughs() -> bytes:
    entities = "<!ENTITY a 'ha'>" + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(12))
    document = f"<?xml version='1.0'?><!DOCTYPE d [{entities}]><w:document {_W}><w:t>&m;</w:t></w:document>"
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": document})


def endless_pdf() -> bytes:
    """A page tree that contains itself, and a content stream that never gets anywhere."""
    loop = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids ["
    return loop + b"2 0 R " * 200 + b"] /Count 100000000 >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF"
