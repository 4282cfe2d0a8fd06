import numpy as np
import tfcompat

layer = tfcompat.BatchNormalization(renorm=True, release="1.4")
layer(np.random.rand(16, 8, 8, 3).astype("float32"), training=True)
print(layer.renorm_mean_weight.shape, layer.moving_stddev)  # () None
