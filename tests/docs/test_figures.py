"""Pictures and tables show what the layer does."""

import re

import numpy as np
import pytest

import tfcompat
from scripts.pages import averages, formulas, hooks, sharing, tables
from tfcompat.migrate.auditing.diagnoses import KINDS
from tfcompat.releases import RELEASES, TRAITS

CALLS = pytest.mark.parametrize("arguments", sharing.CALLS, ids=str)


@CALLS
def test_elements_of_one_number_share_the_mean_and_variance_that_the_layer_takes_off(arguments):
    x = np.random.RandomState(0).normal(3.0, 2.0, sharing.SHAPE).astype("float32")
    numbers = sharing.groups(sharing.plan_of(arguments), sharing.SHAPE)
    expected = np.empty_like(x)
    for number in range(numbers.max() + 1):
        group = x[numbers == number]
        expected[numbers == number] = (group - group.mean()) / np.sqrt(group.var() + 1e-3)
    layer = tfcompat.BatchNormalization(fused=False, **arguments)
    np.testing.assert_allclose(layer(x, training=True).numpy(), expected, atol=1e-5)


def test_elements_of_the_worked_example_are_in_64_groups_of_90():
    numbers = sharing.groups(sharing.plan_of({}, (10, 3, 3, 64)), (10, 3, 3, 64))
    assert np.bincount(numbers.ravel()).tolist() == [90] * 64


@CALLS
def test_picture_says_how_many_groups_there_are_and_numbers_every_element(arguments):
    numbers = sharing.groups(sharing.plan_of(arguments), sharing.SHAPE)
    figure = sharing.figure().split("<figure>")[1 + sharing.CALLS.index(arguments)]
    count = numbers.max() + 1
    assert "{} groups of {} values".format(count, numbers.size // count) in figure
    told = [int(text) for text in re.findall(r">(\d+)</text>", figure)]
    assert sorted(told) == sorted(numbers.ravel().tolist())


def test_averages_of_the_plot_are_those_of_the_layer_bit_for_bit():
    values = np.random.RandomState(1).normal(averages.MEAN, averages.SPREAD, 20).astype("float32")
    for momentum in averages.MOMENTA:
        layer, after = tfcompat.BatchNormalization(momentum=momentum), []
        for value in values:
            layer(np.full([2, 1], value), training=True)
            after.append(layer.moving_mean.numpy()[0])
        assert averages.averages(momentum, values).tobytes() == np.array(after).tobytes()


def test_plot_is_the_same_each_time_needs_no_font_and_has_the_colour_of_the_text():
    figure = averages.figure()
    assert figure == averages.figure()
    assert "<text" not in figure and "font-family" not in figure and "currentColor" in figure


@pytest.mark.parametrize(
    "page, mathml",
    [
        ('<span class="arithmatex">\\(a_1\\)</span>', r'<math alttext="a_1" .*display="inline">.*<msub>.*</math>'),
        ('<div class="arithmatex">\\[\na &lt; b\n\\]</div>', r'<math alttext="a &lt; b" .*display="block">.*</math>'),
        ("<p>no formula</p>", "<p>no formula</p>"),
    ],
)
def test_formula_becomes_mathml_that_says_what_it_was(page, mathml):
    assert re.fullmatch(mathml, formulas.to_mathml(page), re.DOTALL)


def test_cells_keep_what_would_be_a_border_or_an_attribute():
    assert tables.table(["a"], [["x|y"]]).splitlines()[-1] == "| x\\|y |"
    assert "no &#123;names}" in tables.diagnosis("statistics-missing")


def test_place_that_nothing_fits_stops_the_build():
    page = type("Page", (), {"file": type("File", (), {"src_uri": "start.md"})})
    with pytest.raises(hooks.PluginError, match="start.md: there is no 'nonsense' to render"):
        hooks.on_page_markdown("text\n<!-- render: nonsense -->\n", page=page)


def test_history_tells_every_trait_where_it_begins_or_ends():
    sections = re.split(r"^### (\S+) .*$", tables.history(), flags=re.MULTILINE)
    told = dict(zip(sections[1::2], sections[2::2]))
    for trait in TRAITS:
        edges = [trait.first] if trait.first else []
        edges += [RELEASES[RELEASES.index(trait.last) + 1]] if trait.last else []
        holding = [release for release, text in told.items() if "(`%s`)" % trait.name in text]
        assert holding == sorted(edges, key=RELEASES.index), trait.name


def test_every_diagnosis_has_a_box_with_its_severity():
    for name, kind in KINDS.items():
        assert '"%s `%s`"' % (kind.severity, name) in tables.diagnosis(name)
