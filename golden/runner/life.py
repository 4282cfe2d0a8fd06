"""What happens to layers between the steps that run them: frozen, thawed, saved, restored."""

import os
import shutil
import tempfile

from golden.runner.host import tf1


class Life:
    """The layers of a program and the checkpoint that it writes.

    Args:
      layers: the layers of the class form, none of the function's.
      variables: TensorFlow's variables that are saved, in order.
      session: the session that has their values, None outside of graphs.
    """

    def __init__(self, layers, variables, session=None):
        self._layers, self._session = list(layers), session
        self._named = {"v%d" % number: variable for number, variable in enumerate(variables)}
        self._folder = self._saver = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._folder is not None:
            shutil.rmtree(self._folder)

    def change(self, step):
        """Does what a step other than `train` and `infer` says; `restore` without a `save` before it does nothing."""
        if step in ("freeze", "thaw"):
            for layer in self._layers:
                layer.trainable = step == "thaw"
        elif step == "save":
            self._save()
        elif self._folder is not None:
            self._saver.restore(self._session, self._path())

    def _save(self):
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="golden-")
            self._saver = tf1.train.Saver(self._named)
        self._saver.save(self._session, self._path())

    def _path(self):
        return os.path.join(self._folder, "model.ckpt")
