"""What is said about each place in a source file."""

import dataclasses
import difflib
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

#: Why a place is left as it is.
REASONS = {
    "ambiguous": "{source} is something else as well in this file ({names}); give the two different names",
    "arg-scope": "slim.arg_scope sets defaults of batch_norm in this file; write them out in the call",
    "argument": "{name} has no equivalent; {cure}",
    "assigned": "the name is assigned or deleted here; tfcompat.install() may do what you want",
    "collections": "updates_collections={value} is neither UPDATE_OPS nor None; tfcompat knows no other collection",
    "data-format": "data_format={value} is not written as 'NHWC' or 'NCHW'; write axis=-1 or axis=1",
    "default-scope": "without scope, calls in one block or in a loop are told apart by a number; give each a scope",
    "dict": "{name} is not written as a dict with the keys {keys}",
    "dynamic": "the name is a string; write tfcompat.{target} by hand",
    "keras-name": "Keras takes no slash in the name of a layer; give another name",
    "module-passed": "the whole module {source} is passed on; what is taken from it cannot be seen here",
    "no-inputs": "the call has no inputs",
    "not-called": "contrib has other defaults, and its function is {usage}, not called; write a function around it",
    "not-called-keras": "the Keras style makes a layer first; here the function is {usage}, not called",
    "passed-unnamed": "{given} cannot be told apart from other arguments; write them out by name",
    "reuse": "in the Keras style a layer is shared by calling one object again, not by reuse; share the object",
    "star-import": "the name comes from an import of *; import it by name",
    "unknown-argument": "{name} is no argument of {source}",
    "update-ops": "in the Keras style, outside v1 graphs, updates happen at once, and this collection stays empty",
}

#: What changes in meaning, or may, where a place is rewritten.
NOTES = {
    "comment-lost": "a comment inside the call could not be kept: {comments}",
    "contrib-rank-2": "contrib fuses an input of rank 2: its moving variance is n/(n-1) times that of tf.layers",
    "contrib-collection": "contrib puts its variables into GraphKeys.MODEL_VARIABLES too, tfcompat does not: pass "
    "tf.global_variables() where slim.get_model_variables() is used",
    "contrib-immediate": "where updates_collections is None, contrib rounds the averages otherwise, by a last digit",
    "contrib-scope": 'without scope, contrib calls a second one in the same variable scope "BatchNorm_1"; here a '
    "second one raises ValueError, or shares the variables where the variable scope is reused",
    "contrib-arg-scope": "an arg_scope in another file would change the defaults that are written out here",
    "evaluation-order": "arguments of the layer are now evaluated before its input, where both call something",
    "keras-layer": "whenever this runs, it makes a layer with variables of its own: make the layer once, call it often",
    "keras-training": "training was left out and is False in tf.layers; take training=False out to follow Keras",
    "positional-order": "position {first} and later are read as TensorFlow 1.5 does; where the code was written for an "
    "earlier release, they mean other arguments, and --from-release tells them apart",
    "positional-renamed": "position {first} and later are written by name, as TensorFlow {release} reads them",
    "star-arguments": "{given} is left as it is; its names must be those of tf.layers in TensorFlow 1.5 and later",
}


class Remark(NamedTuple):
    """A reason or a note: its code, the same in every run, and a sentence."""

    code: str
    text: str


def reason(code: str, **values: Any) -> Remark:
    """Why something is left."""
    return Remark(code, REASONS[code].format(**values))


def note(code: str, **values: Any) -> Remark:
    """What to know about something that is rewritten."""
    return Remark(code, NOTES[code].format(**values))


@dataclasses.dataclass(frozen=True)
class Site:
    """A place that names batch normalization: line and column from 1, and what becomes of it.

    `target` is what is written there, None where the place is left; the first of `remarks` then says why.
    """

    line: int
    column: int
    source: str
    target: Optional[str]
    remarks: Tuple[Remark, ...] = ()

    @property
    def status(self) -> str:
        """`rewritten` or `left`."""
        return "left" if self.target is None else "rewritten"

    def as_json(self) -> Dict[str, Any]:
        """What a program reads."""
        return {
            "line": self.line,
            "column": self.column,
            "source": self.source,
            "status": self.status,
            "target": self.target,
            "remarks": [remark._asdict() for remark in self.remarks],
        }


def unified_diff(path: str, before: str, after: str) -> List[str]:
    """Lines of a diff that `patch` takes, without their ends; a carriage return is part of a line."""
    lines = difflib.unified_diff(_lines(before), _lines(after), path, path, lineterm="")
    return [part for line in lines for part in line.split("\n")]


def _lines(text: str) -> List[str]:
    """Lines as `patch` counts them; the last one tells if it has no end."""
    *lines, rest = text.split("\n")
    return lines + ([rest + "\n\\ No newline at end of file"] if rest else [])
