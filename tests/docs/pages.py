"""The pages under docs/, and the blocks of code in them."""

import collections
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

#: All pages, by their path under docs/.
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}

#: A block of code: the page it is on, the number of its first line, its language, what is in it.
Block = collections.namedtuple("Block", "page line language body")

_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<language>[^\n]*)\n(?P<body>.*?)^[ \t]*(?P=fence)[ \t]*$", re.M | re.S
)


def blocks_of(page, text):
    """The `Block`s of a page, in order.

    Raises:
      ValueError: a fence that is indented, or that is never closed.
    """
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match.group("indent"):
            raise ValueError("{}:{}: the block is indented; put it at the margin".format(page, line))
        found.append(Block(page, line, match.group("language").strip(), match.group("body")))
    if re.search(r"^\s*(```|~~~)", _FENCE.sub("", text), re.M):
        raise ValueError("{}: a block is never closed".format(page))
    return found


def prose_of(text):
    """A page without its blocks of code."""
    return _FENCE.sub("", text)


#: The blocks of the English pages; those of the Chinese ones are the same.
BLOCKS = [block for page, text in PAGES.items() if not page.startswith("zh/") for block in blocks_of(page, text)]


def commands_of(block):
    """The words of each command in a block of `sh`; a backslash at the end of a line goes on in the next one."""
    return [shlex.split(line) for line in block.body.replace("\\\n", " ").splitlines()]


def jobs_of(block, folder):
    """The jobs of a block, as `run_blocks` reads them."""
    if block.language == "python":
        program = folder / "block{}.py".format(block.line)
        program.write_text(block.body, encoding="utf-8")
        return [{"program": str(program)}]
    return [{"command": words} for words in commands_that_run(block)]


def commands_that_run(block):
    """The commands of a block that are quick, change nothing outside of the folder, and so are run.

    All of `tfcompat`; of the harness those whose output is on the page.
    """
    if block.language != "sh":
        return []
    lines = commands_of(block)
    after = BLOCKS[BLOCKS.index(block) + 1 :][:1]
    shown = bool(after) and after[0].page == block.page and after[0].language == "text"
    harness = [words[2:] for words in lines if words[:3] == ["python", "-m", "golden"] and shown]
    return [words for words in lines if words[0] == "tfcompat"] + harness
