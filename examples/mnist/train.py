"""Trains a small network on MNIST and writes its weights."""

import argparse
from pathlib import Path

import numpy as np

from mnist import TRAIN, load, probabilities


def positive(kind):
    """A type for argparse: a number above zero."""

    def parse(text):
        try:
            number = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number")
        if not number > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above zero")
        return number

    return parse


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="data", help="folder of the MNIST files")
    parser.add_argument("--out", default="model.npz", help="file to write the weights to")
    parser.add_argument("--epochs", type=positive(int), default=15, help="passes over the images")
    parser.add_argument("--hidden", type=positive(int), default=128, help="units of the hidden layer")
    parser.add_argument("--batch", type=positive(int), default=32, help="images per step")
    parser.add_argument("--lr", type=positive(float), default=0.2, help="learning rate")
    parser.add_argument("--seed", type=int, default=7, help="start of the random numbers")
    return parser.parse_args()


def new_model(hidden, random):
    """Random weights, of a size that keeps the signal's (He et al., 2015)."""

    def weights(rows, columns):
        return (random.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)

    return {
        "w1": weights(784, hidden),
        "b1": np.zeros(hidden, np.float32),
        "w2": weights(hidden, 10),
        "b2": np.zeros(10, np.float32),
    }


def step(model, images, labels, lr):
    """One step of gradient descent on one batch. Returns the sum of its losses."""
    output, hidden = probabilities(model, images)
    rows = np.arange(len(labels))
    loss = -np.log(output[rows, labels] + 1e-12).sum()

    error = output  # the gradient of the cross-entropy: probabilities minus one-hot labels
    error[rows, labels] -= 1
    error /= len(labels)
    back = (error @ model["w2"].T) * (hidden > 0)

    model["w2"] -= lr * (hidden.T @ error)
    model["b2"] -= lr * error.sum(axis=0)
    model["w1"] -= lr * (images.T @ back)
    model["b1"] -= lr * back.sum(axis=0)
    return loss


def main():
    args = arguments()
    images, labels = load(args.data)
    images, labels = images[:TRAIN], labels[:TRAIN]
    random = np.random.default_rng(args.seed)
    model = new_model(args.hidden, random)

    for epoch in range(1, args.epochs + 1):
        order = random.permutation(len(images))
        loss = 0.0
        for start in range(0, len(order), args.batch):
            batch = order[start : start + args.batch]
            loss += step(model, images[batch], labels[batch], args.lr)
        print(f"epoch {epoch}/{args.epochs}: loss {loss / len(images):.4f}", flush=True)

    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, **model)


if __name__ == "__main__":
    main()
