"""Whatever is done to an observation, the comparison fails and names it."""

import copy

import numpy as np
import pytest

from golden import bounds, compare, distance
from golden.observation import Array, Observation
from samples import make_observation


def with_array(observation, name, array):
    changed = copy.deepcopy(observation)
    changed.arrays[name] = array
    return changed


def of_words(*words):
    return Observation([("y", Array("float32", (len(words),), np.array(words, "<u4").tobytes()))])


def report_of(expected, obtained, **kwargs):
    with pytest.raises(compare.Mismatch) as caught:
        compare.check(expected, obtained, **kwargs)
    return str(caught.value)


def test_equal_observations_are_identical():
    assert compare.check(make_observation(), make_observation()).status == "identical"


def test_flipped_bit_is_reported_with_index_words_values_ulp_and_eps():
    report = report_of(of_words(0x40000000, 0x3F800000), of_words(0x40000000, 0x3F800001))
    assert "y: 1 of 2 elements differ, float32 (2,), first at [1]" in report
    assert "expected 0x3f800000  1.e+00" in report.replace("1.0e", "1.e")
    assert "obtained 0x3f800001  1.0000001e+00" in report
    assert "1 ULP; all: 0.5 eps of max|expected|" in report


@pytest.mark.parametrize("place", range(0, 96, 7))
def test_every_flipped_bit_fails(place):
    expected = make_observation()
    data = bytearray(expected.arrays["s0/y0"].data)
    data[place // 8] ^= 1 << place % 8
    report = report_of(expected, with_array(expected, "s0/y0", Array("float32", (3,), bytes(data))))
    assert "s0/y0: 1 of 3 elements differ" in report
    assert "first at [%d]" % (place // 32) in report


def test_dropped_array_fails():
    obtained = make_observation()
    del obtained.arrays["s0/mean"]
    assert report_of(make_observation(), obtained) == "s0/mean: missing"


def test_added_array_fails():
    obtained = with_array(make_observation(), "s0/extra", Array.of(np.float32(1)))
    assert report_of(make_observation(), obtained) == "s0/extra: not expected"


def test_many_missing_arrays_are_counted():
    expected = Observation([("s%d/y0" % n, Array.of(np.float32(n))) for n in range(9)])
    assert report_of(expected, Observation()) == "9 arrays missing: s0/y0, s1/y0, ..., s8/y0"


def test_reordered_arrays_fail():
    obtained = make_observation()
    obtained.arrays.move_to_end("s0/y0")
    assert "another order" in report_of(make_observation(), obtained)


def test_widened_dtype_of_equal_values_fails():
    report = report_of(make_observation(), make_observation(dtype="float64"))
    assert report == "s0/y0: expected float32 (3,), obtained float64 (3,)"


def test_reshaped_array_fails():
    one = make_observation().arrays["s0/y0"]
    obtained = with_array(make_observation(), "s0/y0", Array(one.dtype, (3, 1), one.data))
    assert "expected float32 (3,), obtained float32 (3, 1)" in report_of(make_observation(), obtained)


def test_swapped_negative_zero_fails():
    report = report_of(make_observation((1.0, -0.0, 2.5)), make_observation((1.0, 0.0, 2.5)))
    assert "0x80000000" in report and "0x00000000" in report and "0 ULP" in report


def test_other_nan_payload_fails():
    report = report_of(of_words(0x7FC00000), of_words(0x7FC00001))
    assert "0x7fc00000" in report and "0x7fc00001" in report and "ULP distance undefined" in report


def test_bfloat16_is_compared_by_its_words():
    one, other = (Observation([("y", Array("bfloat16", (1,), word))]) for word in (b"\x80\x3f", b"\x81\x3f"))
    report = report_of(one, other)
    assert "0x3f80" in report and "1 ULP; all: 1 eps" in report


def test_integers_and_scalars_have_a_report_too():
    one, other = (Observation([("n", Array.of(np.int64(n)))]) for n in (3, 4))
    assert "n: 1 of 1 elements differ, int64 (), first at []" in report_of(one, other)


def test_renamed_variable_fails():
    variables = copy.deepcopy(make_observation().facts["variables"])
    variables[1][0] = "bn_1/beta"
    report = report_of(make_observation(), make_observation(variables=variables))
    assert "facts.variables:" in report
    assert '- ["bn/beta", "float32", [3], "ref"]' in report
    assert '+ ["bn_1/beta", "float32", [3], "ref"]' in report


def test_dropped_update_op_fails():
    report = report_of(make_observation(), make_observation(collections={"update_ops": ["AssignSub"]}))
    assert 'facts.collections.update_ops:\n      "AssignSub"\n    - "AssignSub"' in report


@pytest.mark.parametrize("one, other", [(True, 1), (1, 1.0), (None, 0), ("1", 1)])
def test_facts_that_python_or_people_take_for_equal_fail(one, other):
    assert "facts.n: expected" in report_of(make_observation(n=one), make_observation(n=other))


def test_missing_fact_fails():
    assert report_of(make_observation(n=None), make_observation()) == "facts.n: expected null, obtained nothing"


def test_error_in_place_of_a_result_fails_with_its_message():
    obtained = Observation(facts={"raised": {"type": "ValueError", "phase": "build"}}, notes={"message": "no axis 7"})
    report = report_of(make_observation(), obtained)
    assert report.startswith("expected no error\n    obtained ValueError in phase build: no axis 7")
    assert "s0/y0: missing" in report


@pytest.mark.parametrize("key, value", [("type", "TypeError"), ("phase", "run")])
def test_other_error_or_phase_fails(key, value):
    raised = {"type": "ValueError", "phase": "build"}
    one, other = Observation(facts={"raised": raised}), Observation(facts={"raised": dict(raised, **{key: value})})
    assert value in report_of(one, other)


def test_notes_are_not_compared():
    other = make_observation()
    other.notes["message"] = "said otherwise"
    assert compare.check(make_observation(), other).status == "identical"


def test_names_that_differ_from_run_to_run_are_left_out_but_not_their_shape():
    expected = make_observation((1.0, 2.0, 3.0), seed=1)
    ignored = ("s0/y0", "facts.seed")
    compare.check(expected, make_observation((4.0, 5.0, 6.0), seed=2), ignored=ignored)
    report_of(expected, make_observation((4.0, 5.0), seed=2), ignored=ignored)


def test_differing_names_arrays_and_facts():
    one, other = make_observation(n=1), make_observation((9.0, 9.0, 9.0), n=2)
    del other.arrays["s0/mean"]
    assert compare.differing(one, other) == ["facts.n", "s0/mean", "s0/y0"]
    assert compare.differing(one, one) == []


@pytest.mark.parametrize(
    "one, other, eps",
    [
        ((1.0, 4.0), (1.0, 4.0 + 2.0**-20), 2.0),
        ((0.0, 4.0), (-0.0, 4.0), 0.0),
        ((0.0, 0.0), (0.0, 1e-40), float("inf")),
        ((np.nan, 4.0), (1.0, 4.0), float("inf")),
        ((4.0, 4.0), (np.inf, 4.0), float("inf")),
        ((np.inf, 4.0), (np.inf, 4.0), 0.0),
    ],
)
def test_eps_is_relative_to_the_largest_expected_value(one, other, eps):
    assert distance.eps_between(Array.of(np.float32(one)), Array.of(np.float32(other))) == eps


@pytest.mark.parametrize(
    "one, other, ulps", [(0x3F800000, 0x3F800003, 3), (0x80000000, 0, 0), (0x80000001, 0x00000002, 3)]
)
def test_ulps_count_across_zero(one, other, ulps):
    assert distance.ulps_between(one, other, "float32") == ulps


class TestBounds:
    place = bounds.Place("wide-19", "2.21.0", "2.21.0", "onednn-off", "eager", "keras2", "same", "")
    expected = Observation([("s0/y0", Array.of(np.float32([1.0])))])
    near = Observation([("s0/y0", Array.of(np.float32([1.0 + 2.0**-22])))])
    far = Observation([("s0/y0", Array.of(np.float32([1.0 + 2.0**-19])))])

    def rows(self, tmp_path, text):
        path = tmp_path / "bounds.json"
        path.write_text(text)
        return bounds.load(str(path))

    def test_difference_within_a_bound_passes_and_says_so(self, tmp_path):
        (row,) = self.rows(tmp_path, '[{"case": "wide-*", "array": "s?/y*", "eps": 3, "reason": "measured"}]')
        verdict = compare.check(self.expected, self.near, bounds.applicable([row], self.place, portable=True))
        assert verdict == ("within bound", [("s0/y0", row, 2.0)])

    def test_difference_beyond_a_bound_fails(self, tmp_path):
        rows = self.rows(tmp_path, '[{"eps": 3, "reason": "measured"}]')
        assert "all: 16 eps" in report_of(self.expected, self.far, bounds=rows)

    def test_bound_on_another_array_does_not_help(self, tmp_path):
        report_of(self.expected, self.near, bounds=self.rows(tmp_path, '[{"array": "s0/d*", "eps": 3, "reason": "x"}]'))

    @pytest.mark.parametrize("condition", bounds.Place._fields)
    def test_every_condition_counts(self, tmp_path, condition):
        rows = self.rows(tmp_path, '[{"%s": "elsewhere", "eps": 3, "reason": "x"}]' % condition)
        assert bounds.applicable(rows, self.place, portable=True) == []

    @pytest.mark.parametrize(
        "release, covered", [("1.4 - 2.0", 0), ("1.4 - 2.21", 1), ("2.21 - 2.21", 1), ("1.*|2.21.*", 1)]
    )
    def test_releases_may_be_a_range_or_alternatives(self, tmp_path, release, covered):
        rows = self.rows(tmp_path, '[{"release": "%s", "eps": 3, "reason": "x"}]' % release)
        assert bounds.applicable(rows, self.place, portable=True) == rows * covered

    def test_exemption_may_ask_for_the_error_that_was_recorded(self, tmp_path):
        rows = self.rows(tmp_path, '[{"raised": "InternalError: *NHWC*", "eps": "any", "reason": "x"}]')
        raised = self.place._replace(raised="InternalError: only NHWC is there")
        assert bounds.applicable(rows, self.place, portable=True) == []
        assert bounds.applicable(rows, raised, portable=True) == rows

    def test_exemption_without_a_pattern_excuses_the_whole_case(self, tmp_path):
        rows = self.rows(tmp_path, '[{"case": "wide-19", "eps": "any", "reason": "x"}]')
        other = Observation([("s0/y1", Array.of(np.float32([7.0])))], {"outputs": []})
        verdict = compare.check(self.expected, other, rows)
        assert [name for name, _, _ in verdict.used] == ["facts.outputs", "s0/y0", "s0/y1"]

    def test_exemption_with_a_pattern_excuses_nothing_else(self, tmp_path):
        rows = self.rows(tmp_path, '[{"case": "wide-19", "array": "facts.*|s0/y1", "eps": "any", "reason": "x"}]')
        assert report_of(self.expected, Observation(self.far.arrays, {"n": 1}), bounds=rows).startswith("s0/y0: 1 of 1")
        more = Observation(list(self.expected.arrays.items()) + [("s0/y1", self.expected.arrays["s0/y0"])], {"n": 1})
        assert compare.check(self.expected, more, rows).status == "within bound"

    def test_tightest_bound_that_allows_a_difference_is_the_one_that_it_needs(self, tmp_path):
        rows = self.rows(
            tmp_path,
            '[{"case": "*", "eps": "any", "reason": "x"}, {"eps": 9, "reason": "x"}, {"eps": 3, "reason": "x"}]',
        )
        assert compare.check(self.expected, self.near, rows).used == [("s0/y0", rows[2], 2.0)]
        assert compare.check(self.expected, self.far, rows).used == [("s0/y0", rows[0], 16.0)]

    def test_sign_of_a_nan_is_no_difference_to_a_bound_where_payloads_do_not_count(self, tmp_path):
        rows = self.rows(tmp_path, '[{"eps": 3, "reason": "x"}]')
        one, other = (Observation([("s0/y0", Array.of(np.float32([n])))]) for n in (np.nan, -np.nan))
        assert "ULP distance undefined" in report_of(one, other, bounds=rows)
        assert compare.check(one, other, rows, payloads=False).used == [("s0/y0", rows[0], 0.0)]

    @pytest.mark.parametrize("row", ['{"eps": 3}', '{"eps": 0, "reason": "x"}', '{"eps": 1, "reason": "x", "ulp": 3}'])
    def test_malformed_row_is_named(self, tmp_path, row):
        with pytest.raises(ValueError, match="bounds.json, row 0"):
            self.rows(tmp_path, "[%s]" % row)

    @pytest.mark.parametrize(
        "fingerprint, portable, allowed", [("same", False, 0), ("other", True, 0), ("other", False, 1)]
    )
    def test_vector_rule_needs_another_cpu_and_a_case_that_is_not_portable(self, fingerprint, portable, allowed):
        place = self.place._replace(fingerprint=fingerprint)
        assert bounds.applicable([], place, portable) == [bounds.VECTOR] * allowed
