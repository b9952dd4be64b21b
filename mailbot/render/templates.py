"""Templates become mail: one Markdown source per mail, rendered once as text and once as HTML.

A template is `LANG/NAME.md`: a `Subject:` line, an empty line, and Markdown. For text/plain the values stand in it as
they are, on one line each. For HTML every punctuation character of a value is escaped first, so that no value, hostile
or not, can become markup, a link or a heading; then Markdown makes HTML of it, in which raw HTML is switched off.

Templates of the organisation's own folder come before the shipped ones of the same name.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any

from mailbot.errors import UserError
from mailbot.render.marks import Marked, answer_link, bar_mark, escaped, with_bars
from mailbot.render.words import Words

if TYPE_CHECKING:
    from jinja2 import Environment, Template

LANGUAGES = ("sv", "nb", "en")
#: who reads a language that no template speaks
_NEIGHBOURS = {"nn": "nb", "no": "nb", "da": "nb"}

#: C0, C1 and bidirectional controls, line and paragraph separators, and halves of characters
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ue000\ue001]+")
#: the line below a heading
_UNDERLINE = re.compile(r"-{3,}|={3,}")
_SUBJECT = "Subject:"
_TEXT_WIDTH = 78
#: a subject may be a megabyte long, and fifty of them may stand in a digest
_LONGEST_VALUE = 1000
#: what our Markdown produces; everything else is dropped
_TAGS = {"p", "h1", "h2", "h3", "ul", "ol", "li", "br", "strong", "em", "a", "code", "hr", "blockquote"}
#: a tag of clean HTML, or what a reader copies whole and no line may break at its hyphens: a date, a reference
_UNBROKEN = re.compile(
    r"<(?:[^>\"]|\"[^\"]*\")*>|(?<![\w-])(?:\d{4}-\d{2}-\d{2}|[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4})(?![\w-])", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail in words; `language` is the one that was found for it."""

    subject: str
    text: str
    html: str
    language: str = ""
    #: what stands in the body of `html`, without the page around it
    fragment: str = ""
    #: `text` with its long lines unbroken, for programs that break lines themselves
    lines: str = ""

    def with_footer(self, line: str) -> "Rendered":
        """The same mail with a small line at its end, in both forms."""
        from markupsafe import escape

        small = f'<p class="small" style="color: #5b6470; font-size: .8125rem; margin: 2rem 0 0">{escape(line)}</p>\n'
        body, end, rest = self.html.rpartition("</div>")
        html = f"{body}{small}{end}{rest}" if end else self.html + small
        return replace(
            self,
            text=f"{self.text.rstrip()}\n\n{line}\n",
            lines=f"{self.lines.rstrip()}\n\n{line}\n",
            html=html,
            fragment=self.fragment + small,
        )


