"""The commands of the working day on a real installation: exit status, JSON fields, and what people see."""

from pathlib import Path

import pytest

from tests.support.command import Told, mailbot
from tests.support.town import Town
from tests.work.test_working_day import APPEAL, QUESTION


@pytest.fixture
def busy(settled_town: Town) -> Town:
    """An appeal and a question have arrived and have been read."""
    town = settled_town
    town.deliver("2026-05-11T09:00", APPEAL, subject="Mitt bygglov", message_id="<appeal@privat.example>")
    town.deliver("2026-05-11T09:10", QUESTION, message_id="<question@privat.example>")
    assert on(town, "run", "--once", "--at", "2026-05-11T12:30").status == 0
    return town


def on(town: Town, *arguments: object) -> Told:
    return mailbot("--config", town.config_path, "--lang", "en", *arguments)


def test_lists_have_the_fields_of_the_contract(busy: Town) -> None:
    obligation = on(busy, "replies", "list", "--json").rows[0]
    assert obligation.keys() >= {
        "ref", "message_id", "mailbox", "state", "assignee", "due_on", "acknowledged_at", "met_at",
    }  # fmt: skip
    (item,) = on(busy, "diary", "list", "--json").rows
    assert item.keys() >= {"ref", "message_id", "unit", "direction", "state", "number"}
    mail = on(busy, "outbox", "list", "--state", "all", "--json").rows[0]
    assert mail.keys() >= {"ref", "to", "kind", "state", "message_id"}


def test_status_tells_what_waits(busy: Town) -> None:
    (status,) = on(busy, "status", "--json", "--at", "2026-05-12T08:00").rows
    assert status["healthy"]
    assert status["replies"] == {"open": 2, "overdue": 0}
    assert {one["mailbox"] for one in status["mailboxes"]} >= {"kommunen@by.example", "anna@by.example"}
    assert "kommunen@by.example" in on(busy, "status").out


@pytest.mark.parametrize("name", ["<appeal@privat.example>", "appeal@privat.example"])
def test_explain_knows_a_message_by_its_message_id_and_every_reference(busy: Town, name: str) -> None:
    (story,) = on(busy, "explain", name, "--json").rows
    assert story["decisions"][0]["kind"] == "appeal"
    assert story["diary"][0]["state"] == "forwarded"
    (again,) = on(busy, "explain", story["diary"][0]["ref"], "--json").rows
    assert again == story
    assert "Mitt bygglov" not in on(busy, "explain", name).out, "reasons are offsets, never words"


def test_explain_of_something_unknown_says_where_references_are(busy: Town) -> None:
    told = on(busy, "explain", "AAAA-BBBB")
    assert told.status == 2
    assert "replies list" in told.err


def test_the_registrar_confirms_dismisses_and_undoes(busy: Town) -> None:
    (item,) = on(busy, "diary", "list", "--json").rows
    assert on(busy, "diary", "confirm", item["ref"], "KS 2026/12", "--by", "eva").status == 0
    (confirmed,) = on(busy, "diary", "show", item["ref"], "--json").rows
    assert (confirmed["state"], confirmed["number"]) == ("registered", "KS 2026/12")
    assert confirmed["settled_by"].startswith("person:eva")
    assert on(busy, "diary", "list", "--json").rows == []

    assert on(busy, "diary", "reopen", item["ref"]).status == 0
    assert on(busy, "diary", "dismiss", item["ref"], "--reason", "kopia").status == 0
    (dismissed,) = on(busy, "diary", "list", "--state", "all", "--json").rows
    assert (dismissed["state"], dismissed["reason"]) == ("dismissed", "kopia")


def test_a_number_unlike_the_units_or_in_place_of_another_needs_force(busy: Town) -> None:
    (item,) = on(busy, "diary", "list", "--json").rows
    refused = on(busy, "diary", "confirm", item["ref"], "hej")
    assert refused.status == 2
    assert "'hej'" in refused.err and "KS 2026/123" in refused.err and "--force" in refused.err
    assert on(busy, "diary", "confirm", item["ref"], " KS  2026/12 ").status == 0
    refused = on(busy, "diary", "confirm", item["ref"], "KS 2026/21")
    assert refused.status == 2
    assert "registered as KS 2026/12;" in refused.err and "--force" in refused.err
    assert on(busy, "diary", "confirm", item["ref"], "hej", "--force").status == 0
    assert on(busy, "diary", "show", item["ref"], "--json").rows[0]["number"] == "hej"
    last = on(busy, "explain", item["ref"], "--json").rows[0]["audit"][-1]
    assert last["detail"] == {"state": "registered", "forced": True, "replaced_number": "KS 2026/12"}


def test_what_is_settled_already_names_the_way_back(busy: Town) -> None:
    ref = on(busy, "replies", "list", "--json").rows[0]["ref"]
    assert on(busy, "replies", "answered", ref).status == 0
    for command in (("answered", ref), ("dismiss", ref, "--reason", "reklam")):
        refused = on(busy, "replies", *command)
        assert refused.status == 2
        assert f"`mailbot replies reopen {ref}`" in refused.err
    assert on(busy, "replies", "reopen", ref).status == 0
    assert "nothing to reopen" in on(busy, "replies", "reopen", ref).err


