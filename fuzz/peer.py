"""A layer in a process on another Keras: takes its config and a checkpoint, trains a step, and writes them back.

One JSON request on a line of stdin, one JSON answer on a line of stdout.
"""

import json
import subprocess
import sys

import numpy as np

from fuzz.children import teller
from golden import pins


class Peer:
    """The process, from outside.

    Args:
      keras: `keras2` or `keras3`, which it runs on.
    """

    def __init__(self, keras):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.peer"],
            env=pins.environment("tfcompat.layers", keras),
            cwd=pins.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
        )

    def train(self, config, checkpoint, x):
        """Lets it restore the layer, train a step, and write the checkpoint anew.

        Args:
          config: of `get_config`.
          checkpoint: prefix of a `tf.train.Checkpoint(layer=layer)`.
          x: NumPy array, the batch.

        Returns:
          the config that its layer tells.

        Raises:
          RuntimeError: it failed; the message is its own.
        """
        request = {"config": config, "checkpoint": checkpoint, "x": x.tolist(), "dtype": str(x.dtype)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"failed": "it ended"}')
        if "failed" in answer:
            raise RuntimeError("the layer on the other Keras fails: %s" % answer["failed"])
        return answer["config"]

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve(lines):
    """Answers requests until there are no more."""
    tell = teller()
    import tensorflow as tf

    from tfcompat.layers import BatchNormalization

    for line in lines:
        try:
            request = json.loads(line)
            layer = BatchNormalization.from_config(request["config"])
            x = tf.constant(np.asarray(request["x"], request["dtype"]))
            layer.build(x.shape)
            saved = tf.train.Checkpoint(layer=layer)
            saved.read(request["checkpoint"]).assert_consumed()
            layer(x, training=True)
            saved.write(request["checkpoint"])
            answer = {"config": layer.get_config()}
        except Exception as error:
            answer = {"failed": "%s: %s" % (type(error).__name__, error)}
        tell(answer)


if __name__ == "__main__":
    serve(sys.stdin)
