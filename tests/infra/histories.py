"""A history of revisions in a folder, written as a product would."""

from __future__ import annotations

from infra_adapters.postgres.migrations import Script

REVISION = '''"""{text}."""
from alembic import op

revision = "{id}"
down_revision = {down}
WAIVERS = {waivers}


def upgrade():
    {up}


def downgrade():
    {back}
'''


class History:
    """Its revisions are files of Python."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "versions").mkdir()
        self.script = Script("product", folder, "product_revision")

    def add(self, number, down=None, up="pass", back="pass", waivers=()):
        text = REVISION.format(
            id=number,
            down=repr(down),
            text=f"Revision {number}",
            up=up.replace("\n", "\n    "),
            back=back,
            waivers=dict.fromkeys(waivers, "nobody uses it yet"),
        )
        (self.folder / "versions" / f"{number}.py").write_text(text)

    def tables(self, count):
        for at in range(1, count + 1):
            up = f'op.execute("CREATE TABLE t{at} (n int)")\nop.execute("INSERT INTO t{at} VALUES ({at})")'
            self.add(f"r{at}", f"r{at - 1}" if at > 1 else None, up, f'op.execute("DROP TABLE t{at}")')
