"""A client as small as can be over py-rattler, which installs conda's packages:
micromamba create --yes --quiet --offline --prefix DIR --file LIST"""

import argparse
import asyncio
import os
import pathlib
import shutil
import sys
import tempfile
from urllib.parse import unquote, urlsplit

import rattler
from rattler.package_streaming import extract

parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["create"])
for flag in ("--yes", "--quiet", "--offline"):
    parser.add_argument(flag, action="store_true", required=True)
parser.add_argument("--prefix", required=True)
parser.add_argument("--file", required=True)
args = parser.parse_args()

shutil.rmtree(args.prefix, ignore_errors=True)  # of a try that crashed
if (pathlib.Path.home() / ".condarc").exists():
    sys.exit("it would read the .condarc of its user")
packages = os.environ["CONDA_PKGS_DIRS"]
lines = pathlib.Path(args.file).read_text().split()
if lines[0] != "@EXPLICIT":
    sys.exit("not an explicit list")
records = []
for line in lines[1:]:
    url, _, md5 = line.partition("#")
    if not url.startswith("file:///"):
        sys.exit("offline, and asked for " + url)
    path = pathlib.Path(unquote(urlsplit(url).path))
    with tempfile.TemporaryDirectory() as unpacked:
        extract(path, unpacked)
        index = rattler.PackageRecord.from_index_json(pathlib.Path(unpacked) / "info/index.json")
    index.md5 = bytes.fromhex(md5)
    channel = path.parent.parent.as_uri()
    records.append(rattler.RepoDataRecord(index, path.name, url, channel))
asyncio.run(rattler.install(records, args.prefix, cache_dir=packages, show_progress=False))
(pathlib.Path(args.prefix) / "conda-meta/history").touch()
sys.stdout.flush()
os._exit(0)  # the library's threads may crash an interpreter that ends
