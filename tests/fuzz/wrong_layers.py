"""A subject that is wrong at one place: it takes an epsilon of 0.125 for another."""

from tfcompat import layers


class BatchNormalization(layers.BatchNormalization):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.config.epsilon == 1e-5:
            object.__setattr__(self.config, "epsilon", 0.125)


batch_normalization = layers.batch_normalization
