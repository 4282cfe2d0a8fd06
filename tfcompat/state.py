"""What a layer knows, apart from Keras: its config, plan, objects, and who keeps its variables."""

from types import ModuleType
from typing import Any, Iterator, Mapping, Optional, Union

from tfcompat import releases
from tfcompat.backend import ops, serial
from tfcompat.backend.eager import Eager
from tfcompat.backend.v1_graph import Scoped
from tfcompat.config import Config
from tfcompat.plan import Plan, Shape

#: The names that variables of a layer may have.
WEIGHTS = (
    *("gamma", "beta", "moving_mean", "moving_variance", "moving_stddev"),
    *("renorm_mean", "renorm_mean_weight", "renorm_stddev", "renorm_stddev_weight"),
)


class State:
    """What a layer knows; opaque to Keras, which would wrap and track dicts and lists.

    Attributes:
      config: what was asked for.
      release: the release that somebody chose to follow, None for the one that runs.
      behaviour: of the release that is followed.
      objects: initializers, regularizers and constraints as callables.
      dtype: name of the dtype that the layer was given, or that its first input has.
      dtype_given: whether it was given.
      plan, shape: what runs, and the shape of the first input; None until built.
      life: who keeps the variables and makes the changes.
      affine_trains: whether gamma and beta are made as trainable variables.
    """

    def __init__(self, host: ModuleType, config: Config, release: Optional[str]) -> None:
        self.release, self.behaviour = release, releases.behaviour(release or ops.RELEASE)
        self.config = config.validated(self.behaviour)
        self.objects = serial.resolve(host, config)
        self.dtype: Optional[str] = None
        self.dtype_given = False
        self.plan: Optional[Plan] = None
        self.shape: Optional[Shape] = None
        self.life: Union[Eager, Scoped] = Eager(host)
        self.affine_trains = True


class CurrentWeights(Mapping[str, Any]):
    """What kernels read: every variable by name as it is now, None for those that the layer does not have."""

    def __init__(self, life: Union[Eager, Scoped]) -> None:
        self._life = life

    def __getitem__(self, name: str) -> Any:
        return self._life.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(WEIGHTS)

    def __len__(self) -> int:
        return len(WEIGHTS)