class Templates:
    """The texts that leave the house, in the organisation's own wording where it has one."""

    def __init__(self, own_folder: Path | None, default_language: str) -> None:
        if own_folder is not None and not own_folder.is_dir():
            raise UserError(f"paths.templates: there is no folder {own_folder}; create it, or leave the setting empty")
        self._folders = [folder for folder in (own_folder, shipped_folder()) if folder is not None]
        self._default = default_language if default_language in LANGUAGES else LANGUAGES[0]
        self._words: dict[str, Words] = {}

    def language_for(self, wanted: str | None) -> str:
        """The language a mail is written in when its reader writes `wanted`."""
        wanted = (wanted or "").lower()
        return wanted if wanted in LANGUAGES else _NEIGHBOURS.get(wanted, self._default)

    def render(self, name: str, language: str | None, **context: object) -> Rendered:
        """The mail `name` with `context` filled in. UserError names the template and what is wrong in it."""
        chosen = self.language_for(language)
        subject, body = _split(self._filled(self._plain, name, chosen, context), name)
        _, marked = _split(self._filled(self._escaped, name, chosen, context), name)
        content = _html_of(marked)
        html = self._layout.render(language=chosen, subject=subject, body=content)
        text = _wrapped(body)
        return Rendered(subject=subject, text=text, html=html, language=chosen, fragment=str(content), lines=body)

    def words(self, language: str | None) -> Words:
        """The words of `language` (or of the one that stands in for it), own ones over shipped ones."""
        chosen = self.language_for(language)
        if chosen not in self._words:
            tables: dict[str, dict[str, Any]] = {}
            for folder in reversed(self._folders):
                for table, words in _read_words(folder / chosen / "words.toml").items():
                    tables[table] = {**tables.get(table, {}), **words}
            self._words[chosen] = Words(chosen, tables)
        return self._words[chosen]

    def names(self) -> tuple[str, ...]:
        """All shipped mails; names that begin with an underscore are parts of others."""
        found = (path.stem for path in (shipped_folder() / LANGUAGES[0]).glob("*.md"))
        return tuple(sorted(name for name in found if not name.startswith("_")))

    def problems(self) -> list[str]:
        """What is wrong with shipped and own templates: each is rendered with sample values in each language."""
        from mailbot.render.samples import SAMPLES

        return list(self._problems(SAMPLES))

    def _problems(self, samples: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
        for language in LANGUAGES:
            for name in self.names():
                try:
                    self.render(name, language, **samples[name])
                except UserError as error:
                    yield str(error)
        for folder in self._folders[:-1]:
            known = {f"{language}/{name}" for language in LANGUAGES for name in self._files(language)}
            for path in sorted(folder.glob("*/*.md")):
                if f"{path.parent.name}/{path.stem}" not in known:
                    yield f"{path}: no mail has this name; the shipped ones are {', '.join(self.names())}"

    def _files(self, language: str) -> list[str]:
        return [path.stem for path in (shipped_folder() / language).glob("*.md")]

    def _filled(self, environment: "Environment", name: str, language: str, context: Mapping[str, object]) -> str:
        from jinja2 import TemplateError, TemplateNotFound

        words = self.words(language)
        try:
            return environment.get_template(f"{language}/{name}.md").render(**context, words=words, language=language)
        except TemplateNotFound as error:
            raise UserError(
                f"there is no template {error.name}; the shipped ones are {', '.join(self.names())}"
            ) from None
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
            # `from None`: the values of a template may be a citizen's words and must not reach a traceback
            line = getattr(error, "lineno", None)
            place = f"template {language}/{name}.md" + (f" line {line}" if line else "")
            raise UserError(f"{place}: {type(error).__name__}: {_harmless(error)}; mend or remove it") from None

    @cached_property
    def _plain(self) -> "Environment":
        environment = self._environment(_one_line)
        loader: Any = environment.loader
        find = loader.get_source
        # marks of Markdown that a reader of plain text would stumble over; only the template's own, never a value's
        loader.get_source = lambda *args: _unmarked(find(*args))
        environment.filters["answer"] = lambda label, *_: label
        environment.globals["bar"] = lambda *_: ""
        return environment

    @cached_property
    def _escaped(self) -> "Environment":
        from jinja2 import pass_context

        environment = self._environment(lambda value: value if isinstance(value, Marked) else escaped(_one_line(value)))
        environment.filters["answer"] = pass_context(
            lambda context, label, words=None: answer_link(context, _one_line(label), words)
        )
        environment.globals["bar"] = bar_mark
        return environment

    def _environment(self, finalize: Callable[[object], str]) -> "Environment":
        from jinja2 import FileSystemLoader, StrictUndefined, pass_context
        from jinja2.sandbox import SandboxedEnvironment

        environment = SandboxedEnvironment(
            loader=FileSystemLoader(self._folders),
            undefined=StrictUndefined,
            finalize=finalize,
            autoescape=False,  # `finalize` escapes for Markdown, which is what these templates are
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

        def in_words(method: str) -> Callable[..., Any]:
            return pass_context(
                lambda context, it, /, *args, **named: getattr(context["words"], method)(it, *args, **named)
            )

        for method in ("word", "phrase", "sentence", "reasons", "day", "moment", "return_date", "genitive"):
            environment.filters[method] = in_words(method)
        return environment

    @cached_property
    def _layout(self) -> "Template":
        from jinja2 import FileSystemLoader, StrictUndefined
        from jinja2.sandbox import SandboxedEnvironment

        environment = SandboxedEnvironment(
            loader=FileSystemLoader(self._folders), undefined=StrictUndefined, autoescape=True
        )
        return environment.get_template("layout.html")


def shipped_folder() -> Path:
    """`templates/` of a checkout, or where a wheel keeps it."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_shipped" / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def _read_words(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not valid TOML in UTF-8: {error}; mend or remove it") from None


def _harmless(error: Exception) -> str:
    """The message of errors that speak of the template; those that may quote a value keep silent."""
    from jinja2 import TemplateSyntaxError, UndefinedError

    return str(error) if isinstance(error, TemplateSyntaxError | UndefinedError) else "a value does not fit"


def _one_line(value: object) -> str:
    """`value` as text that cannot begin a new line, and so neither a header field nor a paragraph; shortened."""
    text = str(value)
    if len(text) > _LONGEST_VALUE:
        text = text[:_LONGEST_VALUE] + " …"
    return _CONTROL.sub(" ", text).strip()


def _unmarked(source: tuple[str, Any, Any]) -> tuple[str, Any, Any]:
    return (source[0].replace("**", "").replace("`", ""), *source[1:])


def _split(filled: str, name: str) -> tuple[str, str]:
    head, _, body = filled.lstrip().partition("\n")
    if not head.startswith(_SUBJECT):
        raise UserError(f"template {name}: the first line must begin with {_SUBJECT!r}")
    return _one_line(head.removeprefix(_SUBJECT)), re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def _wrapped(body: str) -> str:
    """`body` with its long lines broken at spaces, continued under the text of their list item."""
    lines = body.split("\n")
    for number, line in enumerate(lines):
        if _UNDERLINE.fullmatch(line) and number and lines[number - 1]:
            lines[number] = line[0] * len(lines[number - 1])
    return "\n".join(map(_wrapped_line, lines))


def _wrapped_line(line: str) -> str:
    if len(line) <= _TEXT_WIDTH:
        return line
    indent = re.match(r" *(?:- )?", line)
    assert indent is not None
    wrapper = TextWrapper(
        width=_TEXT_WIDTH,
        subsequent_indent=" " * indent.end(),
        break_long_words=False,
        break_on_hyphens=False,  # a reference must stay in one piece
        drop_whitespace=True,
    )
    return wrapper.fill(line)


def _html_of(marked: str) -> Any:
    import nh3
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    html = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).render(marked)
    clean = nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "mailto"}, link_rel=None)
    return Markup(with_bars(_UNBROKEN.sub(_kept_together, clean)))  # noqa: S704 - sanitised in the line above


def _kept_together(found: re.Match[str]) -> str:
    whole = found[0]
    return whole if whole.startswith("<") else f'<span style="white-space: nowrap">{whole}</span>'
