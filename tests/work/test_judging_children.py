"""Children judge as the worker does, and what they do not answer is left to it."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks import corpus
from mailbot.mail.message import parse, parse_headers
from mailbot.policy.model import Facts
from mailbot.policy.profile import load_policy
from mailbot.work import judging_children, judging_processes
from mailbot.work.judging_child import Judged, Question
from mailbot.work.judging_children import Children
from mailbot.work.judging_steps import Place, Terms, judge, read_head

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
TERMS = Terms(load_policy("bjurholm"), ("Bjurholms kommun",), {"ks": "Kommunstyrelsen", "mn": "Miljönämnden"})
FACTS = Facts(own_domains=frozenset({"bjurholm.example"}), mailbox_role="authority", direction="incoming")

ELSEWHERE = Place(is_sent=False, own_hosts=frozenset(), own_domains=frozenset(), web_form_senders=frozenset())


@pytest.fixture(autouse=True)
def round_on_two_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(judging_children, "cores", lambda: 2)
    with judging_children.for_a_while():
        yield


def children(terms: Terms = TERMS, messages: int = judging_children.WORTH_IT) -> Children:
    found = judging_children.children_for(terms, messages)
    assert found is not None
    return found


def forked_from(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def processes(of: Children) -> list[int]:
    """Both children: one may answer before the other has been forked."""
    while len(found := forked_from(of.stem)) < 2:
        os.sched_yield()
    return found


def is_alive(process: int) -> bool:
    """Not one that only waits for its end to be noticed."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def question(raw: bytes) -> Question:
    return Question(raw, parse_headers(raw), FACTS)


def test_a_child_finds_what_the_worker_finds() -> None:
    questions = [question(corpus.message(number)) for number in range(40)]
    answers = children().submit(NOW, questions).result()
    for one, answer in zip(questions, answers, strict=True):
        expected = judge(one.message, FACTS, TERMS, NOW, lambda _, one=one: one.raw)  # type: ignore[misc]
        assert answer is not None
        assert expected is not None
        assert answer.decision == expected.decision
        assert answer.body is None


def test_a_child_reads_what_the_worker_reads() -> None:
    hosts = frozenset({"mail.bjurholm.example", "gw.bjurholm.example"})
    place = replace(ELSEWHERE, own_hosts=hosts, own_domains=frozenset({"privatmejl.example"}))
    blocks = [(corpus.message(number).partition(b"\n\n")[0], NOW - timedelta(hours=number)) for number in range(150)]
    blocks[70] = (b"\r\n\r\nno field at all", NOW)
    found = list(children().read(place, NOW, blocks))
    assert found[70] is None
    expected = [
        read_head(block, place, internal_date, NOW) for block, internal_date in blocks if block != blocks[70][0]
    ]
    assert found[:70] + found[71:] == expected
    assert {head.direction for head in expected} == {"incoming", "internal"}
    assert all(head.received_at != internal_date for head, (_, internal_date) in zip(expected, blocks, strict=False))


def test_what_no_child_has_read_is_left_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [(corpus.message(1), NOW)] * 3
    running = children()
    assert all(running.read(ELSEWHERE, NOW, blocks))
    answers = judging_processes.Child.answers
    monkeypatch.setattr(judging_processes.Child, "answers", lambda self: cast("list[Any]", answers(self))[:2])
    assert [head is None for head in running.read(ELSEWHERE, NOW, blocks)] == [False, False, True]


def test_many_small_mailboxes_of_a_round_start_children_too() -> None:
    few = judging_children.WORTH_IT // 3
    assert [judging_children.children_for(TERMS, few) is None for _ in range(4)] == [True, True, True, False]


def test_children_serve_all_mailboxes_of_a_round_and_end_with_it() -> None:
    first = children()
    first.submit(NOW, [question(corpus.message(1))]).result()
    running = processes(first)
    assert len(running) == 2
    with judging_children.for_a_while():  # another thread's
        assert children() is first
    assert children(messages=judging_children.CHUNK) is first
    assert processes(first) == running
    judging_children._rounds.end()
    assert not any(is_alive(process) for process in (first.stem, *running))
    assert judging_children.children_for(TERMS, 1000) is None
    judging_children._rounds.begin()


def test_few_messages_start_no_children() -> None:
    assert judging_children.children_for(TERMS, judging_children.WORTH_IT - 1) is None
    children()
    assert judging_children.children_for(TERMS, judging_children.CHUNK - 1) is None


def test_children_answer_under_their_own_terms_only() -> None:
    children()
    assert judging_children.children_for(replace(TERMS, own_lines=()), 1000) is None


