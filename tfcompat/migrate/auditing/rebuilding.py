"""The `tfcompat.BatchNormalization` that computes what a site computes."""

import dataclasses
from typing import Any, Dict, List, NamedTuple, Sequence

from tfcompat.config import Config
from tfcompat.migrate.auditing.site import ARGUMENTS, UNKNOWN, Site

_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Config)}

#: Ranks of inputs that the layer would fuse by default, in one release or another.
_FUSED_RANKS = (None, 4, 5)


class Rebuilt(NamedTuple):
    """A layer to write.

    Attributes:
      layer: its name in the graph, with its scopes.
      config: the arguments that differ from the defaults, and a `name` that Keras takes.
      unknown: the arguments that the graph does not show; they are left at their defaults.
    """

    layer: str
    config: Dict[str, Any]
    unknown: List[str]

    @property
    def call(self) -> str:
        """The call as source, with the name in the graph and what is unknown as a comment."""
        arguments = ", ".join("{}={!r}".format(key, value) for key, value in self.config.items())
        unknown = "; not in the graph: {}".format(", ".join(self.unknown)) if self.unknown else ""
        return "tfcompat.BatchNormalization({})  # {}{}".format(arguments, self.layer, unknown)


def rebuild(sites: Sequence[Site]) -> List[Rebuilt]:
    """One layer for all calls that share variables, or several where their arguments differ; none for folded ones."""
    found: List[Rebuilt] = []
    for site in sites:
        rebuilt = _rebuilt(site)
        if site.form != "folded" and rebuilt not in found:
            found.append(rebuilt)
    return found


def _rebuilt(site: Site) -> Rebuilt:
    arguments = dict(site.arguments, fused=_fused(site))
    names = [name for name in ARGUMENTS if arguments["renorm"] is True or not name.startswith("renorm_")]
    unknown = [name for name in names if arguments[name] == UNKNOWN]
    known = [name for name in names if name not in unknown]
    config = {name: arguments[name] for name in known if arguments[name] != _DEFAULTS[name]}
    return Rebuilt(site.layer, dict(config, name=site.layer.replace("/", "_")), unknown)


def _fused(site: Site) -> Any:
    """The default fuses what can be fused, so it is left out where it decides the same."""
    unfused = site.arguments["fused"] is False
    vetoed = site.arguments["renorm"] is True or site.arguments["virtual_batch_size"] is not None
    return False if unfused and not vetoed and site.rank in _FUSED_RANKS else None