def test_duties_move_are_answered_elsewhere_and_come_back(busy: Town) -> None:
    ref = on(busy, "replies", "list", "--json").rows[0]["ref"]
    assert on(busy, "replies", "assign", ref, "anna").status == 0
    assert [row["ref"] for row in on(busy, "replies", "list", "--person", "anna", "--json").rows] == [ref]
    assert on(busy, "replies", "answered", ref, "--how", "telephone", "--at", "2026-05-12T10:00").status == 0
    (row,) = on(busy, "replies", "show", ref, "--json").rows
    assert (row["state"], row["met_at"]) == ("answered", "2026-05-12T08:00:00+00:00")
    assert on(busy, "replies", "reopen", ref).status == 0
    assert on(busy, "replies", "dismiss", ref, "--reason", "reklam").status == 0


def test_somebody_unknown_is_named_with_the_remedy(busy: Town) -> None:
    ref = on(busy, "replies", "list", "--json").rows[0]["ref"]
    told = on(busy, "replies", "assign", ref, "nobody")
    assert told.status == 2
    assert "person list" in told.err


def test_a_person_may_only_do_what_their_role_allows(busy: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "anna")
    (item,) = on(busy, "diary", "list", "--json").rows
    refused = on(busy, "diary", "confirm", item["ref"], "KS 2026/12")
    assert refused.status == 2
    assert "eva" in refused.err
    assert on(busy, "pause").status == 2
    assert on(busy, "diary", "confirm", item["ref"], "KS 2026/12", "--by", "eva").status == 2
    monkeypatch.setenv("SUDO_USER", "eva")
    assert on(busy, "diary", "confirm", item["ref"], "KS 2026/12").status == 0
    monkeypatch.setenv("SUDO_USER", "stranger")
    assert on(busy, "diary", "reopen", item["ref"]).status == 2


def test_held_mail_is_released_or_cancelled(town: Town) -> None:
    town.deliver("2026-05-11T09:00", QUESTION)
    town.deliver("2026-05-11T09:01", QUESTION, from_="Else <else@privat.example>")
    town.run("2026-05-11T12:30")
    town.run("2026-05-15T15:30")
    first, second = (row["ref"] for row in on(town, "outbox", "list", "--json").rows if row["state"] == "held")
    assert on(town, "outbox", "release", first, "--at", "2026-05-15T15:40").status == 0
    assert on(town, "outbox", "cancel", second).status == 0
    assert on(town, "run", "--once", "--at", "2026-05-15T15:45").status == 0
    assert len(town.outside()) == 1


def test_pause_and_resume(busy: Town) -> None:
    assert on(busy, "pause", "--reason", "fel mall").status == 0
    (status,) = on(busy, "status", "--json").rows
    assert status["paused"]["reason"] == "fel mall"
    assert not status["healthy"]
    assert on(busy, "resume").out.startswith("Resumed")
    assert on(busy, "status", "--json").rows[0]["paused"] is None
    again = on(busy, "resume")
    assert (again.status, again.out) == (0, "Nothing was paused.\n")


def test_run_says_which_mailbox_was_not_read(busy: Town) -> None:
    busy.maildir("anna@by.example").rename(busy.root / "elsewhere")
    told = on(busy, "run", "--once", "--at", "2026-05-11T15:30")
    assert told.status == 1
    assert "anna@by.example" in told.err


def test_run_without_any_readable_mailbox_is_temporary_trouble(busy: Town) -> None:
    (busy.root / "mail").rename(busy.root / "elsewhere")
    assert on(busy, "run", "--once", "--at", "2026-05-11T15:30").status == 3


def test_a_wrong_time_is_told_with_an_example(busy: Town) -> None:
    told = on(busy, "run", "--once", "--at", "tomorrow")
    assert told.status == 2
    assert "2026-03-09T10:00" in told.err


@pytest.mark.parametrize("clock", ["2026-03-29T02:30", "2026-10-25T02:30"])
def test_local_times_that_do_not_exist_or_exist_twice_are_accepted(busy: Town, clock: str) -> None:
    assert on(busy, "run", "--once", "--at", clock).status == 0


def test_assess_prints_one_object_of_the_contract_per_file(tmp_path: Path) -> None:
    mail = b"From: bo@p.example\nTo: kommunen@by.example\nSubject: Bygglov\nDate: Mon, 11 May 2026 09:00:00 +0200\n\n"
    (tmp_path / "a.eml").write_bytes(mail + APPEAL.encode())
    (tmp_path / "broken.eml").write_bytes(b"\x00\x01")
    told = mailbot("assess", tmp_path, "--json", "--own-domain", "by.example")
    assert told.status == 0
    good, broken = told.rows
    assert set(good) == {
        "path", "message_id", "language", "automatic", "automatic_reason", "answer_allowed", "needs_reply", "due_on",
        "document_due_on", "diarise", "kind", "confidential", "text", "reasons", "actions",
    }  # fmt: skip
    assert (good["kind"], good["diarise"], good["due_on"]) == ("appeal", "yes", "2026-05-15")
    assert good["text"]["new"] + good["text"]["signature"] + good["text"]["quoted"] == APPEAL
    assert any(reason["evidence"] for reason in good["reasons"])
    assert good["actions"] == ["open_obligation", "forward_to_registrar"]
    assert (broken["diarise"], broken["needs_reply"], broken["actions"]) == ("ask", None, ["report_unparsable"])


