"""`mailbot outbox`: who may look, release and cancel, and what that does."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from mailbot.cli import acting
from mailbot.cli.outbox import outbox
from mailbot.errors import UserError
from mailbot.store.records import NewMail
from mailbot.work.passes import one_pass
from tests.support.town import Town, at

NOW = at("2026-05-11T12:30")


def run(town: Town, *arguments: str) -> str:
    options = ["--lang", "sv", "--config", str(town.config_path)]
    result = CliRunner().invoke(outbox, [*arguments, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(town: Town, *arguments: str) -> str:
    with pytest.raises(UserError) as caught:
        run(town, *arguments)
    return str(caught.value)


@pytest.fixture
def queued(settled_town: Town) -> tuple[Town, dict[str, str]]:
    """REFs of a held, a failed and an unclear mail to a citizen."""
    refs = {}
    with settled_town.open() as context:
        box = context.store.outbox
        for state in ("held", "failed", "unknown"):
            mail = NewMail(
                dedup_key=state,
                kind="notice",
                audience="citizen",
                to=("bo@privat.example",),
                envelope_from="",
                message_id=f"<{state}@by.example>",
                raw=f"Message-ID: <{state}@by.example>\r\n\r\nHej\r\n".encode(),
                hold="first reading" if state == "held" else None,
            )
            box.enqueue([mail], now=NOW)
            if state != "held":
                claimed = box.claim(NOW)
                assert claimed is not None
                getattr(box, state)(claimed.dedup_key, error="no such address", now=NOW)
            refs[state] = box.get(mail.message_id).ref
    return settled_town, refs


def test_list_shows_what_is_not_settled(queued: tuple[Town, dict[str, str]]) -> None:
    town, refs = queued
    lines = [json.loads(line) for line in run(town, "list", "--json").splitlines()]
    assert {line["ref"]: line["state"] for line in lines} == {ref: state for state, ref in refs.items()}
    assert {"ref", "to", "kind", "state", "message_id"} <= lines[0].keys()
    (failed,) = run(town, "list", "--state", "failed").splitlines()[1:]
    assert refs["failed"] in failed and "no such address" in failed


def test_show_by_reference_and_by_message_id(queued: tuple[Town, dict[str, str]]) -> None:
    town, refs = queued
    by_id = json.loads(run(town, "show", "unknown@by.example", "--json"))
    assert by_id == json.loads(run(town, "show", refs["unknown"].lower(), "--json"))
    assert run(town, "show", refs["held"], "--raw").endswith("Hej\n")
    assert "no mail" in refused(town, "show", "2222-2222")


def test_release_lets_it_leave_once(queued: tuple[Town, dict[str, str]]) -> None:
    town, refs = queued
    run(town, "release", *refs.values(), "--at", "2026-05-11T13:00")
    with town.open() as context:
        one_pass(context, at("2026-05-11T13:05"))
        one_pass(context, at("2026-05-11T13:10"))
        lines = [line for line in context.store.audit.list(refs["held"]) if line.action == "mail_released"]
    assert len(lines) == 1
    assert len(town.outside()) == 3
    assert "cannot be released" in refused(town, "release", refs["held"])


def test_cancelled_mail_never_leaves_and_is_not_queued_again(queued: tuple[Town, dict[str, str]]) -> None:
    town, refs = queued
    run(town, "cancel", *refs.values())
    assert run(town, "list", "--json") == ""
    with town.open() as context:
        one_pass(context, NOW + timedelta(hours=1))
    assert town.outside() == []
    assert "cannot be released" in refused(town, "release", refs["failed"])


@pytest.mark.parametrize(("login", "may"), [("it", True), ("lars", True), ("eva", True), ("anna", False)])
def test_who_may_release(
    queued: tuple[Town, dict[str, str]], monkeypatch: pytest.MonkeyPatch, login: str, may: bool
) -> None:
    town, refs = queued
    monkeypatch.setattr(acting, "login_name", lambda: login)
    if may:
        run(town, "release", refs["held"])
    else:
        assert "may not release" in refused(town, "release", refs["held"])


def test_all_or_nothing_when_one_reference_is_wrong(queued: tuple[Town, dict[str, str]]) -> None:
    town, refs = queued
    refused(town, "release", refs["held"], "2222-2222")
    with town.open() as context:
        assert context.store.outbox.get(refs["held"]).state == "held"


def test_dropped_mail_cannot_be_shown_nor_sent(queued: tuple[Town, dict[str, str]]) -> None:
    town, refs = queued
    run(town, "cancel", refs["held"])
    with town.open() as context:
        context.store.purge(NOW + timedelta(days=9999), context.config.policy.retention)
    assert "dropped" in refused(town, "show", refs["held"], "--raw")
