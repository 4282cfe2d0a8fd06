"""The recordings for implementations without TensorFlow: NumPy, JAX, PyTorch, a compiler.

A subject is `package.module:factory`.  `factory(case)` takes a `Case` and returns an object with

    variables  dict of name (`gamma`, `beta`, `moving_mean`, `moving_variance`, those of renorm) -> initial value
    step(variables, x, training, dy)  one call: returns `(y, gradients, moved)`

where `gradients` are those of the sum of dy * y, by `x`, `gamma` and `beta`, and `moved` are the variables that the
call changes, as they are afterwards.  `step` is a pure function of NumPy arrays: the harness keeps the variables.  A
case that freezes a layer asks for it a second time, with `trainable=False`, and runs that one outside of graphs.  A
`step` that takes `mask` gets the mask of a case that has one; one that takes `second_order` adds to `gradients`, where
that is true, those of the sum of dy * dx as `second:x` and so on.

What a subject does not have it refuses with NotImplementedError, in `factory` or in `step`; what it computes is
compared with the recording, within the limits of `limits.json`; what it leaves out of `gradients` and `moved` is not
met.
"""

import collections

#: What a subject is asked to be. shape, dtype: of the input, the dtype by name; arguments: of the call, as plain Python
#: and NumPy values; release: the TensorFlow release whose recordings are compared; mode: one of `catalogue.MODES`;
#: training: `fixed` if it is a Python value, `constant` if it is a constant tensor, `fed` if it is known only when the
#: call runs.
Case = collections.namedtuple("Case", "shape dtype arguments release mode training")


class Unsuitable(Exception):
    """A case is about something that only TensorFlow has; the message says what."""
