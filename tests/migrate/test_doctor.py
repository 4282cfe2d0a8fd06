"""`tfcompat.migrate.Doctor` and its hook for sessions, while small models train."""

import logging
import warnings

import numpy as np
import pytest
import tensorflow as tf

import tfcompat
from tfcompat.migrate import BatchNormalizationError, BatchNormalizationWarning, Doctor, SessionDoctor

tf1 = tf.compat.v1
HOSTS = {"tf.keras": tf.keras.layers.BatchNormalization, "tfcompat": tfcompat.BatchNormalization}


class WithoutTraining(tf.keras.layers.Layer):
    """Calls a layer as users do who forget `training`; a functional model of Keras 3 would give it."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def build(self, shape):
        self.inner.build(shape)

    def call(self, inputs):
        return self.inner(inputs, training=False)


def fit(norm, doctor, steps=4, epochs=2, training=None):
    inputs = tf.keras.Input((6,))
    called = norm if training is None else WithoutTraining(norm)
    outputs = tf.keras.layers.Dense(1)(called(tf.keras.layers.Dense(3)(inputs)))
    model = tf.keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    data = np.random.RandomState(0).rand(8 * steps, 6), np.ones((8 * steps, 1))
    model.fit(*data, batch_size=8, epochs=epochs, verbose=0, callbacks=[doctor])
    return model


def codes(error):
    return [found.code for found in error.value.diagnoses]


@pytest.mark.parametrize("host", HOSTS)
def test_layer_that_trains_well_is_not_reported(host):
    with warnings.catch_warnings():
        warnings.simplefilter("error", BatchNormalizationWarning)
        fit(HOSTS[host](momentum=0.5), Doctor(every=2))


@pytest.mark.parametrize("host", HOSTS)
def test_statistics_that_stand_still_are_raised(host):
    with pytest.raises(BatchNormalizationError) as error:
        fit(HOSTS[host](momentum=0.5), Doctor(every=3), training=False)
    assert codes(error) == ["statistics-still"] and "3 steps" in str(error.value)


@pytest.mark.parametrize("host", HOSTS)
def test_statistics_of_a_training_shorter_than_the_interval_are_looked_at_when_it_ends(host):
    with pytest.raises(BatchNormalizationError) as error:
        fit(HOSTS[host](momentum=0.5), Doctor(every=1000), training=False)
    assert codes(error) == ["statistics-still"] and "8 steps" in str(error.value)


def test_frozen_layer_is_left_alone():
    fit(tf.keras.layers.BatchNormalization(trainable=False), Doctor(every=2))


@pytest.mark.parametrize("host", HOSTS)
def test_momentum_is_compared_with_the_steps_of_all_epochs(host):
    with pytest.warns(BatchNormalizationWarning, match="momentum-too-slow.* after 8 steps with momentum 0.99, 92%"):
        fit(HOSTS[host](momentum=0.99), Doctor())


@pytest.mark.parametrize(
    "role, value, code", [("mean", np.nan, "statistics-not-finite"), ("variance", -1e6, "variance-negative")]
)
def test_values_that_cannot_be_are_raised(role, value, code):
    norm = HOSTS["tf.keras"](momentum=0.5, **{"moving_%s_initializer" % role: tf.keras.initializers.Constant(value)})
    with pytest.raises(BatchNormalizationError) as error:
        fit(norm, Doctor(every=1))
    assert codes(error) == [code]


def test_warn_warns_of_errors_once_for_each_layer():
    with pytest.warns(BatchNormalizationWarning) as caught:
        fit(HOSTS["tf.keras"](momentum=0.5), Doctor(every=2, action="warn"), training=False)
    assert ["statistics-still" in str(warning.message) for warning in caught] == [True]


def test_log_writes_to_the_logger_of_the_package(caplog):
    with caplog.at_level(logging.WARNING, "tfcompat"):
        fit(HOSTS["tf.keras"](momentum=0.5), Doctor(every=2, action="log"), training=False)
    assert ["statistics-still" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize("wrong", [{"action": "shout"}, {"every": 0}, {"every": 1.5}])
def test_wrong_arguments_are_refused_with_what_is_allowed(wrong):
    for doctor in (Doctor, SessionDoctor):
        with pytest.raises(ValueError, match="allowed are raise, warn, log|1 or more"):
            doctor(**wrong)


def run_session(doctor, updates=True, training=True, momentum=0.5, runs=6, beside=False):
    """Trains a v1 graph with the layer of tfcompat in a monitored session."""
    with tf.Graph().as_default():
        inputs = tf1.placeholder(tf.float32, [None, 4, 4, 3])
        hidden = tfcompat.batch_normalization(inputs, momentum=momentum, training=training, name="bn")
        collected = tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)
        with tf.control_dependencies(collected if updates else []):
            step = tf1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean((hidden - 1.0) ** 2))
        fetches = {"train": step, "updates": collected} if beside else step
        feed = {inputs: np.random.RandomState(0).rand(8, 4, 4, 3)}
        with tf1.train.MonitoredSession(hooks=[doctor]) as session:
            for _ in range(runs):
                session.run(fetches, feed)


def test_session_that_trains_well_is_not_reported():
    with warnings.catch_warnings():
        warnings.simplefilter("error", BatchNormalizationWarning)
        run_session(Doctor.hook(every=2, steps=6))


def test_session_without_the_updates_is_raised():
    with pytest.raises(BatchNormalizationError) as error:
        run_session(SessionDoctor(every=2), updates=False)
    assert codes(error) == ["updates-not-run", "statistics-initial"]


def test_session_that_fetches_the_updates_beside_is_not_reported():
    run_session(SessionDoctor(every=2), updates=False, beside=True)


def test_session_of_which_no_run_trains_is_not_reported():
    with tf.Graph().as_default():
        hidden = tfcompat.batch_normalization(tf.ones([4, 3]), training=True)
        with tf1.train.MonitoredSession(hooks=[SessionDoctor(every=1)]) as session:
            session.run(hidden)


def test_session_reports_training_that_was_left_out():
    with pytest.warns(BatchNormalizationWarning, match="training-off"):
        run_session(SessionDoctor(every=2, action="warn"), training=False)


def test_session_compares_momentum_with_the_planned_steps():
    with pytest.warns(BatchNormalizationWarning, match="momentum-too-slow.*10 steps with momentum 0.997"):
        run_session(SessionDoctor(every=2, steps=10), momentum=0.997)


def test_short_session_is_looked_at_when_it_ends():
    with pytest.raises(BatchNormalizationError) as error:
        run_session(SessionDoctor(every=1000), updates=False)
    assert "updates-not-run" in codes(error)
