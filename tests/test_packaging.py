"""The units that administrators install: systemd reads them, and they are hardened."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_PACKAGING = Path(__file__).parents[1] / "packaging"
_UNITS = sorted((_PACKAGING / "systemd").iterdir())
_SERVICES = [unit for unit in _UNITS if unit.suffix == ".service"]


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units with a program that exists here."""
    for unit in _UNITS:
        text = unit.read_text().replace("/opt/mailbot/.venv/bin/mailbot", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def test_systemd_understands_every_line(analyze: str, installed: Path) -> None:
    told = subprocess.run(
        [analyze, "verify", *map(str, sorted(installed.iterdir()))], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("service", _SERVICES, ids=lambda unit: unit.name)
def test_the_services_are_hardened(analyze: str, installed: Path, service: Path) -> None:
    command = [analyze, "security", "--offline=true", "--threshold=20", str(installed / service.name)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_the_documented_files_are_there() -> None:
    text = (_PACKAGING / "README.md").read_text() + (_PACKAGING.parent / "docs" / "operations.md").read_text()
    for unit in _UNITS:
        assert unit.stem in text, unit.name
    for name in re.findall(r"`((?:systemd|sudoers\.d)/[\w.-]+)`", text):
        assert (_PACKAGING / name).exists(), name


def test_every_alarm_is_documented() -> None:
    passes = (Path(__file__).parents[1] / "mailbot" / "work" / "passes.py").read_text()
    keys = re.findall(r'^        "(\w+)": ', passes[passes.index("def _alarms") :], re.MULTILINE)
    documented = (_PACKAGING.parent / "docs" / "operations.md").read_text()
    assert len(keys) >= 6
    for key in keys:
        assert f"`{key}`" in documented, key
