"""Plants each money bug of mutants.toml, one at a time, and shows which check finds it.

    make mutants                 all of them; ends with 1 if one survives
    make mutants ONLY=refund     those whose name contains the word

Works on a copy of the tree in .build-mutants, which is built anew for each; the tree itself is not touched. A check counts when
it fails twice: one that fails once may be unstable by itself, and is named.
"""

import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / ".build-mutants/tree"
FLAGS = ["--explicit-target-dependency-import-check", "error"]
# How large the simulations are.
SIZES = {
    "ledger": "WORLDS=1000",
    "small": "LENGTH=5",
    "deposits": "LENGTH=4",
    "life": "WORLDS=4000",
    "disk": "CUTS=1000",
    "cuts": "SEED=1",
    "rot": "FLIPS=2000",
}
PATIENCE = 300  # seconds; a check that hangs has found something
BUILD_PATIENCE = 3600


def mutants():
    return tomllib.loads((ROOT / "Tests/Mutants/mutants.toml").read_text())["mutant"]


def copy_tree():
    """The sources as they are; what did not change keeps its time, so that it is not built again."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = {name for name in files.split("\0") if name and (ROOT / name).is_file()}
    if (ROOT / "Package.resolved").exists():
        wanted.add("Package.resolved")
    for name in wanted:
        content = (ROOT / name).read_bytes()
        copy = TREE / name
        if not copy.exists() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
    for copy in TREE.rglob("*.swift"):
        name = str(copy.relative_to(TREE))
        if not name.startswith(".build") and name not in wanted:
            copy.unlink()
    if not (TREE / ".venv").exists():
        (TREE / ".venv").symlink_to(ROOT / ".venv")


def planted(mutant):
    """The file with the bug in it."""
    content = (ROOT / mutant["file"]).read_text()
    for edit in [mutant, *mutant.get("also", [])]:
        count = content.count(edit["old"])
        if count != 1:
            raise SystemExit(f"{mutant['name']}: its text occurs {count} times in {mutant['file']}, not once")
        content = content.replace(edit["old"], edit["new"])
    return content


def ran(*command, patience=PATIENCE):
    """Whether a command succeeded, and what it printed."""
    environment = os.environ | {"SWIFT_BACKTRACE": "enable=no"}
    try:
        done = subprocess.run(command, cwd=TREE, env=environment, capture_output=True, text=True, timeout=patience)
    except subprocess.TimeoutExpired:
        return False, f"nothing for {patience} seconds"
    return done.returncode == 0, done.stdout + done.stderr


def build():
    return ran("swift", "build", "--build-tests", *FLAGS, patience=BUILD_PATIENCE)


def check(name):
    """Whether a check passes, and the first things that failed in it."""
    if name == "unit":
        # The tidy rules would find some bugs by their looks.
        passed, said = ran("swift", "test", "--skip-build", *FLAGS, "--skip", "TidyTests")
        failed = re.findall(r'✘ Test "([^"]+)"(?: with| failed)', said) or re.findall(r"Fatal error: (.*)", said)
    elif name in SIZES:
        size = SIZES[name]
        passed, said = ran("make", "--no-print-directory", "simulate", f"WORLD={name}", size)
        failed = re.findall(r"^(FAILED.*|make simulate .*|.*Fatal error.*)$", said, re.MULTILINE)
    else:
        python = str(ROOT / ".venv/bin/python")
        passed, said = ran(python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"Tests/Journeys/{name}")
        failed = re.findall(r"^(?:FAILED|ERROR) \S+::(\S+)", said, re.MULTILINE)
    return passed, list(dict.fromkeys(failed))[:2] or ["it ended with an error"]


def hunt(mutant):
    """The check that finds the bug and what failed in it; None where all pass."""
    target = TREE / mutant["file"]
    target.write_text(planted(mutant))
    built, said = build()
    if not built:
        errors = "\n".join(line for line in said.splitlines() if "error:" in line)
        return "nothing: it does not compile", [errors or said[-2000:]]
    for name in mutant.get("checks", ["unit"]):
        passed, failed = check(name)
        if passed:
            continue
        passed_again, failed_again = check(name)
        if not passed_again:
            return name, failed_again
        print(f"    UNSTABLE {name}: failed once, and then passed: {', '.join(failed)}", flush=True)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    chosen = [mutant for mutant in mutants() if parser.parse_args().only in mutant["name"]]
    for mutant in chosen:
        planted(mutant)
    copy_tree()
    print(f"{len(chosen)} mutants; the first build is of everything", flush=True)
    built, said = build()
    if not built:
        raise SystemExit(said[-4000:])
    survivors, invalid = [], 0
    for number, mutant in enumerate(chosen, 1):
        start = time.monotonic()
        found = hunt(mutant)
        (TREE / mutant["file"]).write_text((ROOT / mutant["file"]).read_text())
        seconds = round(time.monotonic() - start)
        if found and found[0].startswith("nothing"):
            invalid += 1
            print(f"{number:3} INVALID: {mutant['name']}\n{found[1][0]}", flush=True)
        elif found:
            print(f"{number:3} killed by {found[0]}: {mutant['name']} ({seconds} s)", flush=True)
            for failed in found[1]:
                print(f"      {failed}", flush=True)
        else:
            survivors.append(mutant["name"])
            print(f"{number:3} SURVIVED {', '.join(mutant.get('checks', ['unit']))}: {mutant['name']}", flush=True)
    killed = len(chosen) - len(survivors) - invalid
    print(f"mutants: {killed} killed, {len(survivors)} survived, {invalid} invalid")
    return 1 if survivors or invalid else 0


if __name__ == "__main__":
    sys.exit(main())
