"""Legal arrival time: the lowest Received that our own hosts wrote."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailbot.mail.message import parse_headers
from mailbot.mail.received import arrival_time

OWN = ("mail.bjurholm.example", "MX.bjurholm.example.")
NOW = datetime(2026, 3, 16, 7, 0, tzinfo=UTC)
INTERNAL = datetime(2026, 3, 13, 12, 0, tzinfo=UTC)


def stamp(hour: int, text: str) -> str:
    return f"Received: {text}; Fri, 13 Mar 2026 {hour:02}:00:00 +0000"


def arrived(*fields: str, internal_date: datetime | None = INTERNAL, now: datetime = NOW) -> datetime:
    headers = parse_headers("\r\n".join([*fields, "From: a@x.example", "", ""]).encode()).headers
    return arrival_time(headers, own_hosts=OWN, internal_date=internal_date, now=now)


def at(hour: int) -> datetime:
    return datetime(2026, 3, 13, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "hour"),
    [
        ([stamp(9, "from x.example by mail.bjurholm.example")], 9),
        ([stamp(9, "from x by MAIL.Bjurholm.example. (Postfix) with ESMTPS id 4F2")], 9),
        # spam filter first, mail store hours later: it arrived at the filter
        (
            [stamp(11, "from mx.bjurholm.example by mail.bjurholm.example"), stamp(8, "from x by mx.bjurholm.example")],
            8,
        ),
        # the run ends at the first foreign host, whatever stands below
        (
            [
                stamp(9, "from x by mail.bjurholm.example"),
                stamp(8, "from y by x.example"),
                stamp(3, "by mail.bjurholm.example"),
            ],
            9,
        ),
        # names must match exactly
        ([stamp(9, "from x by evil.mail.bjurholm.example")], 12),
        ([stamp(9, "from x by mail.bjurholm.example.evil.example")], 12),
        ([stamp(9, "from x (by mail.bjurholm.example) by evil.example")], 12),
        # nothing of ours: the server's internal date
        ([stamp(9, "from x by y.example")], 12),
        ([], 12),
        # local delivery, content filter on the loopback, private network
        ([stamp(11, "by mail.bjurholm.example with LMTP id x"), stamp(9, "from x by mail.bjurholm.example")], 9),
        (
            [
                stamp(11, "from localhost (localhost [127.0.0.1]) by mail.bjurholm.example"),
                stamp(9, "from x by mx.bjurholm.example"),
            ],
            9,
        ),
        (
            [
                stamp(11, "from gw (gw.lan [10.1.2.3]) by mail.bjurholm.example"),
                stamp(9, "from x by mx.bjurholm.example"),
            ],
            9,
        ),
        # the stamp on our border names a foreign client: a field below that claims to be ours was forged to date back
        (
            [
                stamp(9, "from mx.bjurholm.example (evil.example [93.184.216.34]) by mail.bjurholm.example"),
                stamp(2, "from x by mx.bjurholm.example"),
            ],
            9,
        ),
        (
            [
                stamp(9, "from [93.184.216.34] (helo=mx.bjurholm.example) by mail.bjurholm.example"),
                stamp(2, "by mx.bjurholm.example"),
            ],
            9,
        ),
        (
            [
                stamp(9, "from e (mx.bjurholm.example [93.184.216.34]) by mail.bjurholm.example"),
                stamp(2, "by mx.bjurholm.example"),
            ],
            2,
        ),
        # a date that cannot be read is passed over
        ([stamp(9, "by mail.bjurholm.example"), "Received: by mx.bjurholm.example; nonsense"], 9),
        (["Received: by mail.bjurholm.example"], 12),
    ],
)
def test_the_run_of_our_own_hosts(fields: list[str], hour: int) -> None:
    assert arrived(*fields) == at(hour)


def test_a_stamp_from_the_future_is_not_believed() -> None:
    future = "Received: by mail.bjurholm.example; Fri, 13 Mar 2036 09:00:00 +0000"
    assert arrived(future) == INTERNAL
    assert arrived(stamp(9, "by mail.bjurholm.example"), future) == at(9)
    assert arrived(future, internal_date=None) == NOW


def test_a_stamp_long_after_the_internal_date_is_not_believed() -> None:
    late = "Received: by mail.bjurholm.example; Sun, 15 Mar 2026 09:00:00 +0000"
    assert arrived(late) == INTERNAL
    assert arrived(late, internal_date=None) == datetime(2026, 3, 15, 9, tzinfo=UTC)


def test_imported_mail_keeps_the_time_it_came() -> None:
    old = "Received: by mail.bjurholm.example; Wed, 13 Mar 2019 09:00:00 +0000"
    assert arrived(old) == datetime(2019, 3, 13, 9, tzinfo=UTC)


def test_nothing_arrives_later_than_now() -> None:
    ahead = "Received: by mail.bjurholm.example; Mon, 16 Mar 2026 07:05:00 +0000"
    assert arrived(ahead, internal_date=None) == NOW
    assert arrived(internal_date=NOW + timedelta(hours=1)) == NOW
    assert arrived("Date: Fri, 13 Mar 2036 09:00:00 +0000", internal_date=None) == NOW


def test_without_anything_else_the_date_field() -> None:
    assert arrived("Date: Fri, 13 Mar 2026 09:00:00 +0100", internal_date=None) == at(8)
    assert arrived(internal_date=None) == NOW


def test_the_result_is_utc() -> None:
    stockholm = timezone(timedelta(hours=1))
    found = arrived(internal_date=INTERNAL.astimezone(stockholm))
    assert found == INTERNAL
    assert found.utcoffset() == timedelta(0)
