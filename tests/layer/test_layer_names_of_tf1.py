"""`tf.compat.v1.layers` by whatever path: a lazy loader is looked at without loading what Keras 3 refuses."""

import json
import sys
import types

import pytest
from tensorflow.python.util.lazy_loader import LazyLoader

from features import tf
from tfcompat.backend import legacy_layers
from tfcompat.backend.legacy_layers import ABSENT

pytestmark = pytest.mark.graph


def lazy(target="json"):
    """A lazy loader, and a record of whether it has loaded."""

    class Watched(LazyLoader):
        def _load(self):
            loaded.append(target)
            return super()._load()

    loaded = []
    return Watched("name", {}, target), loaded


def test_name_of_a_module_is_put_found_replaced_and_taken_away():
    module = types.ModuleType("plain")
    assert legacy_layers.find(module, "x") is ABSENT
    for value in (1, None):
        legacy_layers.put(module, "x", value)
        assert legacy_layers.find(module, "x") is value and module.x is value
    for _ in range(2):
        legacy_layers.put(module, "x", ABSENT)
        assert not hasattr(module, "x")


def test_name_of_a_lazy_loader_is_put_found_and_taken_away_without_loading():
    loader, loaded = lazy()
    assert legacy_layers.find(loader, "x") is ABSENT
    for value in (1, None):
        legacy_layers.put(loader, "x", value)
        assert legacy_layers.find(loader, "x") is value and vars(loader)["x"] is value
    for _ in range(2):
        legacy_layers.put(loader, "x", ABSENT)
        assert legacy_layers.find(loader, "x") is ABSENT and "x" not in vars(loader)
    assert loaded == []


def test_module_behind_a_lazy_loader_is_found_and_none_behind_another_module():
    assert legacy_layers._loaded_by(lazy("json")[0]) == [json]
    assert legacy_layers._loaded_by(types.ModuleType("plain")) == []


def test_nothing_is_behind_a_lazy_loader_that_refuses():
    class Refusing(LazyLoader):
        def __getattr__(self, name):
            raise AttributeError(name)

    assert legacy_layers._loaded_by(Refusing("no_such_name", {}, "no_such_module")) == []


def test_modules_are_each_there_once_with_the_ones_that_programs_import():
    found = legacy_layers.modules()
    assert len({id(module) for module in found}) == len(found)
    assert any(module is tf.compat.v1.layers for module in found)
    assert any(module is sys.modules["tensorflow.compat.v1"].layers for module in found)
    assert not hasattr(tf, "layers") or any(module is tf.layers for module in found)


def test_importable_copy_is_among_them_and_importing_it_changes_nothing(monkeypatch):
    name = "tensorflow.compat.v1.layers"
    parents = [tf.compat.v1, sys.modules["tensorflow.compat.v1"]]
    before = [parent.layers for parent in parents]
    monkeypatch.delitem(sys.modules, name, raising=False)
    found = legacy_layers.modules()
    assert any(module is sys.modules[name] for module in found)
    assert all(parent.layers is layers for parent, layers in zip(parents, before))
