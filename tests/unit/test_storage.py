"""Writing without halves, locks that end with their process, and the rooms of the data root."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import storage
from ingest.storage import Home


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_data_root_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("A87_HOME", str(tmp_path))
    assert Home.from_env() == Home(tmp_path)


def test_the_data_root_is_data_below_the_working_folder_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("A87_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert Home.from_env().root == tmp_path / "data"


def test_the_rooms_are_where_the_contract_says(tmp_path):
    home = Home(tmp_path)
    assert home.raw("fao_qcl") == tmp_path / "raw" / "fao_qcl"
    assert home.lake("fao_qcl") == tmp_path / "lake" / "fao_qcl"
    assert home.build == tmp_path / "build"
    assert home.warehouse == tmp_path / "published" / "alliance87.duckdb"


def test_text_is_written_whole_and_as_utf_8(tmp_path):
    storage.write_text(tmp_path / "new" / "a.txt", "Côte d'Ivoire\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"C\xc3\xb4te d'Ivoire\n"
    assert names(tmp_path / "new") == ["a.txt"]


def test_others_may_read_what_is_written(tmp_path):
    storage.write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path):
    storage.write_json(tmp_path / "a.json", {"n": 1})
    with pytest.raises(UnicodeEncodeError):
        storage.write_text(tmp_path / "a.json", "half \ud800 a surrogate")
    assert storage.read_json(tmp_path / "a.json") == {"n": 1}
    assert names(tmp_path) == ["a.json"]


def test_a_reader_sees_the_old_or_the_new_and_never_half(tmp_path):
    file, wrong = tmp_path / "a.json", []
    storage.write_json(file, ["old"] * 20_000)
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            value = storage.read_json(file)
            if value not in (["old"] * 20_000, ["new"] * 20_000):
                wrong.append(value)

    reader = threading.Thread(target=read)
    reader.start()
    for word in ("new", "old") * 5:
        storage.write_json(file, [word] * 20_000)
    done.set()
    reader.join()
    assert wrong == []


def test_a_file_that_is_not_there_reads_as_none(tmp_path):
    assert storage.read_json(tmp_path / "absent.json") is None


def test_json_keeps_letters_and_the_order_of_names(tmp_path):
    storage.write_json(tmp_path / "a.json", {"b": "Türkiye", "a": 1})
    assert (tmp_path / "a.json").read_text() == '{\n "b": "Türkiye",\n "a": 1\n}\n'


def test_a_folder_is_moved_to_its_place(tmp_path):
    (tmp_path / "work" / "sub").mkdir(parents=True)
    (tmp_path / "work" / "sub" / "f").write_text("x")
    storage.replace_folder(tmp_path / "work", tmp_path / "deep" / "place")
    assert (tmp_path / "deep" / "place" / "sub" / "f").read_text() == "x"
    assert not (tmp_path / "work").exists()


def test_a_folder_replaces_an_older_one_whole(tmp_path):
    for name, file in (("place", "old"), ("work", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(file)
    storage.replace_folder(tmp_path / "work", tmp_path / "place")
    assert names(tmp_path / "place") == ["new"]
    assert names(tmp_path) == ["place"]


def test_a_work_folder_is_gone_afterwards_even_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), storage.work_folder(tmp_path / "raw") as work:
        (work / "half").write_text("x")
        raise RuntimeError
    assert names(tmp_path / "raw") == []


def test_a_work_folder_may_be_moved_away(tmp_path):
    with storage.work_folder(tmp_path / "raw") as work:
        work.replace(tmp_path / "raw" / "place")
    assert names(tmp_path / "raw") == ["place"]


def test_others_may_read_a_work_folder_once_it_is_in_place(tmp_path):
    with storage.work_folder(tmp_path) as work:
        assert work.stat().st_mode & 0o777 == 0o755


def test_now_is_utc_to_the_second():
    assert storage.now().endswith("Z")
    assert len(storage.now()) == len("2026-02-17T10:00:00Z")


def test_a_lock_keeps_others_out_until_it_is_released(tmp_path):
    order: list[str] = []

    def second() -> None:
        with storage.exclusive(tmp_path / "room" / ".lock"):
            order.append("second")

    with storage.exclusive(tmp_path / "room" / ".lock"):
        other = threading.Thread(target=second)
        other.start()
        other.join(timeout=0.2)
        assert other.is_alive()
        order.append("first")
    other.join(timeout=5)
    assert order == ["first", "second"]


def test_a_lock_is_released_by_an_error(tmp_path):
    with pytest.raises(RuntimeError), storage.exclusive(tmp_path / ".lock"):
        raise RuntimeError
    with storage.exclusive(tmp_path / ".lock"):
        pass


def test_a_lock_ends_with_a_killed_process(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from ingest import storage\n"
        "with storage.exclusive(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
    with storage.exclusive(tmp_path / ".lock"):
        pass


def test_a_held_lock_is_seen_and_a_free_one_is_not(tmp_path):
    assert not storage.is_held(tmp_path / ".lock")
    with storage.exclusive(tmp_path / ".lock"):
        assert storage.is_held(tmp_path / ".lock")
    assert not storage.is_held(tmp_path / ".lock")


# --- a clock that goes back ------------------------------------------------------------------------------------------


def test_a_moment_after_another_stays_after_it_when_the_clock_goes_back(monkeypatch):
    monkeypatch.setattr(storage, "utcnow", lambda: datetime(2025, 1, 1, tzinfo=UTC))
    assert storage.after("2026-03-01T10:00:00Z") == datetime(2026, 3, 1, 10, 0, 0, 1, tzinfo=UTC)
    assert storage.after(datetime(2024, 1, 1, tzinfo=UTC)) == storage.after(None) == datetime(2025, 1, 1, tzinfo=UTC)


# --- an exchange of folders ------------------------------------------------------------------------------------------


def test_a_folder_that_is_replaced_is_there_at_every_moment(tmp_path):
    target, gone = tmp_path / "target", []
    (tmp_path / "0").mkdir()
    storage.replace_folder(tmp_path / "0", target)
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            if not target.exists():
                gone.append(1)

    watcher = threading.Thread(target=look)
    watcher.start()
    for number in range(1, 300):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "n").write_text(str(number))
        storage.replace_folder(tmp_path / str(number), target)
    done.set()
    watcher.join()
    assert (gone, (target / "n").read_text(), [p.name for p in tmp_path.iterdir()]) == ([], "299", ["target"])


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_a_file_system_without_exchange_takes_two_steps(monkeypatch, tmp_path, number):
    class Refusing:
        def renameat2(self, *_arguments: object) -> int:
            ctypes.set_errno(number)
            return -1

    monkeypatch.setattr(storage.ctypes, "CDLL", lambda *_a, **_k: Refusing())
    for name in ("new", "target"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text").write_text(name)
    storage.replace_folder(tmp_path / "new", tmp_path / "target")
    assert (tmp_path / "target" / "text").read_text() == "new"
