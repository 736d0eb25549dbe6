"""Runs the preview1 tests of the official WASI suite (doc/specification.md there says how)."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

TIMEOUT_SECONDS = 5 if "WISP_SLOW" not in os.environ else 120
FOLDERS = [f"tests/{language}/testsuite/wasm32-wasip1" for language in ("assemblyscript", "c", "rust")]


def specification(test):
    """What the test expects: its JSON file over the defaults."""
    file = test.with_suffix(".json")
    given = json.loads(file.read_text()) if file.exists() else {}
    return {"args": [], "root": None, "env": {}, "exit_code": 0, "stdout": None, "stderr": None} | given


def run(wisp, test):
    """What went wrong, or nothing. `wisp`: the words that begin the command."""
    expected = specification(test)
    command = [str(word) for word in wisp]
    for name, value in expected["env"].items():
        command += ["--env", f"{name}={value}"]
    with tempfile.TemporaryDirectory() as folder:
        if expected["root"]:
            root = pathlib.Path(folder) / "root"
            shutil.copytree(test.parent / expected["root"], root, symlinks=True)
            for path in [root, *root.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o200)
            for leftover in root.rglob("*.cleanup"):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
            command += ["--dir", f"{root}::/"]
        command += [str(test), *expected["args"]]
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            return f"still running after {TIMEOUT_SECONDS} s"
    if result.returncode != expected["exit_code"]:
        return f"exit code {result.returncode}, expected {expected['exit_code']}: {result.stderr.decode(errors='replace')[-400:]}"
    for stream in ("stdout", "stderr"):
        if expected[stream] is not None and getattr(result, stream).decode(errors="replace") != expected[stream]:
            return f"{stream} is {getattr(result, stream)[:200]!r}, expected {expected[stream]!r}"
    return None


def run_suite(wisp, suite):
    """(passed names, {failed name: complaint})"""
    passed, failed = [], {}
    for folder in FOLDERS:
        for test in sorted((suite / folder).glob("*.wasm")):
            name = f"{folder.split('/')[1]}/{test.stem}"
            complaint = run(wisp, test)
            if complaint:
                failed[name] = complaint
            else:
                passed.append(name)
    return passed, failed
