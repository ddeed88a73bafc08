"""Plants the faults of faults.toml one by one and runs the tests of the crate concerned.

    python tests/faults/run.py [PART OF A FAULT'S NAME ...]

Run it in a clean checkout: it changes files and puts them back. A fault is caught when a test fails;
one that does not compile proves nothing, and is told apart.
"""

import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAULTS = tomllib.loads((ROOT / "tests/faults/faults.toml").read_text())["fault"]


def outcome(fault):
    path = ROOT / fault["file"]
    text = path.read_text()
    if text.count(fault["from"]) != 1:
        return "cannot be planted"
    path.write_text(text.replace(fault["from"], fault["to"]))
    try:
        words = ["cargo", "test", "-p", fault.get("crate", "lazaret-query"), "--lib"]
        built = subprocess.run(words + ["--no-run"], cwd=ROOT, capture_output=True, text=True)
        if built.returncode:
            return "does not compile: " + built.stderr.strip().splitlines()[0]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=1800)
        failed = [line.split()[1] for line in done.stdout.splitlines() if line.endswith("... FAILED")]
        return "caught by " + failed[0] if failed else "NOT CAUGHT"
    except subprocess.TimeoutExpired:
        return "caught: the tests do not end"
    finally:
        path.write_text(text)


def main():
    wanted = [f for f in FAULTS if not sys.argv[1:] or any(w in f["what"] for w in sys.argv[1:])]
    caught = 0
    for fault in wanted:
        told = outcome(fault)
        caught += told.startswith("caught")
        print(f"{fault['what']}: {told}", flush=True)
    print(f"{caught} of {len(wanted)} caught")
    sys.exit(caught != len(wanted))


if __name__ == "__main__":
    main()
