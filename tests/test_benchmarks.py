"""The benchmarks run, and measure what they say."""

from email import message_from_bytes, policy
from pathlib import Path
from statistics import mean

import pytest

from benchmarks import corpus, installation, report
from benchmarks.measures import MEASURES, Measured
from benchmarks.runner import FILE_MEASURES, Results


def test_the_mail_is_always_the_same_and_of_ordinary_size() -> None:
    mails = [raw for _, raw in corpus.messages(400)]
    assert mails == [raw for _, raw in corpus.messages(400)]
    assert mails[7] == next(raw for _, raw in corpus.messages(1, start=7))
    assert len(set(mails)) == 400
    assert 8_000 < mean(map(len, mails)) < 12_000


def test_the_mail_is_well_formed() -> None:
    kinds = set()
    for _, raw in corpus.messages(60):
        message = message_from_bytes(raw, policy=policy.default)
        assert not message.defects
        assert message["Subject"] and message["From"].addresses[0].domain
        kinds.add(message.get_content_type())
    assert kinds == {"text/plain", "multipart/alternative", "multipart/mixed"}


@pytest.mark.parametrize("name", FILE_MEASURES)
def test_each_measure_sees_every_file(name: str, tmp_path: Path) -> None:
    corpus.write_maildir(tmp_path, 12)
    result = MEASURES[name](tmp_path)
    assert result.messages == 12
    assert result.cpu_seconds > 0


def test_passes_see_what_is_new(tmp_path: Path) -> None:
    root = tmp_path / "installation"
    installation.build(root, 12)
    assert MEASURES["observing_pass"](root).messages == 12
    assert MEASURES["observing_pass"](root).messages == 0
    corpus.write_maildir(installation.authority(root), 3, start=12)
    assert MEASURES["observing_pass"](root).messages == 3


def test_the_table_goes_between_the_marks(tmp_path: Path) -> None:
    one = Measured(cpu_seconds=1.0, wall_seconds=1.0, peak_mib=20.0, messages=1000)
    two = Measured(cpu_seconds=10.0, wall_seconds=10.0, peak_mib=21.0, messages=10_000)
    results = Results(
        small=1000,
        large=10_000,
        total_mib=95.0,
        files=dict.fromkeys(FILE_MEASURES, (one, two)),
        passes={"first pass": (one, two)},
        help_cpu_seconds=0.1,
        python_cpu_seconds=0.02,
    )
    page = tmp_path / "performance.md"
    page.write_text(f"Before\n{report.BEGIN}\nstale figures\n{report.END}\nAfter\n")
    report.write(report.table(results), page)
    text = page.read_text()
    assert text.startswith("Before\n") and text.endswith("\nAfter\n") and "stale" not in text
    assert "| reading the files | 1.0 | 1.00 | 1,000 | 10.00 | 20 / 21 |" in text
    assert "10.0 times the CPU time" in text
