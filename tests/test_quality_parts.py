"""The labelled mails are whole and always the same, and mailbot is as good on them as `docs/quality.md` says."""

import pytest

from benchmarks.quality.parts import tools
from benchmarks.quality.parts.corpus import HALVES, mails
from benchmarks.quality.parts.measure import run, share, words


@pytest.mark.parametrize("half", HALVES)
def test_the_labels_fit_the_mails(half: str) -> None:
    labelled = mails(half)
    assert labelled == mails(half)
    assert len({mail.id for mail in labelled}) == len(labelled)
    for mail in labelled:
        if mail.form == "text":
            content = words(mail.content.replace(">", " "))
            assert set(words(mail.new.replace(">", " "))) <= set(content), mail.id
        assert "@NEW@" not in mail.content
        assert "@NAME@" not in mail.content


def test_there_are_enough_of_them() -> None:
    assert sum(len(mails(half)) for half in HALVES) >= 300


@pytest.mark.parametrize("half", HALVES)
def test_the_goals_are_met(half: str) -> None:
    results = run(tools.mailbot, mails(half))
    nordic = [one for one in results if one.mail.group == "nordic"]
    quoted = [one for one in nordic if one.mail.has_quotation]
    assert (share(quoted, lambda one: one.unquoted_exact) or 0) >= 97
    assert (share(nordic, lambda one: one.new_right) or 0) >= 95
    english = [one for one in results if one.mail.group == "english" and one.mail.has_quotation]
    assert (share(english, lambda one: one.unquoted_exact) or 0) >= 88
    lists = [one for one in results if one.mail.group == "lists" and one.mail.has_quotation]
    assert (share(lists, lambda one: one.unquoted_exact) or 0) >= 90
