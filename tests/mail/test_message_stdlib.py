"""Ordinary mail reads as the standard library reads it: two independent parsers, one answer."""

import email
from email.message import EmailMessage
from email.policy import SMTP, default

from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.message import attachment_content, parse

words = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12)
lines = st.lists(st.lists(words, max_size=8).map(" ".join), min_size=1, max_size=8)
filenames = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=40).map(
    lambda n: f"{n}.bin"
)


@st.composite
def messages(draw: st.DrawFn) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Anna <anna@x.example>"
    message["To"] = "kommunen@bjurholm.example, Bo <bo@x.example>"
    message["Subject"] = " ".join(draw(st.lists(words, min_size=1, max_size=15)))
    message["Message-ID"] = "<1@x.example>"
    encoding = draw(st.sampled_from(["base64", "quoted-printable", "8bit"]))
    text = "\n".join(draw(lines)) + "\n"
    message.set_content(text, cte=encoding)
    if draw(st.booleans()):
        message.add_alternative(f"<p>{text}</p>", subtype="html")
    for name, content in draw(st.lists(st.tuples(filenames, st.binary(max_size=300)), max_size=3)):
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


@given(messages(), st.sampled_from([default, SMTP]))
def test_text_attachments_and_filenames_agree(message: EmailMessage, policy: email.policy.EmailPolicy) -> None:
    raw = message.as_bytes(policy=policy)
    theirs = email.message_from_bytes(raw, policy=default)
    ours = parse(raw)
    assert isinstance(theirs, EmailMessage)
    assert ours.body is not None
    plain = theirs.get_body(("plain",))
    assert plain is not None
    assert ours.body.text.rstrip("\n") == plain.get_content().replace("\r\n", "\n").rstrip("\n")
    attachments = [(part.get_filename(), part.get_content()) for part in theirs.iter_attachments()]
    assert [(a.filename, attachment_content(raw, a)) for a in ours.body.attachments] == attachments
    assert ours.subject == theirs["subject"]
    assert ours.defects == ("date",)
