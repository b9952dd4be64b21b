"""Decisions survive being stored."""

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.model import (
    AnnounceConfidential,
    AskRegistrar,
    CloseObligations,
    Decision,
    Evidence,
    ForwardToRegistrar,
    OpenObligation,
    ReportUnparsable,
    Verdict,
)
from mailbot.store.codec import decode, encode

ACTIONS = st.one_of(
    st.builds(OpenObligation, st.none() | st.dates(), st.none() | st.dates(), st.booleans()),
    st.builds(CloseObligations, st.datetimes(timezones=st.just(UTC))),
    st.sampled_from((ForwardToRegistrar(), AskRegistrar(), AnnounceConfidential(), ReportUnparsable())),
)
VERDICTS = st.builds(
    Verdict,
    st.text(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.builds(Evidence, st.text(), st.integers(), st.integers()),
)
DECISIONS = st.from_type(Decision).flatmap(
    lambda decision: st.builds(
        lambda verdicts, actions: Decision(
            **{name: getattr(decision, name) for name in Decision.__dataclass_fields__ if name not in LISTS},
            verdicts=tuple(verdicts),
            actions=tuple(actions),
        ),
        st.lists(VERDICTS, max_size=4),
        st.lists(ACTIONS, max_size=4),
    )
)
LISTS = ("verdicts", "actions")


@given(DECISIONS)
def test_what_is_encoded_is_decoded_alike(decision: Decision) -> None:
    assert decode(encode(decision)) == decision
