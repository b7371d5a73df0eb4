"""PORTAL_HOME: one portal at a time, private files, one key for all processes."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.home import Holder, Home, HomeInUseError, encryption_key, parent_account
from api.settings import Settings, SettingsError

HOLDER = Holder(pid=os.getpid(), url="http://localhost:8000")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def test_a_second_portal_is_told_who_runs(home: Home) -> None:
    assert home.hold(HOLDER) is False
    with pytest.raises(HomeInUseError) as refused:
        Home(home.folder).hold(Holder(pid=1, url="http://localhost:1"))
    assert str(refused.value) == (
        f"The portal is already running here (process {os.getpid()}, http://localhost:8000). "
        "Stop that one, or set another PORTAL_HOME and PORT."
    )
    home.leave()
    assert Home(home.folder).hold(HOLDER) is False


def test_a_killed_holder_blocks_nobody_and_is_noticed(home: Home) -> None:
    script = (
        "import os, sys; from pathlib import Path; from api.home import Holder, Home; "
        "Home(Path(sys.argv[1])).hold(Holder(os.getpid(), 'u')); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(home.folder)], check=False)
    assert killed.returncode == -9
    assert home.hold(HOLDER) is True
    home.leave()


def test_folder_and_files_are_private(home: Home) -> None:
    written = home.write_private("demo.json", "{}")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert written.read_text() == "{}"
    assert sorted(path.name for path in home.folder.iterdir()) == ["demo.json", "logs"]


def test_a_home_that_is_a_file_is_a_bad_setting(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(SettingsError, match=r"PORTAL_HOME is .*/home, which cannot be used"):
        Home(tmp_path / "home").create()


def test_all_processes_get_one_key_and_one_simulated_account(tmp_path: Path) -> None:
    settings = Settings(portal_home=tmp_path / "home", secret_key=None)
    with ThreadPoolExecutor(8) as pool:
        keys = {key.get_secret_value() for key in pool.map(encryption_key, [settings] * 8)}
    assert len(keys) == 1
    assert len(keys.pop()) == 43
    kept = settings.home / "secret-key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert sorted(path.name for path in settings.home.iterdir()) == ["logs", "secret-key"]
    account = parent_account(settings)
    assert account == parent_account(settings)
    assert account.sid.startswith("AC")
    assert len(account.sid) == 34
    assert account.token.get_secret_value() not in repr(account)


def test_a_long_log_is_put_aside(home: Home) -> None:
    home.log("api").write_bytes(b"x" * 10_000_001)
    home.log("worker").write_bytes(b"x")
    home.put_aside_long_logs()
    assert sorted(path.name for path in (home.folder / "logs").iterdir()) == ["api.log.1", "worker.log"]
