"""The real drizzle-orm and drizzle-kit in a folder of the session's own; tests are skipped where they cannot be had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

HERE = Path(__file__).parent / "drizzle"
PARTS = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}


def environment(url):
    given = conninfo_to_dict(url)
    told = {name: str(given[part]) for part, name in PARTS.items() if part in given}
    return os.environ | {"CI": "1", "NO_COLOR": "1"} | told


class Node:
    """One release of Drizzle: `stable` with journals, `next` with folders."""

    def __init__(self, release, folder):
        self.release, self.folder = release, folder

    def migrator(self, url, folder, *names):
        """Its migrator as a process that runs."""
        argv = ["node", "migrate.mjs", str(folder), *names]
        return subprocess.Popen(
            argv, cwd=self.folder, env=environment(url), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def migrate(self, url, folder, *names):
        """Run its migrator to its end."""
        running = self.migrator(url, folder, *names)
        said = running.communicate(timeout=60)[0]
        assert running.returncode == 0, said

    def migrate_each(self, url, schemas):
        """Run its migrator for each (schema, folder); what it said of each, None where it succeeded."""
        given = json.dumps([[schema, str(folder)] for schema, folder in schemas])
        run = subprocess.run(
            ["node", "each.mjs"], cwd=self.folder, env=environment(url), input=given, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def kit(self, *arguments, url=""):
        """Run drizzle-kit; what it said."""
        argv = ["node", "node_modules/drizzle-kit/bin.cjs", *map(str, arguments)]
        run = subprocess.run(
            argv, cwd=self.folder, env=environment(url), capture_output=True, text=True, timeout=60, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def generate(self, schema, name, out):
        """The folder that drizzle-kit writes for a schema, beside what was there before."""
        (self.folder / "schema.ts").write_text(schema)
        self.kit("generate", "--dialect=postgresql", "--schema=./schema.ts", f"--out=./{out}", f"--name={name}")
        return self.folder / out


@contextmanager
def installed(release):
    """A release from the registry, as the lock file has it."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node and npm are not installed")
    folder = Path(tempfile.mkdtemp(prefix="infra-drizzle-"))
    try:
        for path in (*(HERE / release).glob("package*.json"), *HERE.glob("*.mjs")):
            shutil.copy(path, folder)
        argv = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"]
        run = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if run.returncode:
            pytest.skip(f"npm could not install Drizzle: {run.stderr.strip().splitlines()[-1]}")
        yield Node(release, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
