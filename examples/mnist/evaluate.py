"""Measures a trained network on the images that it has not seen."""

import argparse
import json
import sys
import zipfile

import numpy as np

from mnist import TRAIN, load, probabilities


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="weights that train.py wrote")
    parser.add_argument("--data", default="data", help="folder of the MNIST files")
    parser.add_argument("--metrics", default="metrics.json", help="file to write the numbers to")
    return parser.parse_args()


def read_model(path):
    try:
        with np.load(path) as file:
            return {name: file[name] for name in ("w1", "b1", "w2", "b2")}
    except OSError as error:
        sys.exit(f"error: cannot read the model: {error}")
    except (ValueError, KeyError, zipfile.BadZipFile):
        sys.exit(f"error: {path} is not a model that train.py wrote")


def main():
    args = arguments()
    model = read_model(args.model)
    images, labels = load(args.data)
    images, labels = images[TRAIN:], labels[TRAIN:]

    output, _ = probabilities(model, images)
    metrics = {
        "accuracy": float((output.argmax(axis=1) == labels).mean()),
        "loss": float(-np.log(output[np.arange(len(labels)), labels] + 1e-12).mean()),
    }
    print(f"accuracy {metrics['accuracy']:.4f} and loss {metrics['loss']:.4f} on {len(labels)} images", flush=True)
    with open(args.metrics, "w") as file:
        json.dump(metrics, file, indent=2, allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
