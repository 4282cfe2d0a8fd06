"""Trained batch normalizations as a scale and an offset, in the layer before, or in PyTorch's words."""
