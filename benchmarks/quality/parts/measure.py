"""How often a tool is exactly right about a mail, and how long it takes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from benchmarks.quality.parts.corpus import Mail
from benchmarks.quality.parts.tools import Answer, Tool


@dataclass(frozen=True, slots=True)
class Result:
    """One tool's answer about one mail."""

    mail: Mail
    answer: Answer
    milliseconds: float

    @property
    def unquoted_right(self) -> bool:
        """Exactly the unquoted words; a tool that drops signatures too, or keeps a telephone's footer, is right."""
        accepted = [words(text) for text in (self.mail.unquoted, self.mail.new, self.mail.with_footer) if text]
        return any(words(text) in accepted or (not words(text) and not accepted) for text in self.answer.unquoted)

    @property
    def unquoted_exact(self) -> bool:
        """Exactly the unquoted words, signature included."""
        return any(words(text) == words(self.mail.unquoted) for text in self.answer.unquoted)

    @property
    def new_right(self) -> bool:
        return any(words(text) == words(self.mail.new) for text in self.answer.new)


def words(text: str) -> list[str]:
    """What is compared: white space and its kind do not count."""
    return text.split()


def run(tool: Tool, mails: Iterable[Mail]) -> tuple[Result, ...]:
    """A tool that raises has answered nothing."""
    results = []
    for mail in mails:
        started = perf_counter()
        try:
            answer = tool(mail.content, mail.form == "html")
        except Exception:  # a library's failure is one of the things measured
            answer = Answer((), ())
        results.append(Result(mail, answer, (perf_counter() - started) * 1000))
    return tuple(results)


def share(results: Sequence[Result], right: Callable[[Result], bool]) -> float | None:
    """Percent; None when there is nothing to count."""
    return 100 * sum(map(right, results)) / len(results) if results else None


def middle(results: Sequence[Result]) -> float | None:
    """Median milliseconds."""
    return median(result.milliseconds for result in results) if results else None
