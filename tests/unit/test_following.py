"""Which release a layer follows: its own, the one around it, the process', the environment's, or what runs."""

import threading

import pytest

import tfcompat
from tfcompat import following


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    monkeypatch.delenv(following.VARIABLE, raising=False)
    yield
    tfcompat.set_release(None)


def test_nobody_chooses_unless_asked():
    assert following.chosen(None) is None


def test_what_is_nearer_to_the_layer_goes_first(monkeypatch):
    monkeypatch.setenv(following.VARIABLE, "1.2")
    assert following.chosen(None) == "1.2"
    tfcompat.set_release("1.4")
    assert following.chosen(None) == "1.4"
    with tfcompat.release("1.12"):
        assert following.chosen(None) == "1.12"
        assert following.chosen("2.3") == "2.3"
    assert following.chosen(None) == "1.4"


def test_scopes_nest():
    with tfcompat.release("1.4"):
        with tfcompat.release("1.5"):
            assert following.chosen(None) == "1.5"
        assert following.chosen(None) == "1.4"


def test_scope_ends_with_an_error_too():
    with pytest.raises(KeyError), tfcompat.release("1.4"):
        raise KeyError
    assert following.chosen(None) is None


def test_scope_is_for_its_own_thread():
    seen = []
    with tfcompat.release("1.4"):
        thread = threading.Thread(target=lambda: seen.append(following.chosen(None)))
        thread.start()
        thread.join()
    assert seen == [None]


@pytest.mark.parametrize("written", ["1.16", "3.0", "2.99", "0.12"])
def test_release_without_the_function_is_refused_with_those_that_have_it(written):
    with pytest.raises(ValueError, match="release is '%s'; .* 1.0 to 1.15 and 2.0 to 2.22. Choose one" % written):
        tfcompat.set_release(written)
    assert following.chosen(None) is None


def test_patch_releases_stand_for_their_minor():
    assert following.chosen("1.15.5") == "1.15.5"
