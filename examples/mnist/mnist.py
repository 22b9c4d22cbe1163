"""What training and evaluation share: the images, and the network."""

import gzip
import struct
import sys
from pathlib import Path

import numpy as np

TRAIN = 8000  # of the 10,000 images; the others are for evaluation


def read_idx(path):
    """Reads one gzipped file of the MNIST database into an array of bytes."""
    try:
        with gzip.open(path) as file:
            data = file.read()
    except (OSError, EOFError) as error:
        sys.exit(f"error: cannot read {path}: {error}")
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        sys.exit(f"error: {path} is not a file of the MNIST database")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def load(folder):
    """Returns the images as rows of 784 numbers from 0 to 1, and their labels."""
    folder = Path(folder)
    images = read_idx(folder / "t10k-images-idx3-ubyte.gz")
    labels = read_idx(folder / "t10k-labels-idx1-ubyte.gz")
    return images.reshape(len(images), -1).astype(np.float32) / 255, labels


def probabilities(model, images):
    """Runs the network: one hidden layer, then a probability for each digit.

    Returns the hidden layer too, which training needs.
    """
    hidden = np.maximum(images @ model["w1"] + model["b1"], 0)
    scores = hidden @ model["w2"] + model["b2"]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True), hidden
