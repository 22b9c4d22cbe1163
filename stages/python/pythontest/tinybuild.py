import base64, hashlib, os, zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    try:
        from a import __version__ as a
    except ImportError:
        a = None
    with open("tiny.txt") as file:
        name, version, *scripts = file.read().split()
    info = "%s-%s.dist-info/" % (name, version)
    contents = {
        name + "_built.py": "backend, a = %r, %r\n" % (__version__, a),
        info + "METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version),
        info + "WHEEL": "Wheel-Version: 1.0\nGenerator: tinybuild\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        info + "entry_points.txt": "[console_scripts]\n" + "".join("%s = %s:main\n" % (s, s) for s in scripts),
    }
    for path in sorted(os.listdir(".")):
        if path.endswith(".py"):
            with open(path) as file:
                contents[path] = file.read()
    record = ""
    for path in sorted(contents):
        digest = hashlib.sha256(contents[path].encode()).digest()
        record += "%s,sha256=%s,%d\n" % (path, base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), len(contents[path].encode()))
    contents[info + "RECORD"] = record + info + "RECORD,,\n"
    wheel = "%s-%s-py3-none-any.whl" % (name, version)
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w") as archive:
        for path in sorted(contents):
            archive.writestr(path, contents[path])
    return wheel
