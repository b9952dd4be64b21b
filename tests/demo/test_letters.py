"""The sample week: readable files, real messages."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailbot.config.load import load as load_config
from mailbot.demo import actions
from mailbot.demo.letters import DOMAIN, ZONE, Letter, load
from mailbot.errors import UserError
from mailbot.mail.message import UnparsableMessage, parse

LETTERS = load()
BY_ID = {letter.id: letter for letter in LETTERS}
BROKEN = {"trasiga-bytes", "trasig-mime"}
DEMO = Path(load.__code__.co_filename).parent


def test_there_is_a_working_week_of_mail() -> None:
    assert 80 <= len(LETTERS) <= 120
    days = {letter.at.astimezone(ZONE).date() for letter in LETTERS}
    assert min(days) == date(2026, 5, 8)
    assert max(days) == date(2026, 5, 15)
    assert list(LETTERS) == sorted(LETTERS, key=lambda letter: letter.at)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.id)
def test_every_letter_builds_the_same_message_each_time(letter: Letter) -> None:
    raw = letter.build()
    again = next(other for other in load() if other.id == letter.id)
    assert again.build() == raw
    assert b"\r\n" in raw
    assert letter.copies()
    assert all(copy.mailbox.endswith("@" + DOMAIN) for copy in letter.copies())


@pytest.mark.parametrize("letter", [one for one in LETTERS if one.id not in BROKEN], ids=lambda letter: letter.id)
def test_every_whole_letter_is_read_as_it_was_written(letter: Letter) -> None:
    message = parse(letter.build())
    entry = letter.entry
    assert message.subject == " ".join(entry.subject.split())
    assert message.author.email in entry.from_.lower()
    assert message.message_id == (None if "Message-ID" in entry.without else letter.message_id)
    assert (message.date is None) == ("Date" in entry.without)
    assert message.references == letter.references
    assert message.body is not None
    if entry.text and entry.shape == "plain" and not entry.charset_label:
        assert message.body.text.startswith(letter.text[:40])
    names = [attachment.filename for attachment in message.body.attachments]
    assert all(file.name in names for file in entry.attachments)
    assert message.body.is_report == bool(entry.bounced)
    assert message.body.protection == {"plain": "none"}.get(entry.shape, entry.shape)
    assert message.body.calendar_method == (entry.calendar.method if entry.calendar else None)


def test_quoted_originals_are_not_taken_for_new_words() -> None:
    for letter in LETTERS:
        if letter.original is not None and letter.entry.quote:
            body = parse(letter.build()).body
            assert body is not None
            written = body.joined("new") + body.joined("signature") + body.joined("quoted")
            assert len(written) == len(body.text)
            new = " ".join(body.joined("new").split())
            assert new
            assert new in " ".join(letter.entry.text.split())


def test_random_bytes_are_unparsable_and_broken_structure_is_not() -> None:
    with pytest.raises(UnparsableMessage):
        parse(BY_ID["trasiga-bytes"].build())
    assert parse(BY_ID["trasig-mime"].build()).subject == "Strandskydd på Holmen"


def test_staff_mail_lies_in_the_sent_folder_and_reaches_colleagues() -> None:
    places = {(copy.mailbox, copy.folder) for copy in BY_ID["fika"].copies()}
    assert ("maria.lindqvist@lillan.example", "Sent") in places
    assert ("lars.ek@lillan.example", "INBOX") in places
    to_a_citizen = {(copy.mailbox, copy.folder) for copy in BY_ID["svar-badhuset"].copies()}
    assert to_a_citizen == {("lars.ek@lillan.example", "Sent")}


def test_every_mailbox_of_the_letters_is_configured_and_every_address_is_invented() -> None:
    config = load_config(DEMO / "config.toml")
    known = {mailbox.address for mailbox in config.mailboxes}
    assert {copy.mailbox for letter in LETTERS for copy in letter.copies()} <= known
    for letter in LETTERS:
        for word in letter.build().decode("utf-8", "replace").replace(">", " ").split():
            assert "@" not in word or ".example" in word or "=" in word


def test_every_deed_is_of_a_known_person_about_a_letter_that_has_arrived() -> None:
    config = load_config(DEMO / "config.toml")
    for deed in actions.load():
        assert config.person(deed.by) is not None
        assert deed.do == "attest" or BY_ID[deed.letter].at < deed.done_at
        assert deed.done_at < datetime(2026, 5, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[letters]]\nid = "a"\nat = 2026-05-11T08:00:00\nto = []\nsubjekt = "x"\n', "subjekt"),
        ('[[letters]]\nid = "a"\nat = 2026-05-11T08:00:00\nto = []\nin_reply_to = "b"\n', '"b"'),
        (2 * '[[letters]]\nid = "a"\nat = 2026-05-11T08:00:00\nto = []\n', "twice"),
    ],
)
def test_mistakes_in_the_files_are_named(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "mail.toml").write_text(text, "utf-8")
    with pytest.raises(UserError, match=problem):
        load(tmp_path)
