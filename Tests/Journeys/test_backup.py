"""What docs/configuration.md says of a backup (of L5-45, what is the program's)."""

import shutil
from pathlib import Path


def test_a_backup_is_restored_with_its_log_and_its_mark(world):
    gateway = world.start()
    customer = gateway.customer("5.00")
    gateway.stop()
    database = Path(gateway.database.removeprefix("sqlite:"))
    kept = [file for file in (Path(f"{database}{end}") for end in ("", "-wal", ".mark")) if file.exists()]
    backup = world.directory / "backup"
    backup.mkdir()
    for file in kept:
        shutil.copy(file, backup)
    customer.gateway = world.start()
    customer.grant("1.00", "later")
    assert customer.balance() == 6_000_000
    customer.gateway.stop()
    for file in database.parent.glob(database.name + "*"):
        file.unlink()
    for file in backup.iterdir():
        shutil.copy(file, database.parent)
    customer.gateway = world.start()
    assert customer.balance() == 5_000_000
    world.audit()
