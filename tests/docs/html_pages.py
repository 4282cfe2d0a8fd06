"""What a page of HTML has: titles, anchors, links, and what a browser loads for it."""

import html.parser
import re
import urllib.parse

#: Element -> attributes with something that a browser loads by itself.
_LOADED = dict.fromkeys(("script", "img", "iframe", "audio", "source", "embed", "track", "input"), ("src",))
_LOADED.update(link=("href",), object=("data",), video=("src", "poster"))
_LOADED.update(dict.fromkeys(("image", "use"), ("href", "xlink:href")))
_URLS = re.compile(r"""url\(\s*['"]?([^'")\s]+)|@import\s+['"]([^'"]+)""")


class HtmlPage(html.parser.HTMLParser):
    """One page.

    Attributes:
      anchors: ids and names in it.
      classes: all classes of elements.
      components: what Material's script takes an element for.
      links: what its links lead to.
      loaded: addresses that a browser loads.
      titles: the texts of its `title` and `h1`.
      text: all that people read.
    """

    def __init__(self, text):
        super().__init__()
        self.anchors, self.classes, self.components = set(), set(), set()
        self.links, self.loaded = [], []
        self.titles, self.text = {"title": "", "h1": ""}, ""
        self._open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors.update(given[name] for name in ("id", "name") if given.get(name))
        self.classes.update((given.get("class") or "").split())
        self.components.add(given.get("data-md-component"))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self.loaded += [given[name] for name in _LOADED.get(tag, ()) if given.get(name)]
        self.loaded += [each.split()[0] for each in (given.get("srcset") or "").split(",") if each.strip()]
        self.loaded += urls_of_css(given.get("style") or "")
        if tag == "br":
            self.text += " "
        self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        if inside == "style":
            self.loaded += urls_of_css(data)
        elif inside != "script":
            self.text += data
        for tag in self.titles:
            if tag in self._open and "svg" not in self._open:
                self.titles[tag] += data


def urls_of_css(text):
    """The addresses that a style sheet loads."""
    return [first or second for first, second in _URLS.findall(text)]


def is_outside(address):
    """Whether an address leads to another machine."""
    parts = urllib.parse.urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ws", "wss", "ftp")
