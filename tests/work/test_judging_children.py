"""Children judge as the worker does, and what they do not answer is left to it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from benchmarks import corpus
from mailbot.mail.message import parse, parse_headers
from mailbot.policy.model import Facts
from mailbot.policy.profile import load_policy
from mailbot.work import judging_children
from mailbot.work.judging_child import Judged, Question, Terms
from mailbot.work.judging_steps import judge

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
TERMS = Terms(load_policy("bjurholm"), ("Bjurholms kommun",))
FACTS = Facts(own_domains=frozenset({"bjurholm.example"}), mailbox_role="authority", direction="incoming")


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(judging_children, "cores", lambda: 2)
    with judging_children.for_a_while():
        yield


def question(raw: bytes) -> Question:
    return Question(raw, parse_headers(raw), FACTS)


def test_a_child_finds_what_the_worker_finds() -> None:
    questions = [question(corpus.message(number)) for number in range(40)]
    with judging_children.lent(TERMS) as children:
        assert children is not None
        answers = children.submit(NOW, questions).result()
    for one, answer in zip(questions, answers, strict=True):
        expected = judge(one.message, FACTS, TERMS.policy, NOW, lambda _, one=one: one.raw, TERMS.own_lines)  # type: ignore[misc]
        assert answer is not None
        assert expected is not None
        assert answer.decision == expected[1]
        assert answer.body == expected[0].body


def test_children_are_kept_for_the_next_batch_of_the_same_terms() -> None:
    with judging_children.lent(TERMS) as children:
        assert children is not None
        first = {child.pid for child in children.processes}
    with judging_children.lent(TERMS) as children:
        assert children is not None
        assert {child.pid for child in children.processes} == first
    with judging_children.lent(Terms(TERMS.policy, ())) as children:
        assert children is not None
        assert not first & {child.pid for child in children.processes}


def test_what_a_child_that_died_was_asked_is_left_to_the_worker() -> None:
    questions = [question(corpus.message(number)) for number in range(4)]
    with judging_children.lent(TERMS) as children:
        assert children is not None
        for child in children.processes:
            child.kill()
            child.wait()
        assert list(children.submit(NOW, questions).result()) == [None] * 4
    with judging_children.lent(TERMS) as children:  # others stand in for them
        assert children is not None
        assert all(isinstance(one, Judged) for one in children.submit(NOW, questions).result())


def test_a_message_that_changed_meanwhile_is_left_to_the_worker() -> None:
    other = Question(corpus.message(1), parse_headers(corpus.message(2)), FACTS)
    unreadable = Question(b"\x00", parse_headers(corpus.message(3)), FACTS)
    with judging_children.lent(TERMS) as children:
        assert children is not None
        assert list(children.submit(NOW, [other, unreadable, question(corpus.message(4))]).result())[:2] == [None, None]


def test_several_mailboxes_share_the_cores() -> None:
    with judging_children.lent(TERMS) as children, judging_children.lent(TERMS) as others:
        assert children is not None
        assert others is None


def test_one_core_has_no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_children, "cores", lambda: 1)
    with judging_children.lent(TERMS) as children:
        assert children is None


def test_a_child_ends_with_its_worker() -> None:
    with judging_children.lent(TERMS) as children:
        assert children is not None
        (child, *_) = children.processes
        assert child.stdin is not None
        child.stdin.close()  # as it is when the worker has been killed
        assert child.wait(timeout=30) == 0


def test_a_mail_that_is_read_in_full_has_the_same_body_and_size() -> None:
    raw = corpus.message(7)
    with judging_children.lent(TERMS) as children:
        assert children is not None
        (answer,) = children.submit(NOW, [question(raw)]).result()
    whole = parse(raw, own_signature_lines=TERMS.own_lines)
    assert answer is not None
    assert (answer.body, answer.size, answer.defects) == (whole.body, whole.size, whole.defects)
