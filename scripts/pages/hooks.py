"""What MkDocs calls while it builds the site: puts what is made from data in the places that pages name.

A page says `<!-- render: NAME -->`, or with an argument `<!-- render: NAME ARGUMENT -->`, alone on a line.
"""

import json
import pathlib
import re
import sys

from mkdocs.exceptions import PluginError

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.pages import averages, formulas, sharing, tables  # noqa: E402

#: What becomes Markdown.
TEXTS = {
    "diagnoses": tables.diagnoses,
    "diagnosis": tables.diagnosis,
    "environment": tables.environment,
    "families": tables.families,
    "history": tables.history,
    "mutation": tables.mutation,
    "recorded": tables.recorded,
    "specification": tables.specification,
    "traits": tables.traits,
}

#: What is HTML already.
FIGURES = {"averages": averages.figure, "sharing": sharing.figure}

_PLACE = re.compile(r"^<!-- render: (\S+)(?: (\S+))? -->$", re.MULTILINE)
_HAN = re.compile("[\u4e00-\u9fff]+")
_WRAPPED = re.compile("(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")


def on_page_markdown(markdown, page, **_):
    """Puts tables in their places; a line that ends within Chinese text is no space between words."""

    def render(match):
        name, argument = match.groups()
        if name not in TEXTS and name not in FIGURES:
            raise PluginError("{}: there is no {!r} to render".format(page.file.src_uri, name))
        return match.group() if name in FIGURES else TEXTS[name](*[argument] * bool(argument))

    return _PLACE.sub(render, _WRAPPED.sub("", markdown))


def on_page_content(html, **_):
    """Puts pictures in their places, and formulas as browsers read them."""
    return formulas.to_mathml(_PLACE.sub(lambda match: FIGURES[match.group(1)](), html))


def on_post_page(output, page, **_):
    """Says in which language a page is."""
    language = "zh" if page.file.src_uri.startswith("zh/") else "en"
    return output.replace('<html lang="en"', '<html lang="{}"'.format(language), 1)


def on_post_build(config, **_):
    """Lets the search find Chinese: it looks for words, so every character becomes one."""
    index = pathlib.Path(config.site_dir, "search", "search_index.json")
    found = json.loads(index.read_text(encoding="utf-8"))
    for entry in found["docs"]:
        for field in ("title", "text"):
            entry[field] = _HAN.sub(lambda match: "\u200b".join(match.group()), entry[field])
    index.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
