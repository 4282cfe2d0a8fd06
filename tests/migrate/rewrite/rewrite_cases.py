"""The cases: source before, and source and report after, in either style.

A file in `cases` begins with `# KIND OPTIONS`. The kinds: `runs` (on any TensorFlow that has the real function),
`contrib` (where there is contrib, TensorFlow 1.15), `reads` (is only read). Options: `keras2` (needs another layer of
tf.layers), `python-training` (`training` is a Python bool), `random` (draws numbers, other ones in eager mode),
`graph-only` (its Keras style has other variables), `rounds` (contrib rounds its averages otherwise), and those of the
command. A line of a report is LINE:COLUMN SOURCE,
then `-> TARGET [note] ...` or `left: REASON`.
"""

import pathlib

FOLDER = pathlib.Path(__file__).parent / "cases"
STYLES = ("graph", "keras")


class Case:
    def __init__(self, path):
        self.name = path.stem
        head, *sections = path.read_text(encoding="utf-8").split("=== ")
        self.kind, *self.options = head.split()[1:]
        self.sections = dict(section.split("\n", 1) for section in sections)
        self.before = self.sections["before"]

    def __repr__(self):
        return self.name

    def after(self, style):
        text = self.sections[style]
        return self.before if text == "(as before)\n" else text

    def report(self, style):
        return self.sections[style + " report"].splitlines()

    def is_all_rewritten(self, style):
        return not any(" left: " in line for line in self.report(style))

    @property
    def release(self):
        return self.options[1] if self.options[:1] == ["--from-release"] else None

    @property
    def variables(self):
        """Names that TensorFlow 1.15 gives the variables of a contrib case."""
        return self.sections["variables"].splitlines()


def all_cases(*kinds):
    cases = [Case(path) for path in sorted(FOLDER.glob("*.txt"))]
    return [case for case in cases if not kinds or case.kind in kinds]
