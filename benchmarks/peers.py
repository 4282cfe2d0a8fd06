"""The table of implementations that are measured."""

import importlib
from typing import NamedTuple, Tuple

from benchmarks.errors import UsageError

MODES = ("function", "eager", "v1")
#: Why those have no part in a row that is not about them.
NOT_HERE = "not measured here"
_ALL_ARGUMENTS = ("renorm", "virtual_batch_size", "fused")


class Peer(NamedTuple):
    """One implementation.

    Attributes:
      name: what `--peer` chooses.
      about: what it is.
      home: the module that makes its steps.
      arguments: those of a workload that it knows.
      modes: that it runs in.
      reference: whether it is one of those that ratios are taken to.
      usual: whether it takes part where no names are given.
    """

    name: str
    about: str
    home: str = "benchmarks.tf_steps"
    arguments: Tuple[str, ...] = _ALL_ARGUMENTS
    modes: Tuple[str, ...] = MODES
    reference: bool = False
    usual: bool = True


PEERS = {
    peer.name: peer
    for peer in (
        Peer("exact", "tfcompat.BatchNormalization"),
        Peer("fast", 'tfcompat.BatchNormalization(numerics="fast")'),
        Peer("tf.layers", "the real tf.layers.BatchNormalization, of tf-keras", reference=True),
        Peer("tf_keras", "tf_keras.layers.BatchNormalization, Keras 2", reference=True),
        Peer(
            "keras3",
            "keras.layers.BatchNormalization, Keras 3",
            arguments=(),
            modes=("function", "eager"),
            reference=True,
        ),
        Peer(
            "pytorch",
            "torch.nn.BatchNorm, channels last, always eager",
            home="benchmarks.torch_steps",
            arguments=(),
            modes=("function", "eager"),
        ),
        Peer("control", "tf.layers in another process: how far two measurements of the same are apart", usual=False),
        Peer("floor", "no arithmetic: a step that hands on what it gets", modes=("function", "eager"), usual=False),
    )
}


def choose(names, torch):
    """The peers of some names, or else the usual ones; PyTorch where there is an interpreter for it.

    Raises:
      UsageError: a name that is in no row, or PyTorch without an interpreter.
    """
    unknown = [name for name in names or () if name not in PEERS]
    if unknown:
        raise UsageError("--peer {}: there is no such peer; there are {}".format(unknown[0], ", ".join(PEERS)))
    if names and "pytorch" in names and not torch:
        raise UsageError("--peer pytorch: give the interpreter that has it, --torch PYTHON")
    usual = [peer.name for peer in PEERS.values() if peer.usual and (peer.name != "pytorch" or torch)]
    return [peer for peer in PEERS.values() if peer.name in (names or usual)]


def mode_of(workload, mode):
    """The mode that a workload runs in when `mode` is asked for: a process of v1 graphs has no other."""
    return mode if mode == "v1" or workload.mode is None else workload.mode


def why_not(peer, workload, mode):
    """Why a peer has no part in a workload, or None."""
    if workload.peers is not None and peer.name not in workload.peers:
        return NOT_HERE
    unknown = sorted(set(workload.arguments) - set(peer.arguments))
    if unknown:
        return "no " + ", ".join(unknown)
    if mode_of(workload, mode) not in peer.modes:
        return "no mode " + mode_of(workload, mode)
    if workload.xla and mode != "function":
        return "XLA compiles a tf.function"
    return None


def builder(peer):
    """The module that makes steps of a peer; imports its framework."""
    return importlib.import_module(peer.home)
