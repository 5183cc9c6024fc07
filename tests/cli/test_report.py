"""The page of report: one file that asks for nothing, with the verdict first."""

import base64
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.fleet import plans
from tests.shm.captures import captures
from tests.sources import fake_sysfs
from ttinspect.cli import report
from ttinspect.report import page as page_report

_VOID = {"meta", "img", "br", "hr", "link", "input"}


class _Page(HTMLParser):
    """Whether every element is closed in order, what is asked for, and the texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")]
        assert tag != "script"
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _pictures(page: _Page) -> list[str]:
    return [base64.b64decode(uri.partition(",")[2]).decode() for uri in page.asked]


def _page(run: Run, tmp_path: Path, *args: str) -> tuple[str, _Page]:
    shm = tmp_path / "shm"
    shm.mkdir(exist_ok=True)
    done = run("report", *args, *([] if args[0].endswith("fleet") else ["--shm-dir", str(shm)]))
    assert done.returncode == 0, done.stderr
    return done.stdout, _Page(done.stdout)


def test_nothing_is_asked_for_and_everything_is_closed(run: Run, tmp_path: Path) -> None:
    text, page = _page(run, tmp_path, "--from", "board:n300")
    assert page.open == []
    assert page.asked
    assert all(uri.startswith("data:image/svg+xml;base64,") for uri in page.asked)
    outside = re.findall(r"https?://[^\s\"'<>]+", text + "".join(_pictures(page)))
    assert {*outside} <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, not requests


def test_the_verdict_stands_before_all_else(run: Run, tmp_path: Path) -> None:
    _, page = _page(run, tmp_path, "--from", "board:n300")
    words = " ".join(page.texts)
    assert words.index("INCONCLUSIVE") < words.index("What was found") < words.index("Chips")


def test_findings_stand_with_their_explanation(run: Run, tmp_path: Path) -> None:
    capture = captures()["v3-ghost"]
    (tmp_path / "shm").mkdir()
    (tmp_path / "shm" / capture.file_name).write_bytes(capture.data)
    _, page = _page(run, tmp_path, "--from", "masks:wormhole_b0,tensix=0x1")
    words = " ".join(page.texts)
    explained = json.loads(run("explain", "TTT010", "--json").stdout)["findings"][0]
    assert explained["remedy"] in words


def test_what_a_region_says_cannot_become_markup(run: Run, tmp_path: Path) -> None:
    """Names of processes are any bytes."""
    capture = captures()["v3-names"]
    (tmp_path / "shm").mkdir()
    content = capture.data.replace(b"[markup]", b"<b>bold>")
    (tmp_path / "shm" / capture.file_name).write_bytes(content)
    text, page = _page(run, tmp_path, "--from", "masks:wormhole_b0,tensix=0x1")
    assert page.open == []
    assert "<b>bold>" not in text


def test_a_recording_has_its_course(run: Run, tmp_path: Path) -> None:
    root, path = tmp_path / "host", str(tmp_path / "r.jsonl")
    fake_sysfs.kernel_driver(root)
    fake_sysfs.device(root, 0)
    run(
        "record",
        "--from",
        f"sysfs:{root}",
        "--shm-dir",
        str(tmp_path),
        "--interval",
        "0.02",
        "-n",
        "4",
        "-o",
        path,
    )
    done = run("report", "--from", path)
    assert done.returncode == 0
    assert any("matplotlib" in picture for picture in _pictures(_Page(done.stdout)))


def test_a_fleet_is_named_with_its_findings(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    folder.mkdir()
    for name in ("a", "b"):
        run(
            "snapshot", "--from", "board:n150", "--shm-dir", str(tmp_path), "-o", str(folder / f"{name}.json")
        )
    _, page = _page(run, tmp_path, str(folder))
    assert "fleet of 2 hosts" in " ".join(page.texts)


def test_a_host_that_misses_the_links_of_one_neighbour_has_a_finding_in_the_table(
    run: Run, tmp_path: Path
) -> None:
    plan = plans.cards(2)
    documents = plans.documents(plan)
    documents["qb-02"]["ethernet_connections_to_remote_devices"] = []
    plans.write(tmp_path / "fleet", documents)
    text, _ = _page(run, tmp_path, str(tmp_path / "fleet"))
    rows = re.findall(r"<tr><td>(qb-0[12])</td>.*?<td[^>]*>([0-9]+)</td></tr>", text, re.DOTALL)
    assert rows == [("qb-01", "0"), ("qb-02", "1")]


def test_a_page_of_a_fleet_and_of_a_host_is_none(run: Run, tmp_path: Path) -> None:
    done = run("report", str(tmp_path), "--from", "board:n150")
    assert done.returncode == 2


def test_a_page_that_would_be_too_large_says_which_picture_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound stands a little below the page; what is left out are the largest pictures."""
    shm, path = tmp_path / "shm", tmp_path / "page.html"
    shm.mkdir()

    def pictures() -> tuple[int, str]:
        report.run(source="board:n300", shm_dir=str(shm), output=str(path))
        text = path.read_text()
        return text.count("<img "), "".join(_Page(text).texts)

    whole, text = pictures()
    assert "Left out" not in text
    monkeypatch.setattr(page_report, "MOST_BYTES", path.stat().st_size - 1)
    fewer, text = pictures()
    assert fewer == whole - 1
    assert re.search(r"Left out: the picture .+ \([0-9.]+ KiB: the page would be over 5 MB\)\.", text)
    assert path.stat().st_size <= page_report.MOST_BYTES


