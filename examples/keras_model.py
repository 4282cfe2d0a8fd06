import numpy as np
import tensorflow as tf
from tfcompat import BatchNormalization

norm = BatchNormalization(momentum=0.9, virtual_batch_size=4)
model = tf.keras.Sequential([tf.keras.layers.Conv2D(6, 3), norm, tf.keras.layers.Flatten(), tf.keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
model.fit(np.random.rand(32, 8, 8, 3), np.random.rand(32, 1), batch_size=8, epochs=2, verbose=0)

print(norm.plan.kernel, norm.plan.fused_vetoes)  # unfused ('virtual_batch_size=4',)
print(np.squeeze(norm.moving_mean))
