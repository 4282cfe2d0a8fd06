"""Which numerics a layer has: its own, those around it, the process', the environment's, or the exact ones."""

import pytest

import tfcompat
from tfcompat import rounding
from tfcompat.config import Config
from tfcompat.releases import behaviour


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    monkeypatch.delenv(rounding.VARIABLE, raising=False)
    yield
    tfcompat.set_numerics(None)


def test_numerics_are_exact_unless_asked():
    assert rounding.resolved(None) == Config().numerics == "exact"


def test_what_is_nearer_to_the_layer_goes_first(monkeypatch):
    monkeypatch.setenv(rounding.VARIABLE, "fast")
    assert rounding.resolved(None) == "fast"
    tfcompat.set_numerics("exact")
    assert rounding.resolved(None) == "exact"
    with tfcompat.numerics("fast"):
        assert rounding.resolved(None) == "fast"
        assert rounding.resolved("exact") == "exact"
    assert rounding.resolved(None) == "exact"


def test_other_numerics_are_refused_wherever_they_are_chosen(monkeypatch):
    message = "numerics is 'quick'; allowed are 'exact', 'fast'"
    with pytest.raises(ValueError, match=message):
        tfcompat.set_numerics("quick")
    with pytest.raises(ValueError, match=message), tfcompat.numerics("quick"):
        pass
    with pytest.raises(ValueError, match=message):
        Config(numerics="quick").validated(behaviour("2.21"))
    monkeypatch.setenv(rounding.VARIABLE, "quick")
    with pytest.raises(ValueError, match=message):
        rounding.resolved(None)
