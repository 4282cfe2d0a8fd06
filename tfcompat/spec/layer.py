"""The reference as a layer, which the harness runs beside the recordings: `--subject tfcompat.spec.layer:reference`.

It decides for itself what is averaged over and which kernel TensorFlow would take; of the package it uses the table of
releases alone, so that the two are not wrong together.
"""

from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from tfcompat import releases
from tfcompat.spec import reference as formulas
from tfcompat.spec.reference import IDENTITY, Affine, Array, Moments

#: Defaults of the arguments that change numbers.
_DEFAULTS: Dict[str, Any] = {
    "axis": -1,
    "momentum": 0.99,
    "epsilon": 1e-3,
    "center": True,
    "scale": True,
    "trainable": True,
    "gamma_initializer": np.ones,
    "beta_initializer": np.zeros,
    "moving_mean_initializer": np.zeros,
    "moving_variance_initializer": np.ones,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
    "fused": None,
    "virtual_batch_size": None,
    "adjustment": None,
}
#: The fused kernel of releases that clamp it gets no smaller epsilon.
_SMALLEST_FUSED_EPSILON = 1.001e-5
#: What the fused kernel adds where it is told no epsilon.
_DEFAULT_KERNEL_EPSILON = 1e-4


class Stepped(NamedTuple):
    """What one call does.

    Attributes:
      y: the output, of the shape of the input.
      gradients: of the sum of dy * y by `x`, `gamma` and `beta`; with `second:` before the name, of the sum of dy * dx.
      moved: the variables that the call changes, as they are afterwards.
    """

    y: Array
    gradients: Dict[str, Array]
    moved: Dict[str, Array]


def reference(case: Any) -> "Layer":
    """The layer of a case of the harness: see `golden.conformance.Case`.

    Raises:
      ValueError: an axis or a batch that virtual batches cannot have.
    """
    return Layer(case, releases.behaviour(case.release))