def test_what_a_child_that_died_was_asked_is_left_to_the_worker() -> None:
    questions = [question(corpus.message(number)) for number in range(4)]
    running = children()
    running.submit(NOW, questions).result()
    both = processes(running)
    for child in both:
        os.kill(child, signal.SIGSTOP)  # so that both hold requests when they die
    asked = [running.submit(NOW, questions) for _ in range(4)]
    for child in both:
        os.kill(child, signal.SIGKILL)
    answers = [list(one.result()) for one in asked]
    assert any(one == [None] * 4 for one in answers)
    # One that held nothing is missed at the next question; then others stand in for both.
    others = [list(running.submit(NOW, questions).result()) for _ in range(1 + len(both))]
    assert all(isinstance(one, Judged) for one in others[-1])


def test_what_no_child_can_be_started_for_is_left_to_the_worker() -> None:
    running = children()
    questions = [question(corpus.message(1))]
    running.submit(NOW, questions).result()
    os.kill(running.stem, signal.SIGSTOP)  # nobody forks any more
    for child in processes(running):
        os.kill(child, signal.SIGKILL)
    os.kill(running.stem, signal.SIGKILL)
    running._stem.process.wait()
    assert [list(running.submit(NOW, questions).result()) for _ in range(5)] == [[None]] * 5


def test_a_worker_that_may_start_no_process_judges_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(judging_processes, "_started", refused)
    assert judging_children.children_for(TERMS, 1000) is None


def test_what_cannot_be_sent_to_a_child_is_left_to_the_worker() -> None:
    unsendable = replace(question(corpus.message(1)), message=threading.Lock())  # type: ignore[arg-type]
    running = children()
    for _ in range(5):
        assert list(running.submit(NOW, [unsendable]).result(timeout=60)) == [None]


def test_a_stem_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_processes, "_STOP_SECONDS", 0.1)
    running = children()
    running.submit(NOW, [question(corpus.message(1))]).result()
    both = processes(running)
    for process in (running.stem, *both):
        os.kill(process, signal.SIGSTOP)
    running.submit(NOW, [question(corpus.message(1))])
    running.close()
    assert not is_alive(running.stem)
    for process in both:
        os.kill(process, signal.SIGKILL)  # they end by themselves when they go on


def test_urgent_questions_are_answered_first() -> None:
    running = children()
    done: list[str] = []
    plain = [question(corpus.message(number)) for number in range(60)]
    later = [running.submit(NOW, plain) for _ in range(8)]
    for one in later:
        one.add_done_callback(lambda _: done.append("later"))
    urgent = running.submit(NOW, plain[:1], urgent=True)
    urgent.add_done_callback(lambda _: done.append("urgent"))
    for one in (*later, urgent):
        one.result()
    assert "urgent" in done[:-2]


def test_large_requests_and_answers_do_not_block_each_other() -> None:
    """More than a pipe holds goes both ways at once."""
    raw = corpus.message(1)
    long = raw + b"\n" + b"Vi undrar hur det har blivit med det. " * 9_000
    running = children()
    asked = [running.submit(NOW, [question(long)] * 4) for _ in range(6)]
    assert all(isinstance(one, Judged) for each in asked for one in each.result(timeout=120))


def test_a_message_that_changed_meanwhile_is_left_to_the_worker() -> None:
    other = Question(corpus.message(1), parse_headers(corpus.message(2)), FACTS)
    unreadable = Question(b"\x00", parse_headers(corpus.message(3)), FACTS)
    answers = children().submit(NOW, [other, unreadable, question(corpus.message(4))]).result()
    assert list(answers)[:2] == [None, None]
    assert answers[2] is not None


def test_one_core_has_no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_children, "cores", lambda: 1)
    assert judging_children.children_for(TERMS, 1000) is None


def test_a_child_ends_with_its_worker() -> None:
    program = (
        "import os, time; from datetime import datetime, UTC; from mailbot.policy.profile import load_policy;"
        "from mailbot.work import judging_children as c; from mailbot.work.judging_steps import Terms;"
        "a = c.Children(Terms(load_policy('bjurholm'), (), {'ks': ''}), 1);"
        "a.submit(datetime.now(UTC), []).result(); print(a.stem, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        try:
            stem = int(worker.stdout.readline())
            child = forked_from(stem)[0]
            os.kill(child, signal.SIGSTOP)  # hangs
            ends = [os.pidfd_open(process) for process in (stem, child)]
        finally:
            worker.kill()
    for end in ends:
        assert select.select([end], [], [], 60)[0]
        os.close(end)


def test_the_text_comes_with_the_answer_where_it_is_wanted() -> None:
    raw = corpus.message(7)
    (answer,) = children().submit(NOW, [replace(question(raw), wants_text=True)]).result()
    assert answer is not None
    assert answer.body == parse(raw, own_signature_lines=TERMS.own_lines).body


def test_a_child_tells_whose_diary_a_mail_belongs_in() -> None:
    raw = (
        b"From: bo@privat.example\r\nSubject: Yttrande\r\nMessage-ID: <1@privat.example>\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
        + "Till Miljönämnden\r\n\r\nJag överklagar beslutet om avloppet.\r\n".encode()
    )
    answers = children().submit(NOW, [question(raw), question(corpus.message(1))]).result()
    assert [one and one.diary_unit for one in answers] == ["mn", ""]
