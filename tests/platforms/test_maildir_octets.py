"""Large files are read by offsets, and come out as if they had been read whole."""

import os
import random
from email.message import EmailMessage
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.left_out import LEFT_OUT, Allowance, is_left_out, reduced
from mailbot.mail.message import attachment_content, parse
from mailbot.platforms.maildir import octets
from mailbot.platforms.maildir.octets import FileOctets

BULK = random.Random(1).randbytes(300_000)


def in_file(path: Path, content: bytes) -> FileOctets:
    path.write_bytes(content)
    return FileOctets(os.open(path, os.O_RDONLY))


@given(content=st.binary(max_size=300), start=st.integers(0, 300), piece=st.integers(3, 20))
def test_found_where_it_is_also_across_pieces(tmp_path_factory, content: bytes, start: int, piece: int) -> None:  # type: ignore[no-untyped-def]
    content = content.replace(b"\x00", b"\n--")
    before, octets._PIECE = octets._PIECE, piece
    try:
        file = in_file(tmp_path_factory.getbasetemp() / "m", content)
        assert file.find(b"\n--", start) == content.find(b"\n--", start)
        assert file[start : start + 7] == content[start : start + 7]
        os.close(file._descriptor)
    finally:
        octets._PIECE = before


def message(*names: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@mejl.example", "Underlag"
    mail.set_content("Hej, se bilagorna.\n")
    mail.add_alternative("<p>Hej, se bilagorna.</p>\n", subtype="html")
    for name in names:
        mail.add_attachment(BULK, maintype="application", subtype="octet-stream", filename=name)
    inner = EmailMessage()
    inner["Subject"] = "inuti"
    inner.set_content("ord\n")
    mail.add_attachment(inner)
    return mail.as_bytes()


def test_text_and_documents_stay_and_offsets_are_right(tmp_path: Path) -> None:
    raw = message("a.pdf", "b.jpg", "c.docx", "d.odt")
    file = in_file(tmp_path / "m", raw)
    light = reduced(file, Allowance(each=420_000, together=900_000))
    assert light == reduced(raw, Allowance(each=420_000, together=900_000))
    found, whole = parse(light).body, parse(raw).body
    assert found is not None
    assert whole is not None
    assert (found.text, found.spans) == (whole.text, whole.spans)
    assert [one.filename for one in found.attachments] == [one.filename for one in whole.attachments]
    left_out = [is_left_out(light, one.start, one.end) for one in found.attachments]
    assert left_out == [False, True, False, True, False]
    assert attachment_content(light, found.attachments[2]) == BULK
    assert len(light) < 2 * 420_000


def test_a_message_that_is_one_file(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@mejl.example", "Ritning"
    mail.set_content(BULK, maintype="application", subtype="pdf", filename="a.pdf")
    light = reduced(in_file(tmp_path / "m", mail.as_bytes()), Allowance(0, 0))
    assert light.endswith(LEFT_OUT)
    body = parse(light).body
    assert body is not None
    assert is_left_out(light, body.attachments[0].start, body.attachments[0].end)
