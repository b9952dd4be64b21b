"""`mailbot diary export`: the untouched original, wherever it lies now, for those who may have it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailbot.cli import acting
from mailbot.cli.diary import diary
from mailbot.errors import UserError
from tests.support.town import Town
from tests.work.test_working_day import APPEAL

CONFIDENTIAL = """Hej!

Jag är orolig för grannens pojke Kalle. Han kommer ofta hungrig till oss, har blåmärken och säger att pappa slår honom
när han druckit. Kan ni göra något?
"""


def export(town: Town, ref: str, out: Path | str, *options: str) -> Result:
    arguments = ["export", ref, "--out", str(out), "--lang", "sv", *options, "--config", str(town.config_path)]
    return CliRunner().invoke(diary, arguments, catch_exceptions=False)


def read(town: Town, text: str, **fields: str) -> tuple[str, bytes, Path]:
    """A letter that was read: its diary REF, its bytes, its file."""
    letter = town.letter("2026-05-11T09:00", text, **fields).as_bytes()
    path = town.deliver_bytes("kommunen@by.example", letter, "2026-05-11T09:00")
    town.run("2026-05-11T12:30")
    with town.open() as context:
        (item,) = context.store.diary.list()
    return item.ref, letter, path


def at_the_keyboard(monkeypatch: pytest.MonkeyPatch, login: str) -> None:
    monkeypatch.setattr(acting, "login_name", lambda: login)


def test_the_original_as_it_was_received(settled_town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ref, letter, _ = read(settled_town, APPEAL, subject="Hemligt ämne")
    at_the_keyboard(monkeypatch, "eva")
    result = export(settled_town, ref, tmp_path / "ut", "--at", "2026-05-12T08:00")
    (written,) = (tmp_path / "ut").iterdir()
    assert written.name == f"{ref}.eml"  # never the subject
    assert written.stat().st_mode & 0o777 == 0o600
    assert written.parent.stat().st_mode & 0o777 == 0o700
    assert written.read_bytes() == letter
    assert result.output.splitlines() == [f"{written} har skrivits."]
    with settled_town.open() as context:
        (line,) = [line for line in context.store.audit.list(ref) if line.action == "exported"]
    assert line.actor == "person:eva"


def test_to_the_standard_output(settled_town: Town) -> None:
    ref, letter, _ = read(settled_town, APPEAL)
    assert export(settled_town, ref, "-").stdout_bytes == letter


@pytest.mark.parametrize("folder", [".Projekt", ".Trash", ".Sent"])
def test_after_people_have_moved_it(settled_town: Town, tmp_path: Path, folder: str) -> None:
    ref, letter, path = read(settled_town, APPEAL)
    place = settled_town.maildir("kommunen@by.example") / folder
    for part in ("tmp", "new", "cur"):
        (place / part).mkdir(parents=True, exist_ok=True)
    path.rename(place / "cur" / f"{path.name}:2,S")
    export(settled_town, ref, tmp_path / "ut")
    assert (tmp_path / "ut" / f"{ref}.eml").read_bytes() == letter


def test_unparsable_bytes(settled_town: Town, tmp_path: Path) -> None:
    raw = b"\x00\x01\x02 no mail at all"
    settled_town.deliver_bytes("kommunen@by.example", raw, "2026-05-11T09:00")
    settled_town.run("2026-05-11T12:30")
    with settled_town.open() as context:
        (item,) = context.store.diary.list()
    export(settled_town, item.ref, tmp_path / "ut")
    assert (tmp_path / "ut" / f"{item.ref}.eml").read_bytes() == raw


def test_confidential_mail_with_a_warning(settled_town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ref, letter, _ = read(settled_town, CONFIDENTIAL, subject="Orolig för Kalle")
    at_the_keyboard(monkeypatch, "eva")
    result = export(settled_town, ref, tmp_path / "ut")
    assert (tmp_path / "ut" / f"{ref}.eml").read_bytes() == letter
    assert "sekretess" in result.stderr
    assert "Kalle" not in result.output


def refused(town: Town, ref: str, out: Path) -> str:
    with pytest.raises(UserError) as caught:
        export(town, ref, out)
    return str(caught.value)


@pytest.mark.parametrize("login", ["anna", "lars", "karin"])
def test_only_for_the_registrar(
    settled_town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    ref, _, _ = read(settled_town, APPEAL)
    at_the_keyboard(monkeypatch, login)
    assert "may not export" in refused(settled_town, ref, tmp_path / "ut")
    assert not (tmp_path / "ut").exists()
    with settled_town.open() as context:
        assert not [line for line in context.store.audit.list(ref) if line.action == "exported"]


def test_a_deleted_original(settled_town: Town, tmp_path: Path) -> None:
    ref, _, path = read(settled_town, APPEAL)
    path.unlink()
    assert "backup" in refused(settled_town, ref, tmp_path / "ut")


def test_nothing_is_written_over_nor_through_a_link(settled_town: Town, tmp_path: Path) -> None:
    ref, _, _ = read(settled_town, APPEAL)
    out = tmp_path / "ut"
    export(settled_town, ref, out)
    assert "there already" in refused(settled_town, ref, out)
    (out / f"{ref}.eml").unlink()
    (out / f"{ref}.eml").symlink_to(tmp_path / "elsewhere")
    assert "there already" in refused(settled_town, ref, out)
    assert not (tmp_path / "elsewhere").exists()
