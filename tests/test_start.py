"""What a worker does not load: each of these costs memory that it keeps for as long as it runs."""

import subprocess
import sys

_FOR_COMMANDS = (
    "rich",
    "pygments",
    "alembic",
    "holidays",
    "exchangelib",
    "msal",
    "pypdf",
    "sqlalchemy.dialects.postgresql",
)


def test_a_worker_loads_nothing_that_only_commands_need():
    program = f"import mailbot.wiring, mailbot.work.passes, sys; print(*set({_FOR_COMMANDS}) & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_the_logger_leaves_rich_to_those_who_want_it():
    program = "import mailbot.log, rich.table; print(mailbot.log.structlog.dev.ConsoleRenderer)"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_a_worker_loads_the_holidays_of_its_country_and_no_others():
    program = """
import sys
from datetime import date
from mailbot.policy.profile import CalendarRules
from mailbot.policy.workdays import WorkCalendar

ascension = date(2026, 5, 14)
print(*(WorkCalendar(CalendarRules(country=country)).why_closed(ascension, "sv") for country in ("SE", "NO")))
print(*sorted(name for name in sys.modules if name.startswith("holidays.countries")))
from holidays import country_holidays
print(country_holidays("DK", years=2026, language="da")[date(2026, 1, 1)])
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "Kristi himmelsfärdsdag Kristi himmelfartsdag",
        "holidays.countries.norway holidays.countries.sweden",
        "Nytårsdag",
    ]
