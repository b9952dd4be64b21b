import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.platforms.imap.answers import FolderState
from mailbot.platforms.imap.cursor import ImapCursor, delivery_id, uid_of
from mailbot.platforms.imap.uids import UidSet

small_sets = st.sets(st.integers(1, 60))


@given(small_sets, small_sets, st.integers(0, 62))
def test_it_is_a_set(one: set[int], other: set[int], uid: int) -> None:
    left, right = UidSet.of(one), UidSet.of(other)
    assert list(left) == sorted(one)
    assert (len(left), bool(left), left.highest) == (len(one), bool(one), max(one, default=0))
    assert set(left.union(right)) == one | other
    assert set(left.minus(right)) == one - other
    assert (uid in left) == (uid in one)
    assert set(left.below(uid)) == {each for each in one if each < uid}
    assert set(left.from_(uid)) == {each for each in one if each >= uid}


@given(small_sets)
def test_ranges_never_touch(uids: set[int]) -> None:
    ranges = UidSet.of(uids).ranges
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(ranges))


@given(st.sets(st.integers(1, 2**32 - 1)))
def test_what_is_written_is_read(uids: set[int]) -> None:
    found = UidSet.of(uids)
    assert UidSet.decode(found.encode()) == found
    assert not found or UidSet.from_sequence_set(found.sequence_set()) == found
    assert " " not in found.encode()


@pytest.mark.parametrize(
    ("text", "ranges"),
    [("1:4,7", ((1, 4), (7, 7))), ("4:1", ((1, 4),)), ("7,1:3,4", ((1, 4), (7, 7))), ("", ())],
)
def test_sequence_sets_of_servers(text: str, ranges: tuple[tuple[int, int], ...]) -> None:
    assert UidSet.from_sequence_set(text).ranges == ranges


@given(st.text(max_size=30))
def test_damaged_cursors_are_told_from_good_ones(text: str) -> None:
    for damaged in (text, f"imap1 1 2 {text}", f"imap1 {text} 2 -", "imap1 1 2 z" + text, "imap2 1 2 -"):
        cursor = ImapCursor.decode(damaged)
        assert cursor is None or ImapCursor.decode(cursor.encode()) == cursor


def test_a_large_folder_has_a_short_cursor() -> None:
    whole = ImapCursor(1_700_000_000, 100_001, UidSet(((1, 100_000),)))
    every_third_deleted = UidSet.of(uid for uid in range(1, 100_001) if uid % 3)
    assert len(whole.encode()) < 50
    assert len(ImapCursor(1, 100_001, every_third_deleted).encode()) < 2_000


@pytest.mark.parametrize(
    ("state", "current"),
    [
        ((7, 4, 2), True),
        ((8, 4, 2), False),
        ((7, 5, 2), False),  # one came, one went
        ((7, 4, 1), False),
        ((7, 0, 2), False),
    ],
)
def test_what_stands_for_an_unchanged_folder(state: tuple[int, int, int], current: bool) -> None:
    uidvalidity, uidnext, messages = state
    told = FolderState(uidvalidity=uidvalidity, uidnext=uidnext, messages=messages)
    assert ImapCursor(7, 4, UidSet.of([1, 3])).is_current(told) is current


@pytest.mark.parametrize(
    ("delivery", "uid"),
    [("7.12", 12), ("8.12", None), ("7.", None), ("12", None), ("7.x", None), ("", None), ("7.1²", None)],
)
def test_a_delivery_id_belongs_to_one_life_of_the_folder(delivery: str, uid: int | None) -> None:
    assert uid_of(delivery, 7) == uid
    assert uid_of(delivery_id(7, 3), 7) == 3
