"""What a worker does not load: each of these costs memory that it keeps for as long as it runs."""

import subprocess
import sys


def test_a_worker_loads_nothing_that_only_commands_need():
    program = (
        "import mailbot.wiring, mailbot.work.passes, sys\n"
        "print(*{'rich', 'pygments', 'alembic', 'holidays', 'exchangelib', 'msal', 'pypdf'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_the_logger_leaves_rich_to_those_who_want_it():
    program = "import mailbot.log, rich.table; print(mailbot.log.structlog.dev.ConsoleRenderer)"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
