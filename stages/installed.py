import importlib.metadata, importlib.util, json, os, platform, runpy, sys

packages = {}
for d in importlib.metadata.distributions():
    packages.setdefault(d.metadata["Name"], d.version)  # the first on sys.path is what is imported
facts = {}
torch = importlib.util.find_spec("torch")
if torch and torch.origin:
    version = os.path.join(os.path.dirname(torch.origin), "version.py")
    if os.path.exists(version):
        for name, value in runpy.run_path(version).items():
            if name in ("cuda", "hip", "git_version") and value:
                facts["torch.version." + name] = str(value)
json.dump({
    "interpreter": {
        "path": os.path.realpath(sys.executable),
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
    },
    "packages": [{"name": n, "version": packages[n]} for n in sorted(packages, key=str.lower)],
    "facts": facts,
}, sys.stdout, indent=1)