class Layer:
    """Batch normalization of inputs of one shape, as one release does it in one mode.

    Args:
      case: shape, dtype and arguments of the call, the mode, and whether `training` is known before it runs.
      rules: of the release.

    Attributes:
      variables: name -> initial value, float64, of the shape that TensorFlow gives the variable.
    """

    def __init__(self, case: Any, rules: releases.Behaviour) -> None:
        self.case, self.rules = case, rules
        self.arguments = {**_DEFAULTS, **case.arguments}
        rank, axis = len(case.shape), self.arguments["axis"]
        self.kept = tuple(a % rank for a in ([axis] if np.ndim(axis) == 0 else axis))
        self.fused = self._takes_fused_kernel(rank)
        self.reduced = tuple(a for a in range(rank) if a not in self.kept)
        self.param_shape = tuple(case.shape[a] if a in self.kept else 1 for a in range(rank))
        if self.grouped:
            self._check_groups()
            self.reduced = (0,) + tuple(a + 1 for a in self.reduced if a)
            self.param_shape = (1, *self.param_shape)
        self.variables = self._initial()

    @property
    def grouped(self) -> bool:
        """Whether there are virtual batches."""
        return self.arguments["virtual_batch_size"] is not None

    @property
    def epsilon(self) -> float:
        """What is added to variances."""
        given = self.arguments["epsilon"]
        if given is None and self.fused:
            return _DEFAULT_KERNEL_EPSILON
        return max(given, _SMALLEST_FUSED_EPSILON) if self.fused and self.rules.fused_epsilon_clamped else given

    @property
    def mean_is_constant(self) -> bool:
        """Whether the variance is taken of deviations from a mean that is a constant to its gradients."""
        right = self.rules.variance_depends_on_mean or self.rules.variance_of_shifted_sums
        return not (self.fused or right)

    def rate(self, name: str) -> float:
        """1 - momentum, which TensorFlow rounds to float32 unless the momentum is a float64 of NumPy or a tensor."""
        momentum = self.arguments[name]
        if isinstance(momentum, np.float64):
            return float(1.0 - momentum)
        if self.rules.averages_move_by_momentum:
            return float(1.0 - np.float32(momentum))
        return float(np.float32(1.0 - momentum))

    def step(
        self,
        variables: Mapping[str, Array],
        x: Array,
        training: bool,
        dy: Array,
        mask: Optional[Array] = None,
        second_order: bool = False,
    ) -> Stepped:
        """One call.

        Args:
          variables: name -> value before the call.
          x, dy: input, and the gradient of the loss by the output.
          training: whether the statistics are those of the batch.
          mask: which elements count, of the shape of `x` without its last axis; None: all.
          second_order: whether gradients of gradients are wanted.
        """
        call = _Call(self, variables, training, mask)
        with np.errstate(all="ignore"):
            gradients = call.gradients(x, dy)
            if second_order:
                second = formulas.along(lambda z: call.gradients(z, dy), x, dy)
                gradients.update(("second:" + name, value) for name, value in second.items())
            return Stepped(call.output(x), gradients, call.moved(x))

    def _takes_fused_kernel(self, rank: int) -> bool:
        asked, rules = self.arguments["fused"], self.rules
        plain = not (self.arguments["renorm"] or self.grouped or self.arguments["adjustment"])
        if rules.regularizer_vetoes_fused and ({"gamma_regularizer", "beta_regularizer"} & set(self.case.arguments)):
            plain = False
        fits = rank in ((4, 5) if rules.fused_rank_5 else (4,)) and self.kept in ((1,), (rank - 1,))
        if rules.fused_needs_16_or_32_bits and self.case.dtype == "float64":
            fits = False
        return bool(rules.fused_by_default if asked is None else asked) and plain and fits

    def _check_groups(self) -> None:
        size = self.arguments["virtual_batch_size"]
        if size <= 0 or 0 in self.kept or self.arguments["adjustment"]:
            raise ValueError("virtual batches of size {} on axis {}".format(size, self.arguments["axis"]))

    def grouping(self, batch: int, training: bool) -> Tuple[int, int]:
        """How many examples share statistics, and how many such groups there are.

        With TF2 behaviour, releases that have the trait `virtual_batch_off_at_inference` make groups only where it is
        known before the call runs that it trains.

        Raises:
          ValueError: the size of a group does not divide the batch.
        """
        known = training and (self.case.training != "fed" or self.case.mode == "eager")
        if self.rules.virtual_batch_off_at_inference and self.case.mode != "graph-v1" and not known:
            return batch, 1
        size = int(self.arguments["virtual_batch_size"])
        if batch % size:
            raise ValueError("a batch of {} in virtual batches of {}".format(batch, size))
        return size, batch // size

    def _initial(self) -> Dict[str, Array]:
        shape = self.param_shape
        if not self.grouped and len(self.kept) == 1:
            shape = (self.case.shape[self.kept[0]],)
        made = [name for name, wanted in (("gamma", "scale"), ("beta", "center")) if self.arguments[wanted]]
        made += ["moving_mean", "moving_variance"]
        variables = {name: np.asarray(self.arguments[name + "_initializer"](shape), np.float64) for name in made}
        if not self.arguments["renorm"]:
            return variables
        if self.rules.renorm_debiased:
            for name in ("renorm_mean", "renorm_stddev"):
                variables.update({name: np.zeros(shape), name + "_weight": np.zeros(())})
            return variables
        stddev = np.sqrt(variables["moving_variance"])
        return dict(variables, moving_stddev=stddev, renorm_mean=variables["moving_mean"], renorm_stddev=stddev)


