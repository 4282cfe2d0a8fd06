"""A subject that is wrong at one place: without beta it takes another epsilon."""

from tfcompat import layers


class BatchNormalization(layers.BatchNormalization):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.config.center is False:
            object.__setattr__(self.config, "epsilon", 0.125)


batch_normalization = layers.batch_normalization
