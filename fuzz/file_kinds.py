"""Kinds of files that a user may be given: a small valid one of each, how it is damaged, and what reads it."""

import collections
import importlib
import json
import os
import shutil
import sys

from fuzz import damage
from golden import catalogue, digests, integrity, pins
from golden.observation import Array, Observation
from golden.store import Key, Recording, Store, definition_digest

MODELS = os.path.join(pins.ROOT, "tests", "migrate", "models")
MODEL = os.path.join(pins.ROOT, "tests", "migrate", "nets_for_commands.py") + ":small"

#: What one try does with a folder of files. make: function that writes the valid files into a folder; damaged: the one
#: that is damaged; damages: functions of (draw, content); reads: lists of words, each a command line or `api NAME`, in
#: which `{}` stands for the folder; share: how many tries it gets beside the others, fewer where one takes long.
Kind = collections.namedtuple("Kind", "make damaged damages reads share")
Kind.__new__.__defaults__ = (4,)


def _copies(model, *names):
    def make(folder):
        for name in names:
            target = os.path.join(
                folder, "saved_model.pb" if name.endswith("saved_model.pb") else os.path.basename(name)
            )
            shutil.copy(os.path.join(MODELS, model, name), target)

    return make


def _checkpoint(model):
    return _copies(model, "model.ckpt.index", "model.ckpt.data-00000-of-00001")


def _state(folder):
    _checkpoint("renorm")(folder)
    with open(os.path.join(folder, "checkpoint"), "w") as target:
        target.write('model_checkpoint_path: "model.ckpt"\nall_model_checkpoint_paths: "model.ckpt"\n')


def _of_version_1(folder):
    """What `tf.train.Saver` wrote before TensorFlow 0.12."""
    from tfcompat.backend.ops import tf, tf1

    with tf.Graph().as_default(), tf1.Session() as session:
        for name in ("beta", "gamma", "moving_mean", "moving_variance"):
            tf1.get_variable("batch_normalization/" + name, initializer=[1.0, 2.0])
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(write_version=tf1.train.SaverDef.V1)
        saver.save(session, os.path.join(folder, "model.ckpt"), write_meta_graph=False)


def _functions(folder):
    """A SavedModel of functions that call functions, with a conditional and a loop."""
    import numpy as np

    from tfcompat import BatchNormalization
    from tfcompat.backend.ops import tf

    module = tf.Module()
    module.norm = BatchNormalization(name="norm")
    module.norm.build((None, 3))
    module.norm.set_weights([np.float32([1, 2, 3])] * 4)

    @tf.function(input_signature=[tf.TensorSpec((None, 3)), tf.TensorSpec((), tf.bool)])
    def serve(x, training):
        x = tf.cond(training, lambda: module.norm(x, training=True), lambda: module.norm(x, training=False))
        return tf.while_loop(lambda y: tf.reduce_sum(y) < 0.0, lambda y: [module.norm(y, training=False)], [x])

    module.serve = serve
    tf.saved_model.save(module, folder)


def _source(folder):
    with open(os.path.join(folder, "net.py"), "w") as target:
        target.write("import tensorflow as tf\n\n\ndef net(x):\n    return tf.layers.batch_normalization(x, axis=1)\n")


def _weights(folder):
    _run(["checkpoint", "convert", _SMALL, "--model", MODEL, "--to", os.path.join(folder, "small.weights.h5")])


def _keras(folder):
    _run(["checkpoint", "convert", _SMALL, "--model", MODEL, "--to", os.path.join(folder, "small.keras")])


def _name_map(folder):
    with open(os.path.join(folder, "names.json"), "w") as target:
        json.dump({"batch_normalization": "batch_normalization", "(dense.*)/(.*)": r"\1/\2"}, target)


def _batch(folder):
    import numpy as np

    np.save(os.path.join(folder, "batch.npy"), np.ones((2, 8, 8, 3), "float32"))


def _run(words):
    from tfcompat.__main__ import main

    if main(words):
        raise RuntimeError("%s failed" % " ".join(words))


def _golden(folder):
    """Recordings of two cases, and the tables beside them."""
    about = {"about": "a case", "input": {"shape": [2, 3]}, "modes": ["eager"]}
    family = {"family": "plain", "about": "two cases", "cases": [dict(about, id=name) for name in ("one", "two")]}
    tables = {
        "catalogue/plain.json": family,
        "bounds.json": [{"case": "one", "eps": 1, "reason": "for a try"}],
        "environments.json": [
            {"release": "2.21.0", "python": "3.11", "modes": ["eager"], "requires": ["tensorflow==2.21.0"]}
        ],
    }
    os.makedirs(os.path.join(folder, "catalogue"))
    for name, content in tables.items():
        with open(os.path.join(folder, name), "w") as target:
            json.dump(content, target, indent=1)
    cases = catalogue.load(os.path.join(folder, "catalogue"))
    for release in ("2.20.0", "2.21.0"):
        recording = Recording(
            Store(os.path.join(folder, "data")), Key(release, "onednn-off", "eager"), dict(_PROVENANCE)
        )
        for case_id, case in cases.items():
            facts = {"inputs": integrity.input_hashes(case, release), "release": release}
            observation = Observation([("s0/y0", Array.cast([1.0, 2.0], "float32"))], facts)
            recording.add(case_id, definition_digest(case), observation)
        recording.write()
    main = importlib.import_module("golden.__main__").main
    if main(["fsck", "--seal", "--data", os.path.join(folder, "data"), "--tables", folder]):
        raise RuntimeError("recordings that were just made are not whole")


