"""From calls of `tf.layers`, `tf.contrib.layers` and slim to calls of tfcompat, in source files."""

from tfcompat.migrate.rewrite.files import Found, find, read, replace
from tfcompat.migrate.rewrite.planner import Options
from tfcompat.migrate.rewrite.report import Remark, Site, unified_diff
from tfcompat.migrate.rewrite.signatures import release_of
from tfcompat.migrate.rewrite.source import STYLES, WORDS, Rewritten, rewrite_source

__all__ = [
    "Found",
    "find",
    "read",
    "replace",
    "Remark",
    "Site",
    "unified_diff",
    "release_of",
    "STYLES",
    "WORDS",
    "Options",
    "Rewritten",
    "rewrite_source",
]
