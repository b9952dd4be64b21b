"""HTML of real programs, rendered as a person reads it and so that quotations are seen."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailbot.mail.html import to_text
from mailbot.mail.html_hostile import crude_text, is_too_costly, tamed
from mailbot.mail.parts import split

CASES = [
    ("", ""),
    ("Hej", "Hej\n"),
    ("<p>Hej!</p><p>När öppnar ni?</p>", "Hej!\n\nNär öppnar ni?\n"),
    ("Hej<br>då<br><br>Anna", "Hej\ndå\n\nAnna\n"),
    ("<div>Hej</div><div><br></div><div>Anna</div>", "Hej\n\nAnna\n"),
    ("  Hej\n  på   <b>dig</b> ,&nbsp;Anna ", "Hej på dig , Anna\n"),
    ("<b>bygg</b>lov", "bygglov\n"),
    ("<ul><li>ett</li><li>två<ul><li>tre</li></ul></li></ul>Slut", "- ett\n- två\n- tre\n\nSlut\n"),
    ("<table><tr><td>Namn</td><td>Belopp</td></tr><tr><td>Ek</td><td>12</td></tr></table>", "Namn\tBelopp\nEk\t12\n"),
    ("<table><tr><td><p>Namn</p></td><td><p>Belopp</p></td></tr></table>", "Namn\tBelopp\n"),
    ("<a href='https://x.example'>Ansökan</a>", "Ansökan\n"),
    ("<head><title>x</title><style>p{}</style></head><script>y()</script><!-- z -->Hej", "Hej\n"),
    ("<div style='display: none'>Dold</div>Hej", "Hej\n"),
    ("<span hidden>Dold</span>Hej", "Hej\n"),
    ("<font style='DISPLAY:NONE !important'>Dold</font>Hej", "Hej\n"),
    ("<div style='max-height:0;overflow:hidden'>Dold</div>Hej", "Hej\n"),
    ("<div style='mso-hide:all'>Dold</div>Hej", "Hej\n"),
    ("<div style='font-size:0'>dold<span style='font-size:14px'>syns</span></div>", "syns\n"),
    ("<pre>a\n  b</pre>c", "a\n  b\n\nc\n"),
    ("K&ouml;p &lt;nu&gt; &amp; spara &#228;gg", "Köp <nu> & spara ägg\n"),
    ("a<hr>b", "a\n" + "_" * 32 + "\nb\n"),
    (
        "<p class=MsoNormal>Hej!</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>Anna</p>",
        "Hej!\n\nAnna\n",
    ),
    ("<svg><text>q</text></svg><template>inne</template><select><option>val</select>Hej", "Hej\n"),
    ("<p>Hej <unknown>du</unknown></p", "Hej du\n"),
    ("a\x00b", "ab\n"),
]


@pytest.mark.parametrize(("html", "text"), CASES)
def test_rendering(html: str, text: str) -> None:
    assert to_text(html) == text


GMAIL = (
    '<div dir="ltr">Ja, det går bra.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
    'class="gmail_attr">Den tis 12 maj 2026 kl 08:15 skrev Lars &lt;<a href="mailto:l@x.example">l@x.example</a>&gt;:<br>'  # noqa: E501
    '</div><blockquote class="gmail_quote" style="margin:0;border-left:1px solid"><div>Kan vi ses?</div></blockquote></div>'  # noqa: E501
)
OUTLOOK_DESKTOP = (
    '<div class="WordSection1"><p class="MsoNormal">Ja, det går bra.<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p>'  # noqa: E501
    '</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>'  # noqa: E501
    "Från:</b> Lars &lt;l@x.example&gt; <br><b>Skickat:</b> den 12 maj 2026 08:15<br><b>Till:</b> Anna<br><b>Ämne:</b> "
    'Mötet<o:p></o:p></p></div></div><p class="MsoNormal">Kan vi ses?<o:p></o:p></p></div>'
)
OUTLOOK_FRENCH = OUTLOOK_DESKTOP.replace("Från:", "De :").replace("Skickat:", "Envoyé :").replace("Till:", "À :")
OUTLOOK_BY_BROWSER = OUTLOOK_FRENCH.replace(
    "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm",
    "border-width: 1pt medium medium; border-style: solid none none; padding: 3pt 0cm 0cm",
)
OUTLOOK_WEB = (
    '<div>Ja, det går bra.</div><div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr">'
    "<b>Von:</b> Lars<br><b>X:</b> y</div><div>Kan vi ses?</div>"
)
OUTLOOK_WEB_AGAIN = OUTLOOK_WEB.replace("divRplyFwdMsg", "x_x_divRplyFwdMsg").replace("appendonsend", "x_appendonsend")
APPLE = (
    "Ja, det går bra.<br><br>Skickat från min iPhone<div><br><blockquote type='cite'>12 maj 2026 kl. 08:15 skrev Lars "
    "&lt;l@x.example&gt;:<br><br></blockquote></div><blockquote type='cite'><div>Kan vi ses?</div></blockquote>"
)
THUNDERBIRD = (
    '<p>Ja, det går bra.</p><div class="moz-cite-prefix">Den 2026-05-12 kl. 08:15, skrev Lars:<br></div>'
    '<blockquote type="cite" cite="mid:1@x.example"><p>Kan vi ses?</p></blockquote>'
)
YAHOO = (
    '<div>Ja, det går bra.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>Den tisdag 12 maj 2026 08:15:00 CEST, '  # noqa: E501
    "Lars &lt;l@x.example&gt; skrev:</div><div>Kan vi ses?</div></div>"
)
GMAIL_FORWARD = (
    '<div dir="ltr">Ja, det går bra.<br><br><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message '  # noqa: E501
    "---------<br>From: Lars</div>Kan vi ses?</div></div>"
)


@pytest.mark.parametrize(
    "html",
    [
        GMAIL,
        OUTLOOK_DESKTOP,
        OUTLOOK_FRENCH,
        OUTLOOK_BY_BROWSER,
        OUTLOOK_WEB,
        OUTLOOK_WEB_AGAIN,
        APPLE,
        THUNDERBIRD,
        YAHOO,
        GMAIL_FORWARD,
    ],
)
def test_quotations_of_mail_programs(html: str) -> None:
    text = to_text(html)
    new = "".join(text[span.start : span.end] for span in split(text) if span.kind == "new")
    assert new.strip() == "Ja, det går bra."


def test_words_below_a_quotation_in_gmail_stay_new() -> None:
    text = to_text(GMAIL.replace("Ja, det går bra.", "") + "<div>Klockan nio?</div>")
    new = "".join(text[span.start : span.end] for span in split(text) if span.kind == "new")
    assert new.strip() == "Klockan nio?"


def test_an_indented_paragraph_of_gmail_is_no_quotation() -> None:
    html = 'Hej<blockquote style="margin:0 0 0 40px;border:none;padding:0px">indraget</blockquote>'
    assert ">" not in to_text(html)


def test_a_line_drawn_above_a_paragraph_quotes_nothing() -> None:
    line = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm"
    html = f'<div style="{line}"><p>Observera: <b>ny tid</b></p></div>'
    assert to_text(html) == "Observera: ny tid\n"


def test_levels_of_quotation_are_counted() -> None:
    html = "<blockquote type=cite>ett<blockquote type=cite>två</blockquote></blockquote>tre"
    assert to_text(html) == "> ett\n> >\n> > två\n\ntre\n"


def test_five_thousand_nested_elements_keep_their_text() -> None:
    assert to_text("<div>" * 5000 + "Hej" + "</div>" * 5000) == "Hej\n"


def test_what_would_stall_the_parser_is_still_read() -> None:
    html = "<div>" * 50_000 + "<p>Hej &amp; hå</p><style>p{}</style><script>x</script><!-- y -->då"
    assert is_too_costly(html)
    assert to_text(html) == "Hej & hå\ndå\n"


def test_an_embedded_picture_does_not_hide_what_follows() -> None:
    html = f'<p>Före</p><img src="data:image/png;base64,{"A" * 50_000}"><p>Efter</p>'
    assert to_text(html) == "Före\n\nEfter\n"


FRAGMENT = st.sampled_from(
    """<p> </p> <table> <td> </table> <b <!-- --> <script> </script> &amp; &#0; <hr> <blockquote> </blockquote> <li>
    <pre> <template> <svg> <div|id=divRplyFwdMsg> ord | <select> <frameset> <plaintext> <textarea> <title> <![CDATA[ <?x
    <p|style=font-size:0>""".replace("\n", " ").split()
).map(lambda fragment: fragment.replace("|", " "))


@given(st.lists(st.one_of(FRAGMENT, st.text(max_size=10)), max_size=40).map("".join))
@example("<pre><div id=divRplyFwdMsg> ")
@example("<pre>a  <div id=divRplyFwdMsg> b ")
def test_any_html_gives_text(html: str) -> None:
    for text in (to_text(html), crude_text(tamed(html))):
        assert "\x00" not in text
        assert text == "" or text.endswith("\n")
