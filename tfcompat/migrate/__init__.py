"""From a TF1 graph, checkpoint and source to today's TensorFlow.

Importing this package imports no TensorFlow; the public names load what they need when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from tfcompat.migrate.auditing.audit import audit
    from tfcompat.migrate.auditing.doctor import Doctor, SessionDoctor
    from tfcompat.migrate.auditing.watch import BatchNormalizationError, BatchNormalizationWarning
    from tfcompat.migrate.checkpoints.h5 import load_h5_model
    from tfcompat.migrate.checkpoints.loading import load_tf1_checkpoint
    from tfcompat.migrate.folding.layers import fold
    from tfcompat.migrate.folding.models import fold_model
    from tfcompat.migrate.folding.pytorch import to_pytorch

_HOMES = {
    "audit": "tfcompat.migrate.auditing.audit",
    "Doctor": "tfcompat.migrate.auditing.doctor",
    "SessionDoctor": "tfcompat.migrate.auditing.doctor",
    "BatchNormalizationError": "tfcompat.migrate.auditing.watch",
    "BatchNormalizationWarning": "tfcompat.migrate.auditing.watch",
    "load_tf1_checkpoint": "tfcompat.migrate.checkpoints.loading",
    "load_h5_model": "tfcompat.migrate.checkpoints.h5",
    "fold": "tfcompat.migrate.folding.layers",
    "fold_model": "tfcompat.migrate.folding.models",
    "to_pytorch": "tfcompat.migrate.folding.pytorch",
}

__all__ = [
    "audit",
    "Doctor",
    "SessionDoctor",
    "BatchNormalizationError",
    "BatchNormalizationWarning",
    "load_tf1_checkpoint",
    "load_h5_model",
    "fold",
    "fold_model",
    "to_pytorch",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError("module 'tfcompat.migrate' has no attribute {!r}".format(name))


def __dir__() -> List[str]:
    return sorted(__all__)
