"""Which handler acts on which kind of ticket. A new way to act by mail adds its handler here."""

from collections.abc import Mapping

from mailbot.work.answers.absence_form import FormAnswers
from mailbot.work.answers.answer import Handler
from mailbot.work.answers.check import MorningMailAnswers, StandInAnswers
from mailbot.work.answers.covers import CoverAnswers
from mailbot.work.answers.registrar import RegistrarAnswers
from mailbot.work.answers.replies import RepliesAnswers

_HANDLERS: tuple[Handler, ...] = (
    RegistrarAnswers(),
    RepliesAnswers(),
    MorningMailAnswers(),
    StandInAnswers(),
    CoverAnswers(),
    FormAnswers(),
)

HANDLERS: Mapping[str, Handler] = {handler.kind: handler for handler in _HANDLERS}