_PROVENANCE = {"fingerprint": "f00d", "tensorflow": "2.21.0", "gpu": None}
_FSCK = ["golden", "fsck", "--data", "{}/data", "--tables", "{}"]
_SHOW = ["golden", "show", "one", "--data", "{}/data"]
_DRIFT = ["golden", "drift", "2.20", "2.21", "--case", "momentum-0-9-rank4", "--data", "{}/data"]
_INDEX = "data/index/2.21.0/onednn-off/eager.json"
_INSPECT, _AUDIT, _REBUILD = (["tfcompat"] + words for words in (["checkpoint", "inspect"], ["audit"], ["rebuild"]))
_PREFIX = "{}/model.ckpt"
_FOLD = ["tfcompat", "fold", _PREFIX, "--to", "{}/out.npz", "--overwrite"]


def _golden_kind(damaged, how):
    return Kind(_golden, damaged, how, [_FSCK, _SHOW, _DRIFT])


def _kinds():
    """Name -> `Kind`."""
    export = ["tfcompat", "checkpoint", "export", "{}/FILE", "--model", MODEL, "--to", "{}/out.ckpt", "--overwrite"]
    plan = ["tfcompat", "checkpoint", "plan", _SMALL, "--model", MODEL, "--name-map", "{}/names.json"]
    fold = ["tfcompat", "fold", _SMALL, "--model", MODEL, "--to", "{}/out.weights.h5", "--overwrite"]
    fold_weights = [word.replace(_SMALL, "{}/small.weights.h5") for word in fold]
    table = [damage.some_bytes, damage.some_table, damage.some_table]
    made = collections.OrderedDict()
    made["checkpoint index"] = Kind(
        _checkpoint("renorm"), "model.ckpt.index", table, [_INSPECT + [_PREFIX], _AUDIT + [_PREFIX], _FOLD]
    )
    made["checkpoint data"] = Kind(
        _checkpoint("renorm"), "model.ckpt.data-00000-of-00001", [damage.some_bytes], [_AUDIT + [_PREFIX], _FOLD]
    )
    made["checkpoint of version 1"] = Kind(
        _of_version_1, "model.ckpt", [damage.some_bytes, damage.some_table], [_INSPECT + [_PREFIX], _AUDIT + [_PREFIX]]
    )
    made["checkpoint state"] = Kind(_state, "checkpoint", [damage.some_bytes], [_INSPECT + ["{}"]])
    for name, file, message in (
        ("frozen graph", "frozen.pb", "GraphDef"),
        ("MetaGraph", "model.ckpt.meta", "MetaGraphDef"),
        ("SavedModel", "saved_model/saved_model.pb", "SavedModel"),
    ):
        model = "never-updated" if name == "SavedModel" else "renorm"
        base = os.path.basename(file)
        how = [damage.some_message(message)]
        made[name] = Kind(_copies(model, file), base, how, [_AUDIT + ["{}/" + base], _REBUILD + ["{}/" + base]])
    made["SavedModel of functions"] = Kind(
        _functions, "saved_model.pb", [damage.some_message("SavedModel")], [_AUDIT + ["{}"], _REBUILD + ["{}"]]
    )
    made["HDF5 model"] = Kind(
        _copies("keras", "model.h5"), "model.h5", [damage.some_bytes, damage.some_h5], [["api", "h5"]], 3
    )
    weights, keras = (
        [word.replace("FILE", "small" + ending) for word in export] for ending in (".weights.h5", ".keras")
    )
    made["HDF5 weights"] = Kind(_weights, "small.weights.h5", [damage.some_bytes], [weights, fold_weights], 2)
    inside = {".json": damage.some_json, ".h5": damage.some_bytes}
    made["Keras archive"] = Kind(_keras, "small.keras", [damage.some_zip(inside)], [keras], 2)
    made["name map"] = Kind(_name_map, "names.json", [damage.some_json], [plan])
    made["batch"] = Kind(_batch, "batch.npy", [damage.some_bytes], [fold + ["--input", "{}/batch.npy"]], 1)
    made["source"] = Kind(_source, "net.py", [damage.some_bytes], [["tfcompat", "rewrite", "{}/net.py"]], 2)
    made["pack"] = _golden_kind("data/observations/one.bin", [damage.some_bytes, damage.some_pack])
    made["index"] = _golden_kind(_INDEX, [damage.some_json])
    made["catalogue"] = _golden_kind("catalogue/plain.json", [damage.some_json])
    made["bounds"] = _golden_kind("bounds.json", [damage.some_json])
    made["environments"] = _golden_kind("environments.json", [damage.some_json])
    made["digests"] = _golden_kind("data/" + digests.NAME, [damage.some_bytes])
    return made


#: The checkpoint of the model that `MODEL` makes.
_SMALL = os.path.join(MODELS, "never-updated", "model.ckpt")


def read(words, folder):
    """Reads a folder's files as a list of words says; returns the exit status."""
    words = [word.replace("{}", folder) for word in words]
    if words[0] == "api":
        return _load_h5(os.path.join(folder, "model.h5"))
    if words[0] == "golden":
        from golden.__main__ import main
    else:
        from tfcompat.__main__ import main
    return main(words[1:])


def _load_h5(path):
    """As a command would: an `InputError` is one line and status 2."""
    from tfcompat.errors import InputError
    from tfcompat.migrate import load_h5_model

    try:
        load_h5_model(path)
    except InputError as error:
        print("tfcompat: %s" % error, file=sys.stderr)
        return 2
    return 0


#: All kinds by name.
KINDS = _kinds()
