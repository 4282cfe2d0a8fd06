"""A user's program, for `mypy --strict`: the types of the wheel are found, and refuse what is wrong."""

from typing import Any, Optional

import tfcompat
from tfcompat import BatchNormalization, batch_normalization


def normalized(x: Any) -> Any:
    return batch_normalization(x, axis=1, momentum=0.9, training=True, release="1.4", updates="collection")


def kernel(layer: BatchNormalization) -> Optional[str]:
    return None if layer.plan is None else layer.plan.kernel


layer = BatchNormalization(axis=[1, 3], virtual_batch_size=4, center=False)
tfcompat.explain((10, None, None, 64), release="2.15", steps=20)
with tfcompat.release("1.4"), tfcompat.numerics("fast"):
    tfcompat.set_release(None)

# Each is an error, or mypy says that its comment is not needed.
BatchNormalization(center="no")  # type: ignore[arg-type]
batch_normalization(layer, virtual_batch_size="4")  # type: ignore[arg-type]
tfcompat.set_release(1.4)  # type: ignore[arg-type]
kernel(layer).upper()  # type: ignore[union-attr]
