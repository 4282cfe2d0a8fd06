"""What Keras wrote in HDF5 files beside the weights."""

from typing import Optional

import h5py


def model_config(path: str) -> Optional[str]:
    """The JSON of the model in a file of `model.save`, None where there is none.

    Raises:
      OSError: the file cannot be read or is no HDF5.
    """
    with h5py.File(path, "r") as source:
        config = source.attrs.get("model_config")
    return config.decode("utf-8") if isinstance(config, bytes) else config
