"""Formulas: LaTeX to MathML while the site is built, so that no script has to do it in the reader's browser."""

import html
import re

from latex2mathml.converter import convert

#: What `pymdownx.arithmatex` leaves of `$...$` and `$$...$$`.
_MARKED = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def to_mathml(page):
    """A page's HTML with MathML in place of the LaTeX that arithmatex marked."""
    return _MARKED.sub(_formula, page)


def _formula(match):
    kind, latex = match.groups()
    latex = html.unescape(latex).strip()
    display = "block" if kind == "div" else "inline"
    return convert(latex, display=display).replace("<math ", '<math alttext="{}" '.format(html.escape(latex)), 1)
