"""Who waits, by the questions and answers of one conversation."""

from datetime import timedelta

import pytest

from mailbot.store.clocks import Answer, Question, replay
from tests.store.builders import NOW


def question(name: str, hour: int, asker: str = "anna") -> Question:
    return Question(
        ref=name,
        message_ref=name,
        content_print=name,
        asker_prints=frozenset({asker}),
        asked_at=NOW + timedelta(hours=hour),
        received_at=NOW + timedelta(hours=hour),
        mailbox="town",
        assignee="",
        judged=True,
        answer_allowed=True,
        hold_replies=False,
        language=None,
        due_on=None,
        document_due_on=None,
    )


def answer(name: str, hour: int, *to: str) -> Answer:
    return Answer(
        content_print=name, sent_at=NOW + timedelta(hours=hour), mailbox="eva", recipient_prints=frozenset(to)
    )


Q, A = question, answer


@pytest.mark.parametrize(
    ("questions", "answers", "expected"),
    [
        ([], [A("a", 1, "anna")], []),
        ([Q("q", 1)], [], [("q", "q", None)]),
        ([Q("q", 1)], [A("a", 2, "anna")], [("q", "", 2)]),
        ([Q("q", 2)], [A("a", 2, "anna")], [("q", "", 2)]),  # the same instant
        ([Q("q", 2)], [A("a", 1, "anna")], [("q", "q", None)]),  # an earlier mail answers nothing
        ([Q("q", 1)], [A("a", 2, "bo")], [("q", "q", None)]),  # sent to somebody else
        ([Q("q", 1), Q("r", 2)], [A("a", 3, "anna")], [("qr", "", 3)]),
        ([Q("q", 1), Q("r", 3)], [A("a", 2, "anna")], [("q", "", 2), ("r", "r", None)]),
        ([Q("q", 1), Q("r", 2, "bo")], [A("a", 3, "anna")], [("qr", "r", None)]),  # Bo still waits
        ([Q("q", 1), Q("r", 2, "bo")], [A("a", 3, "anna"), A("b", 4, "bo")], [("qr", "", 4)]),
        ([Q("q", 1), Q("r", 2, "bo")], [A("a", 3, "anna", "bo")], [("qr", "", 3)]),
        ([Q("same", 1)], [A("same", 1, "anna")], [("same", "same", None)]),  # a mail to oneself
    ],
)
def test_replay(questions: list[Question], answers: list[Answer], expected: list[tuple[str, str, int | None]]) -> None:
    runs, used = replay(reversed(questions), reversed(answers))
    found = [
        (
            "".join(one.ref for one in run.questions),
            "".join(one.ref for one in run.waiting),
            run.met_at and (run.met_at - NOW) // timedelta(hours=1),
        )
        for run in runs
    ]
    assert found == expected
    assert used <= {one.content_print for one in answers}
