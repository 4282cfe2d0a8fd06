"""Every block of code on the pages is run, or, where that would take long or change the machine, parsed."""

import json
import re

import pytest

import tfcompat.__main__
from benchmarks import __main__ as measuring
from benchmarks import scale
from fuzz import file_command
from fuzz.command import parser as fuzz_parser
from golden import __main__ as harness
from golden import catalogue, environments, record, record_all, verify_all
from mutation.command import parser as mutate_parser
from pages import BLOCKS, PAGES, ROOT, blocks_of, commands_of, commands_that_run

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

COMMANDS = {"tfcompat": tfcompat.__main__, "golden": harness, "benchmarks": measuring, "benchmarks.scale": scale}
PARSERS = {
    "scripts/record.py": record.parser,
    "scripts/record_all.py": record_all.parser,
    "scripts/verify_all.py": verify_all.parser,
    "scripts/fuzz.py": fuzz_parser,
    "scripts/mutate.py": mutate_parser,
    "scripts/fuzz_files.py": file_command.parser,
}


def named(blocks):
    return [pytest.param(block, id="{}-{}".format(block.page.replace(".md", ""), block.line)) for block in blocks]


def of_language(language):
    return [block for block in BLOCKS if block.language == language]


def extras():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["optional-dependencies"]


def test_every_block_is_in_a_language_that_is_checked_here():
    unknown = ["{0.page}:{0.line}: {0.language!r}".format(b) for b in BLOCKS if b.language not in CHECKED]
    assert not unknown


@pytest.mark.parametrize("text", ["- a\n\n    ```python\n    x\n    ```\n", "```sh\nls\n"])
def test_block_that_would_be_overlooked_is_an_error(text):
    with pytest.raises(ValueError, match="margin|never closed"):
        blocks_of("page.md", text)


@pytest.mark.parametrize("block", named(of_language("python") + [b for b in BLOCKS if commands_that_run(b)]))
def test_block_runs(block, printed):
    results, errors = printed
    allowed = (0, 1) if "tfcompat audit" in block.body else (0,)
    assert [status for status, _ in results[block] if status not in allowed] == [], errors


@pytest.mark.parametrize("block", named(of_language("text")))
def test_text_is_what_the_block_before_it_prints(block, printed):
    before = BLOCKS[BLOCKS.index(block) - 1]
    assert before.page == block.page and before in printed[0], "text follows a block that runs"
    told = "".join(text for _, text in printed[0][before])
    assert agrees(block.body, told), told


def agrees(expected, told):
    """Whether a text is what is expected: `...` stands for any lines, or within a line for anything."""
    lines = [line.rstrip() for line in expected.strip("\n").splitlines()]
    patterns = [r"(?:.*\n)*?" if line == "..." else in_line(line) + r"\n" for line in lines]
    told = "".join(line.rstrip() + "\n" for line in told.strip("\n").splitlines())
    return re.fullmatch("".join(patterns), told) is not None


def in_line(line):
    return ".*?".join(re.escape(part) for part in line.split("..."))


@pytest.mark.parametrize(
    "expected, told, verdict",
    [
        *(("a\nb\n", "a\nb\n", True), ("a\n", "a\nb\n", False), ("a\nb\n", "a\n", False), ("a", "b", False)),
        *(("a\n...\nc\n", "a\nb\nb\nc\n", True), ("a\n...\n", "a\n", True), ("a\n...\nc\n", "a\nb\n", False)),
        *(("a ... c\n", "a b c\n", True), ("a ... c\n", "a b\nc\n", False), ("a\n", "a  \n", True), ("", "a\n", False)),
    ],
)
def test_texts_are_compared_line_by_line(expected, told, verdict):
    assert agrees(expected, told) is verdict


@pytest.mark.parametrize("block", named(of_language("sh")))
def test_command_is_one_that_its_program_takes(block):
    for command in commands_of(block):
        for words in split(command, "&&"):
            check(words)


def split(words, at):
    """The parts of a list between elements."""
    ends = [i for i, word in enumerate(words) if word == at] + [len(words)]
    return [words[start:end] for start, end in zip([0] + [i + 1 for i in ends], ends)]


def check(words):
    """Fails where a command would not be understood."""
    program = words[:3] if words[:2] == ["python", "-m"] else words[:2] if words[0] == "python" else words[:1]
    rest = words[len(program) :]
    if program[-1] in COMMANDS:
        COMMANDS[program[-1]].parser().parse_args(rest)
    elif program[-1] in PARSERS and rest != ["--help"]:
        PARSERS[program[-1]]().parse_args(rest)
    elif program[-1] == "scripts/install_release.py":
        assert environments.of_release(rest[0])
    elif program[0] == "python":
        assert (ROOT / program[1]).exists() and rest in ([], ["--help"])
    else:
        TOOLS[program[0]](rest)


def check_pip(words):
    assert words[0] == "install"
    (asked,) = re.fullmatch(r"\.\[([a-z,]+)\]", words[1]).groups()
    assert set(asked.split(",")) <= set(extras())


def check_paths(words):
    assert all((ROOT / word).exists() for word in words)


def check_mkdocs(words):
    from mkdocs.__main__ import cli

    command = cli.commands[words[0]]
    command.make_context(words[0], list(words[1:]), resilient_parsing=False)


def check_lint(words):
    assert words in (["check", "."], ["format", "--check", "."], [])


def check_tox(words):
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    (section,) = re.findall(r"^\[testenv:packaging-\{(.*)\}\]$", tox, re.MULTILINE)
    option, names = words
    assert option == "-e" and set(names.split(",")) <= {"packaging-" + name for name in section.split(", ")}


TOOLS = {
    "pip": check_pip,
    "pytest": check_paths,
    "mkdocs": check_mkdocs,
    "ruff": check_lint,
    "mypy": check_lint,
    "tox": check_tox,
}


@pytest.mark.parametrize("block", named(of_language("json")))
def test_case_is_one_that_the_catalogue_takes(block, tmp_path):
    family = {"family": "documented", "about": "what a page shows", "cases": [json.loads(block.body)]}
    (tmp_path / "documented.json").write_text(json.dumps(family), encoding="utf-8")
    (case,) = catalogue.load(str(tmp_path)).values()
    assert case["id"] not in catalogue.load()


CHECKED = {"python", "sh", "text", "json"}


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("zh/")])
def test_chinese_page_has_the_code_of_the_english_one(page):
    def code(of):
        return [(block.language, block.body) for block in blocks_of(of, PAGES[of])]

    assert code(page) == code(page[len("zh/") :])