class _Call:
    """One call of a layer, by the formulas."""

    def __init__(self, layer: Layer, variables: Mapping[str, Array], training: bool, mask: Optional[Array]) -> None:
        self.layer, self.variables, self.training = layer, variables, training
        self.mask = None if mask is None or layer.fused else np.expand_dims(mask, -1)
        self.state = {
            name: value if np.ndim(value) == 0 else np.reshape(value, layer.param_shape)
            for name, value in variables.items()
        }
        self.moving = Moments(self.state["moving_mean"], self.state["moving_variance"])
        self.gamma, self.beta = self.state.get("gamma", 1.0), self.state.get("beta", 0.0)

    def output(self, x: Array) -> Array:
        """`y`."""
        _, x_hat, inner = self._normalized(self._split(x))
        return self._join(formulas.output(x_hat, inner, self.gamma, self.beta))

    def gradients(self, x: Array, dy: Array) -> Dict[str, Array]:
        """The gradients of the sum of dy * y, by name."""
        x, dy, epsilon = self._split(x), self._split(dy), self.layer.epsilon
        statistics, x_hat, inner = self._normalized(x)
        dx_hat = dy * self.gamma * inner.scale
        if self.training:
            w = formulas.weights(x, self.mask)
            constant_mean = self.layer.mean_is_constant
            dx = formulas.input_gradient(x, dx_hat, statistics, w, self.layer.reduced, epsilon, constant_mean)
        else:
            dx = formulas.input_gradient_of_fixed(dx_hat, statistics, epsilon)
        parameters = zip(("gamma", "beta"), formulas.parameter_gradients(dy, x_hat, inner))
        gradients = {name: self._total(name, value) for name, value in parameters if name in self.state}
        return dict(gradients, x=self._join(dx))

    def moved(self, x: Array) -> Dict[str, Array]:
        """The variables that change, after the call."""
        x, rules, case = self._split(x), self.layer.rules, self.layer.case
        if not (self.training or (rules.averages_move_at_inference and case.training != "fixed")):
            return {}
        moves = self._renorm_moves if self.layer.arguments["renorm"] else self._plain_moves
        after = moves(self._batch(x))
        outside = case.mode in ("eager", "function")
        if not self.layer.arguments["trainable"] and not rules.frozen_layer_updates:
            eagerly = self.layer.fused and rules.frozen_layer_updates_eagerly
            after = {name: value for name, value in after.items() if outside and (eagerly or name.startswith("renorm"))}
        return {name: np.reshape(value, np.shape(self.variables[name])) for name, value in after.items()}

    def _plain_moves(self, batch: Moments) -> Dict[str, Array]:
        layer, rate = self.layer, self.layer.rate("momentum")
        variance = batch.variance
        if layer.fused:
            n = int(np.prod([layer.case.shape[a] for a in layer.reduced]))
            variance = formulas.unbiased(variance, n)
        return {
            "moving_mean": formulas.moved(self.moving.mean, batch.mean, rate),
            "moving_variance": formulas.moved(self.moving.variance, variance, rate),
        }

    def _renorm_moves(self, batch: Moments) -> Dict[str, Array]:
        how = (self.layer.rate("momentum"), self.layer.rate("renorm_momentum"), self.layer.epsilon)
        move = formulas.debiased_renorm_moved if self.layer.rules.renorm_debiased else formulas.renorm_moved
        return move(self.state, self._deviation(batch), *how)

    def _normalized(self, x: Array) -> Tuple[Moments, Array, Affine]:
        """The statistics of x, x^, and what comes between x^ and gamma."""
        statistics = self._moments(x) if self.training else self.moving
        return statistics, formulas.normalize(x, statistics, self.layer.epsilon), self._inner(x)

    def _moments(self, x: Array) -> Moments:
        return formulas.moments(x, formulas.weights(x, self.mask), self.layer.reduced)

    def _batch(self, x: Array) -> Moments:
        """The statistics that the averages move towards; of virtual batches, their mean."""
        batch = self._moments(x)
        return Moments(*(v.sum(1, keepdims=True) / v.shape[1] for v in batch)) if self.layer.grouped else batch

    def _inner(self, x: Array) -> Affine:
        if not self.training:
            return IDENTITY
        inner = IDENTITY
        if self.layer.arguments["renorm"]:
            inner = self._correction(self._deviation(self._batch(x)))
        if self.layer.arguments["adjustment"]:
            scale, bias = self.layer.arguments["adjustment"](np.shape(x))
            inner = Affine(inner.scale * scale, inner.offset * scale + bias)
        return inner

    def _deviation(self, batch: Moments) -> Moments:
        """Mean and standard deviation."""
        return Moments(batch.mean, np.sqrt(batch.variance + self.layer.epsilon))

    def _correction(self, batch: Moments) -> Affine:
        state, clipping = self.state, self.layer.arguments["renorm_clipping"] or {}
        if self.layer.rules.renorm_debiased:
            averages = Moments(
                state["renorm_mean"] + (1.0 - state["renorm_mean_weight"]) * batch.mean,
                state["renorm_stddev"] + (1.0 - state["renorm_stddev_weight"]) * batch.variance,
            )
        else:
            averages = Moments(state["renorm_mean"], np.maximum(state["renorm_stddev"], np.sqrt(self.layer.epsilon)))
        return formulas.renorm_correction(batch, averages, clipping)

    def _split(self, x: Array) -> Array:
        return formulas.into_groups(x, *self.layer.grouping(len(x), self.training)) if self.layer.grouped else x

    def _join(self, x: Array) -> Array:
        return formulas.out_of_groups(x) if self.layer.grouped else x

    def _total(self, name: str, value: Array) -> Array:
        """A gradient summed over what its parameter is broadcast along, of the parameter's shape."""
        alike = tuple(axis for axis, size in enumerate(self.layer.param_shape) if size == 1)
        return np.reshape(value.sum(alike), np.shape(self.variables[name]))
