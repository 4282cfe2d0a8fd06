"""Diagnoses of batch normalizations while they train: a Keras callback, and a hook for sessions."""

from typing import Any, Dict, Iterator, List, Mapping, Optional, Set

from tfcompat.backend.ops import tf
from tfcompat.migrate.auditing.audit import applies_gradient
from tfcompat.migrate.auditing.calls import role_of
from tfcompat.migrate.auditing.diagnoses import Diagnosis, Evidence, diagnose, is_initial
from tfcompat.migrate.auditing.graph import Graph
from tfcompat.migrate.auditing.site import Site
from tfcompat.migrate.auditing.sites import sites_of_graph
from tfcompat.migrate.auditing.watch import Reporter, Watch
from tfcompat.migrate.names import STATISTICS

_ROLES = ("moving_mean", "moving_variance")


class Doctor(tf.keras.callbacks.Callback):  # type: ignore[misc]
    """A Keras callback that reports batch normalizations that go wrong while a model trains.

    It looks at every layer that has a moving mean and variance and is trainable: of tfcompat, of Keras 2 or Keras 3.

    Args:
      every: look after so many steps, and at the end of the training.
      action: `raise` raises `BatchNormalizationError` for what is an error and warns of the rest; `warn` warns of all;
        `log` writes to the logger `tfcompat`.

    Raises:
      ValueError: another action, or an `every` that is no positive int.
    """

    def __init__(self, every: int = 50, action: str = "raise"):
        super().__init__()
        self._every = _checked(every)
        self._reporter = Reporter(action)
        self._watch = Watch()
        self._step = 0

    @staticmethod
    def hook(every: int = 50, action: str = "raise", steps: Optional[int] = None) -> "SessionDoctor":
        """The same for sessions."""
        return SessionDoctor(every, action, steps)

    def on_train_begin(self, logs: Any = None) -> None:
        """Looks at the plan."""
        self._watch, self._step = Watch(), 0
        momenta = {name: _number(getattr(layer, "momentum", None)) for name, layer in self._layers().items()}
        self._reporter.tell(self._watch.begin(self._statistics(), momenta, _planned(self.params)))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks at the values, now and then."""
        self._step += 1
        if self._step % self._every == 0:
            self._look()

    def on_train_end(self, logs: Any = None) -> None:
        """Looks at the last values."""
        self._look()

    def _look(self) -> None:
        self._reporter.tell(self._watch.look(self._step, self._statistics()))

    def _layers(self) -> Dict[str, Any]:
        return {layer.name: layer for layer in _batch_normalizations(self.model) if layer.trainable}

    def _statistics(self) -> Dict[str, Dict[str, Any]]:
        layers = self._layers().items()
        return {name: {role: _array(getattr(layer, role)) for role in _ROLES} for name, layer in layers}


def _planned(params: Mapping[str, Any]) -> Optional[int]:
    """The steps of all epochs; Keras of TensorFlow 1 may tell samples instead of steps."""
    steps, samples, size = (params.get(key) for key in ("steps", "samples", "batch_size"))
    if not steps and samples and size:
        steps = -(-samples // size)
    return steps * params["epochs"] if steps and params.get("epochs") else None


def _checked(every: int) -> int:
    if not isinstance(every, int) or every < 1:
        raise ValueError("every is {!r}; it is a number of steps, 1 or more.".format(every))
    return every


def _batch_normalizations(layer: Any) -> Iterator[Any]:
    """The layers in a layer that have a moving mean and variance, itself included."""
    inner = getattr(layer, "_flatten_layers", None)
    for each in inner() if inner is not None else _below(layer):
        if all(getattr(each, role, None) is not None for role in _ROLES):
            yield each


def _below(layer: Any) -> Iterator[Any]:
    yield layer
    for each in getattr(layer, "layers", ()):
        yield from _below(each)


def _array(variable: Any) -> Any:
    return variable.numpy() if tf.executing_eagerly() else tf.keras.backend.get_value(variable)


def _number(momentum: Any) -> Any:
    """A momentum that is a tensor is not compared."""
    return momentum if isinstance(momentum, (int, float)) else None


class SessionDoctor(tf.compat.v1.train.SessionRunHook):  # type: ignore[misc]
    """A hook of monitored sessions that reports batch normalizations that go wrong while a v1 graph trains.

    After every so many steps it looks at the values, and at which operations the fetches of all steps so far ran, with
    the checks of `tfcompat audit`.

    Args:
      every: look after so many runs that train, and at the end.
      action: as in `Doctor`.
      steps: that the training is planned to take, None where that is not known.
    """

    def __init__(self, every: int = 50, action: str = "raise", steps: Optional[int] = None):
        self._every = _checked(every)
        self._steps = steps
        self._reporter = Reporter(action)
        self._watch = Watch()
        self._step = 0
        self._ran: Set[str] = set()
        self._closures: Dict[Any, Set[str]] = {}
        self._reads: Dict[str, Dict[str, Any]] = {}

    def begin(self) -> None:
        """Prepares to read the statistics, while the graph may still be changed."""
        self._reads = {}
        for variable in tf.compat.v1.global_variables():
            parsed = role_of(variable.op.name)
            if parsed is not None and parsed.role in STATISTICS:
                self._reads.setdefault(parsed.layer, {})[parsed.role] = variable.read_value()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Looks at the graph."""
        self._graph = Graph(session.graph.as_graph_def())
        self._sites: List[Site] = sites_of_graph(self._graph)
        self._training = {node.name for node in self._graph.nodes.values() if applies_gradient(node.op)}
        trained = {site.layer for site in self._sites if site.trains}
        self._reads = {layer: reads for layer, reads in self._reads.items() if layer in trained}
        self._watch.begin(session.run(self._reads), {}, None)

    def before_run(self, run_context: Any) -> Any:
        """Notes what runs, and asks for the statistics now and then."""
        ran = self._closure(run_context.original_args.fetches)
        self._ran |= ran
        self._step += bool(ran & self._training)
        self._due = bool(ran & self._training) and self._step % self._every == 0
        return tf.compat.v1.train.SessionRunArgs(self._reads) if self._due else None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Looks at what was asked for."""
        if self._due:
            self._look(run_values.results)

    def end(self, session: Any) -> None:
        """Looks at the last values."""
        if self._step:
            self._look(session.run(self._reads))

    def _closure(self, fetches: Any) -> Set[str]:
        names = tuple(sorted({_name(fetch) for fetch in tf.nest.flatten(fetches)}))
        if names not in self._closures:
            self._closures[names] = self._graph.ancestors(names)
        return self._closures[names]

    def _look(self, statistics: Mapping[str, Mapping[str, Any]]) -> None:
        evidence = Evidence(self._ran, False, self._steps, statistics, {})
        found: List[Diagnosis] = list(diagnose(self._sites, evidence))
        explained = {each.layer for each in found if each.code.startswith("updates-")}
        still = [each for each in self._watch.look(self._step, statistics) if each.layer not in explained]
        initial = {layer for layer, values in statistics.items() if is_initial(values)}
        self._reporter.tell(found + [each for each in still if each.layer not in initial])


def _name(fetch: Any) -> str:
    """The name of the node of a fetch: an operation, a tensor, a variable, or a name."""
    text = fetch if isinstance(fetch, str) else str(getattr(fetch, "name", fetch))
    return text.split(":")[0]