@pytest.mark.system
@pytest.mark.parametrize("source", ["board:galaxy-bh", "board:n300", "fleet"])
@pytest.mark.parametrize("mode", [(), ("--force-dark-mode",)], ids=["light", "dark"])
def test_it_fits_a_window_of_800_pixels(run: Run, tmp_path: Path, source: str, mode: tuple[str, ...]) -> None:
    """A copy of the page measures itself: nothing is wider than the window."""
    shm, path = tmp_path / "shm", tmp_path / "page.html"
    shm.mkdir()
    more = ["--shm-dir", str(shm)]
    if source == "fleet":
        plans.write(tmp_path / "fleet", plans.documents(plans.cards(4)))
        source, more = str(tmp_path / "fleet"), []
        assert run("report", source, "-o", str(path)).returncode == 0
    else:
        assert run("report", "--from", source, *more, "-o", str(path)).returncode == 0
    measure = "<script>document.title = document.documentElement.scrollWidth</script></body>"
    text = re.sub(r"<meta http-equiv=[^>]*>", "", path.read_text()).replace("</body>", measure)
    path.write_text(text)
    done = subprocess.run(
        [shutil.which("chromium") or "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--window-size=800,900", *mode, f"--user-data-dir={tmp_path}/chromium", "--dump-dom", f"file://{path}"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    measured = re.search(r"<title>(\d+)</title>", done.stdout)
    assert measured is not None
    assert int(measured[1]) <= 800


@pytest.mark.system
def test_a_browser_shows_it_without_a_word_of_complaint(run: Run, tmp_path: Path) -> None:
    """Headless Chromium: no console message, and the text is there; 1,152 chips open in two seconds."""
    shm = tmp_path / "shm"
    shm.mkdir()
    page = tmp_path / "page.html"
    run("report", "--from", "board:galaxy-bh", "--shm-dir", str(shm), "-o", str(page))
    rows = re.search(r"(<tr><td>0</td>.*?</tr>)", page.read_text(), re.DOTALL)
    assert rows is not None
    page.write_text(page.read_text().replace(rows[1], rows[1] * (1152 - 31)))
    done = subprocess.run(
        [shutil.which("chromium") or "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
         "--enable-logging=stderr", "--v=0", f"--user-data-dir={tmp_path}/chromium", "--dump-dom",
         f"file://{page}"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "What was found" in done.stdout
    assert "CONSOLE" not in done.stderr
    assert done.stdout.count("<tr><td>0</td>") >= 1121


@pytest.mark.parametrize("library", ["matplotlib", "numpy", "pyparsing"])
def test_a_page_without_plots_does_not_wait_for_what_draws_them(tmp_path: Path, library: str) -> None:
    code = "import sys; from ttinspect.cli.start import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, "report", "--from", "board:n300",
         "-o", str(tmp_path / "page.html")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (tmp_path / "page.html").exists()
    assert "jinja2" in done.stderr
    assert not re.search(rf"\| +{library}$", done.stderr, re.MULTILINE)
