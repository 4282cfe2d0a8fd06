"""A source file, rewritten."""

import dataclasses
import io
import re
import tokenize
from typing import Optional, Tuple

import libcst as cst
from libcst.metadata import (
    ExpressionContextProvider,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    ScopeProvider,
)

from tfcompat.errors import InputError
from tfcompat.migrate.rewrite.names import Resolver
from tfcompat.migrate.rewrite.plan import Surroundings
from tfcompat.migrate.rewrite.planner import Options, Planner
from tfcompat.migrate.rewrite.report import Site
from tfcompat.migrate.rewrite.transform import Transformer

#: What becomes of `tf.layers.batch_normalization`: a function of tfcompat, or a layer that is made and called.
STYLES = ("graph", "keras")

#: A file without any of these words names nothing that is rewritten.
WORDS = (b"batch_norm", b"BatchNorm")


#: Brackets that CPython takes inside of each other; LibCST's parser ends the process on some thousands.
_DEEPEST = 200


@dataclasses.dataclass(frozen=True)
class Rewritten:
    """A source file before and after, as bytes and as text, and what was found in it."""

    before: bytes
    after: bytes
    text_before: str
    text_after: str
    sites: Tuple[Site, ...]

    @property
    def changed(self) -> bool:
        """Whether the file becomes another one."""
        return self.before != self.after


def rewrite_source(source: bytes, path: str, options: Optional[Options] = None) -> Rewritten:
    """Rewrites a source file; its encoding, line ends, formatting and comments stay.

    Raises:
      InputError: it does not parse as Python 3, or cannot be written back as it was.
    """
    try:
        return _rewritten(source, path, options or Options())
    except RecursionError:
        raise InputError(
            "{}: an expression is nested too deep for LibCST; rewrite the file by hand".format(path)
        ) from None


def _rewritten(source: bytes, path: str, options: Options) -> Rewritten:
    module = _parsed(source, path)
    text = module.code
    if not any(word in source for word in WORDS):
        return Rewritten(source, source, text, text, ())
    wrapper = MetadataWrapper(module)
    scopes = wrapper.resolve(ScopeProvider)
    resolver = Resolver(wrapper.module, scopes)
    where = Surroundings(wrapper.module, wrapper.resolve(ParentNodeProvider), wrapper.resolve(PositionProvider))
    contexts = wrapper.resolve(ExpressionContextProvider)
    plan = Planner(wrapper.module, resolver, where, contexts, options).plan()
    if not plan.changes:
        return Rewritten(source, source, text, text, tuple(plan.sites))
    after = wrapper.module.visit(Transformer(plan, wrapper.module))
    _parsed(after.bytes, path)
    return Rewritten(source, after.bytes, text, after.code, tuple(plan.sites))


def _parsed(source: bytes, path: str) -> cst.Module:
    if _is_nested_too_deep(source):
        raise InputError("{}: brackets are nested more than {} deep, which Python refuses".format(path, _DEEPEST))
    try:
        module = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise InputError(
            "{}:{}:{}: this is not Python 3. If it is Python 2, convert it first, for example with 2to3; else mend the "
            "line.".format(path, error.raw_line, error.raw_column + 1)
        ) from None
    except (UnicodeDecodeError, LookupError, SyntaxError) as error:
        raise InputError(
            "{}: cannot be decoded: {}. Declare its encoding in the first line, or save it as UTF-8.".format(
                path, error
            )
        ) from None
    if module.bytes != source:
        raise InputError("{}: LibCST would not write it back byte for byte; rewrite it by hand.".format(path))
    return module


def _is_nested_too_deep(source: bytes) -> bool:
    """Whether brackets are nested as Python would refuse; those in strings and comments do not count."""
    depth = deepest = 0
    for bracket in re.findall(rb"[()\[\]{}]", source):
        depth += 1 if bracket in b"([{" else -1
        deepest = max(deepest, depth)
    return deepest > _DEEPEST and _deepest_of_tokens(source) > _DEEPEST


def _deepest_of_tokens(source: bytes) -> int:
    depth = deepest = 0
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
            deepest = max(deepest, depth)
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return max(deepest, _DEEPEST + 1)
    return deepest