def test_assess_hides_the_words_of_confidential_mail_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    head = "From: bo@p.example\nTo: k@by.example\nSubject: Hej\nContent-Type: text/plain; charset=utf-8\n\n"
    text = "Jag är orolig för grannens pojke. Han har blåmärken och säger att pappa slår honom.\n"
    path.write_bytes((head + text).encode())
    (hidden,) = mailbot("assess", path, "--json").rows
    assert hidden["confidential"] is True
    assert hidden["text"] is None
    assert all(reason["evidence"] is None for reason in hidden["reasons"])
    (shown,) = mailbot("assess", path, "--json", "--reveal").rows
    assert "blåmärken" in shown["text"]["new"]
    assert "blåmärken" not in mailbot("assess", path).out


def test_assess_of_a_path_that_is_not_there() -> None:
    told = mailbot("assess", "/nowhere/at/all.eml")
    assert told.status == 2
    assert "/nowhere/at/all.eml" in told.err


def test_help_is_quick_to_import() -> None:
    """The overview names every command without importing one; packages that cost a lot stay out."""
    import subprocess
    import sys

    code = (
        "import sys; sys.argv=['mailbot','--help']\n"
        "from mailbot.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy={'sqlalchemy','jinja2','holidays','selectolax','alembic','keyring','cattrs','rich'} & set(sys.modules)\n"
        "sys.exit(1 if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_staff_behind_sudo_cannot_bring_a_configuration_of_their_own(
    busy: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a people file that names them administrator would be enough."""
    monkeypatch.setenv("SUDO_USER", "anna")
    assert on(busy, "diary", "list").status == 0
    busy.config_path.chmod(0o666)
    refused = on(busy, "diary", "list")
    assert refused.status == 2
    assert "chmod go-w" in refused.err
    busy.config_path.chmod(0o644)
    (busy.root / "people.toml").chmod(0o664)
    assert on(busy, "diary", "list").status == 2


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--once", "--at", "2026-05-11T15:30"),
        ("secret", "check"),
        ("secret", "delete", "post"),
        ("db", "check"),
        ("db", "backup", "/tmp/never-written"),
        ("outbox", "show", "AAAA-BBBB", "--raw"),
        ("pause",),
    ],
)
def test_what_only_administrators_may_do(busy: Town, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("SUDO_USER", "anna")
    refused = on(busy, *command)
    assert refused.status == 2
    assert "you may not" in refused.err


def test_behind_sudo_nobody_reads_or_writes_files_with_the_rights_of_the_service(
    busy: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service account may read everybody's mail; its owner's colleague may not."""
    private = next((busy.maildir("kommunen@by.example") / "new").iterdir())
    monkeypatch.setenv("SUDO_USER", "anna")
    for command in (("assess", private, "--json"), ("demo", "--out", busy.root / "demo"), ("db", "copy", "a", "b")):
        told = on(busy, *command)
        assert told.status == 2
        assert "without sudo" in told.err
    page = busy.root / "page.html"
    page.write_text("mine")
    assert on(busy, "digest", "staff", "--person", "anna", "--html", page).status == 2
    assert page.read_text() == "mine"


LISTS = (
    ("status",), ("replies", "list"), ("replies", "list", "--state", "all"), ("diary", "list"), ("outbox", "list"),
    ("outbox", "list", "--state", "all"), ("explain", "<question@privat.example>"),
)  # fmt: skip


@pytest.mark.parametrize("command", LISTS)
def test_units_people_and_mailboxes_that_left_the_configuration_crash_nothing(
    busy: Town, command: tuple[str, ...]
) -> None:
    ref = on(busy, "replies", "list", "--json").rows[0]["ref"]
    assert on(busy, "replies", "assign", ref, "anna").status == 0
    text = busy.config_path.read_text("utf-8").replace('"ks"', '"nn"')
    start = text.index('[[mailboxes]]\naddress = "anna@')
    busy.config_path.write_text(text[:start] + text[text.index("[[mailboxes]]", start + 1) :], "utf-8")
    people = busy.root / "people.toml"
    kept = [one for one in people.read_text("utf-8").split("[[people]]") if 'id = "anna"' not in one]
    people.write_text("[[people]]".join(kept), "utf-8")
    assert on(busy, "config", "check").status == 0

    at = ("--at", "2026-05-12T08:00") if command[0] in ("status", "replies") else ()
    for more in ((), ("--json",)):
        told = on(busy, *command, *at, *more)
        assert told.status == 0 and told.err == ""
    if command[0] == "replies":
        assert {"anna", "ks"} <= {row["assignee"] for row in told.rows} | {row["unit"] for row in told.rows}
