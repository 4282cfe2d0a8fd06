"""TF1 checkpoints (the format of `tf.train.Saver`), one tensor at a time."""

from typing import Any, Dict, List, Sequence, Tuple

from tfcompat.backend import bundle
from tfcompat.backend.ops import tf, tf1

#: What a broken or foreign file raises, by release.
ERRORS: Tuple[Any, ...] = (tf.errors.OpError, RuntimeError, ValueError, IndexError, UnicodeDecodeError)

#: Key that `tf.train.Checkpoint` adds to every checkpoint.
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


class Reader:
    """An open checkpoint.

    Args:
      prefix: its path without `.index`.

    Raises:
      one of `ERRORS`.
    """

    def __init__(self, prefix: str) -> None:
        self._absent = bundle.check(prefix)
        self._reader = tf1.train.NewCheckpointReader(prefix)
        shapes = self._reader.get_variable_to_shape_map()
        dtypes = self._reader.get_variable_to_dtype_map()
        self.entries: Dict[str, Tuple[Tuple[int, ...], str]] = {
            name: (tuple(int(n) for n in shape), tf.as_dtype(dtypes[name]).name) for name, shape in shapes.items()
        }

    def read(self, name: str) -> Any:
        """The value of a tensor as a NumPy array.

        Raises:
          one of `ERRORS`.
        """
        if name in self._absent:
            raise ValueError(self._absent[name])
        return self._reader.get_tensor(name)


def write_part(prefix: str, names: Sequence[str], arrays: Sequence[Any]) -> None:
    """Writes a checkpoint of these tensors."""
    _run(
        lambda: tf.raw_ops.SaveV2(
            prefix=prefix,
            tensor_names=list(names),
            shape_and_slices=[""] * len(names),
            tensors=[tf.constant(array) for array in arrays],
        )
    )


def merge_parts(prefixes: List[str], prefix: str) -> None:
    """Makes one checkpoint of parts, whose files it moves; they are gone afterwards."""
    _run(
        lambda: tf.raw_ops.MergeV2Checkpoints(
            checkpoint_prefixes=prefixes, destination_prefix=prefix, delete_old_dirs=False
        )
    )


def _run(make: Any) -> None:
    """Runs an operation, in a session of its own where nothing runs at once."""
    if tf.executing_eagerly():
        make()
        return
    with tf.Graph().as_default(), tf1.Session() as session:
        session.run(make())
