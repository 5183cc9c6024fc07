"""serve beside a real Prometheus and a real node_exporter: what is promised to whoever scrapes it."""

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from tests.shm.captures import captures
from tests.sources import fake_sysfs
from ttinspect.answers.metric_names import COUNTERS, GAUGES

pytestmark = pytest.mark.system
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "prometheus"
ALERTS_TEST = Path(__file__).resolve().parents[1] / "data" / "prometheus" / "alerts_test.yml"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _process(*command: str, cwd: Path | None = None) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _get(url: str, context: ssl.SSLContext | None = None, **headers: str) -> tuple[int, bytes, str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.status, answer.read(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers["Content-Type"]


@contextlib.contextmanager
def _served(script: str, *args: str) -> Iterator[str]:
    port = _free_port()
    with _process(script, "serve", "--listen", f"127.0.0.1:{port}", *args) as process:
        assert process.stdout is not None
        while "serving" not in (line := process.stdout.readline()):
            assert line, "it ended before it served"
        yield line.split()[-1].removesuffix("/metrics")


@pytest.fixture
def hot_host(tmp_path: Path) -> Path:
    """A device at its throttle limit, with the region of a process that was killed."""
    root = tmp_path / "host"
    fake_sysfs.kernel_driver(root)
    folder = fake_sysfs.device(root, 0)
    hwmon = folder / "device" / "hwmon/hwmon3"
    (hwmon / "temp1_input").write_text("91000\n")
    return root


@pytest.fixture
def ghost_snapshot(tmp_path: Path, console_script: str) -> Path:
    """A snapshot of a chip with a region in which a dead process holds memory."""
    capture = captures()["v3-ghost"]
    shm, procfs = tmp_path / "shm", tmp_path / "proc"
    for folder in (shm, procfs / "self", procfs / str(os.getpid())):
        folder.mkdir(parents=True)
    (shm / capture.file_name).write_bytes(capture.data)
    chip = "masks:wormhole_b0,tensix=0x1"
    done = subprocess.run(
        [console_script, "snapshot", "--from", chip, "--shm-dir", str(shm), "-o", str(tmp_path / "s.json")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tmp_path / "s.json"


def test_a_scrape_is_compressed_negotiated_and_read_only(console_script: str, hot_host: Path) -> None:
    with _served(console_script, "--from", f"sysfs:{hot_host}") as url:
        status, body, kind = _get(f"{url}/metrics")
        assert status == 200
        assert kind.startswith("text/plain")
        assert b'ttinspect_temperature_celsius{chip="0",sensor="asic",unique_id=""} 91.0' in body
        _, openmetrics, kind = _get(f"{url}/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert kind.startswith("application/openmetrics-text")
        assert openmetrics.endswith(b"# EOF\n")
        _, small, _ = _get(f"{url}/metrics", None, **{"Accept-Encoding": "gzip"})
        assert len(small) * 4 < len(body)
        assert _get(f"{url}/etc/passwd")[0] == 404
        request = urllib.request.Request(f"{url}/metrics", data=b"x", method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 501
        refused.value.close()


def test_a_source_that_is_gone_is_up_0_and_comes_back(console_script: str, hot_host: Path) -> None:
    moved = hot_host.with_name("away")
    with _served(console_script, "--from", f"sysfs:{hot_host}", "--min-interval", "0") as url:
        assert b"ttinspect_up 1.0" in _get(f"{url}/metrics")[1]
        hot_host.rename(moved)
        gone = _get(f"{url}/metrics")[1]
        assert b"ttinspect_up 0.0" in gone
        assert b'ttinspect_chip_up{chip="0",unique_id=""} 0.0' in gone
        moved.rename(hot_host)
        assert b"ttinspect_up 1.0" in _get(f"{url}/metrics")[1]


def test_a_chip_that_vanishes_is_chip_up_0_without_readings_and_the_others_are_served(
    console_script: str, hot_host: Path
) -> None:
    folder = fake_sysfs.device(hot_host, 1)
    away = hot_host.with_name("away")
    with _served(console_script, "--from", f"sysfs:{hot_host}", "--min-interval", "0") as url:
        _get(f"{url}/metrics")
        folder.rename(away)
        for _ in range(2):
            gone = _get(f"{url}/metrics")[1].decode()
            up = re.findall(r'ttinspect_chip_up{chip="(.)",unique_id=""} (.)', gone)
            assert up == [("0", "1"), ("1", "0")]
            assert set(re.findall(r'ttinspect_temperature_celsius{chip="(.)"', gone)) == {"0"}
        away.rename(folder)
        back = _get(f"{url}/metrics")[1].decode()
        assert set(re.findall(r'ttinspect_temperature_celsius{chip="(.)"', back)) == {"0", "1"}


def test_requests_close_together_share_one_reading(console_script: str, hot_host: Path) -> None:
    with _served(console_script, "--from", f"sysfs:{hot_host}", "--min-interval", "60") as url:
        first, second = (_get(f"{url}/metrics")[1] for _ in range(2))
        assert first == second


def test_a_thousand_scrapes_leave_no_more_memory_files_or_threads_behind(
    console_script: str, hot_host: Path
) -> None:
    """The heartbeat is another one at each: what is not written anew must not pile up either."""
    heartbeat = next(hot_host.rglob("tt_heartbeat"))
    port = _free_port()
    arguments = ("serve", "--listen", f"127.0.0.1:{port}", "--from", f"sysfs:{hot_host}")
    with _process(console_script, *arguments, "--min-interval", "0") as process:
        assert process.stdout is not None
        process.stdout.readline()

        def scrape(times: int) -> tuple[int, int, int]:
            """KiB, open files, threads."""
            for number in range(times):
                heartbeat.write_text(f"{number}\n")
                _get(f"http://127.0.0.1:{port}/metrics")
            status = Path(f"/proc/{process.pid}/status").read_text()
            resident, threads = (
                int(status.partition(f"{key}:")[2].split()[0]) for key in ("VmRSS", "Threads")
            )
            return resident, len([*Path(f"/proc/{process.pid}/fd").iterdir()]), threads

        before, files, threads = scrape(200)
        after = scrape(800)
        assert after[0] < before + 2048
        assert after[1] <= files + 1  # a connection that is not gone yet
        assert after[2] <= threads + 1


def test_users_have_a_password_that_can_be_changed_without_a_restart(
    console_script: str, hot_host: Path, tmp_path: Path
) -> None:
    config = tmp_path / "web.yml"

    def allow(password: str) -> None:
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
        fresh = tmp_path / "new.yml"
        fresh.write_text(f"basic_auth_users:\n  prom: {hashed}\n")
        fresh.chmod(0o600)
        fresh.replace(config)

    def basic(user: str, password: str) -> str:
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    allow("old")
    with _served(console_script, "--from", f"sysfs:{hot_host}", "--web-config", str(config)) as url:
        assert _get(f"{url}/metrics")[0] == 401
        assert _get(f"{url}/metrics", Authorization="Basic !!")[0] == 401
        assert _get(f"{url}/metrics", Authorization=basic("prom", "new"))[0] == 401
        assert _get(f"{url}/metrics", Authorization=basic("nobody", "old"))[0] == 401
        assert _get(f"{url}/metrics", Authorization=basic("prom", "old"))[0] == 200
        allow("new")
        assert _get(f"{url}/metrics", Authorization=basic("prom", "old"))[0] == 401
        assert _get(f"{url}/metrics", Authorization=basic("prom", "new"))[0] == 200


def test_tls_asks_for_a_certificate_of_its_own_ca(
    console_script: str, hot_host: Path, tmp_path: Path
) -> None:
    _make_certificate(tmp_path, "server")
    _make_certificate(tmp_path, "client")
    config = tmp_path / "web.yml"
    config.write_text(
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client.crt\n"
    )
    config.chmod(0o600)
    with _served(console_script, "--from", f"sysfs:{hot_host}", "--web-config", str(config)) as url:
        assert url.startswith("https://")
        stranger = ssl.create_default_context(cafile=str(tmp_path / "server.crt"))
        with pytest.raises((urllib.error.URLError, ConnectionError, ssl.SSLError)):
            _get(f"{url}/metrics", stranger)
        known = ssl.create_default_context(cafile=str(tmp_path / "server.crt"))
        known.load_cert_chain(tmp_path / "client.crt", tmp_path / "client.key")
        assert _get(f"{url}/metrics", known)[0] == 200


def _make_certificate(folder: Path, name: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / f"{name}.key").chmod(0o600)


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("basic_auth_user: {}\n", 0o600, "serve does not have this key"),
        ("basic_auth_users: {a: secret}\n", 0o600, "a bcrypt hash"),
        ("tls_server_config: {cert_file: a.crt}\n", 0o600, "key_file"),
        ("basic_auth_users: {}\n", 0o666, "others than its owner may write it"),
    ],
)
def test_a_web_configuration_that_decides_nothing_is_refused(
    console_script: str, hot_host: Path, tmp_path: Path, text: str, mode: int, why: str
) -> None:
    config = tmp_path / "web.yml"
    config.write_text(text)
    config.chmod(mode)
    done = subprocess.run(
        [console_script, "serve", "--from", f"sysfs:{hot_host}", "--listen", "127.0.0.1:0", "--web-config", config],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_the_examples_are_what_prometheus_reads() -> None:
    for command in (
        ["promtool", "check", "rules", "alerts.yml", "recording.yml"],
        ["promtool", "check", "config", "prometheus.yml"],
    ):
        done = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        ["promtool", "test", "rules", ALERTS_TEST.name],
        cwd=ALERTS_TEST.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    """Every name in it is one of the table of names, or a recorded one."""
    panels = json.loads((EXAMPLES / "dashboard.json").read_text())["panels"]
    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"ttinspect[_:]\w+", target["expr"])
    }
    declared = {f"ttinspect_{name}" for name in (*GAUGES, *COUNTERS)}
    recorded = set(re.findall(r"record: (\S+)", (EXAMPLES / "recording.yml").read_text()))
    assert asked
    assert asked <= declared | recorded


def test_alerts_fire_in_prometheus_on_a_hot_chip_and_on_a_ghost(
    console_script: str, hot_host: Path, ghost_snapshot: Path, tmp_path: Path
) -> None:
    rules = (EXAMPLES / "alerts.yml").read_text()
    (tmp_path / "alerts.yml").write_text(rules.replace("for: 1m", "for: 0s").replace("for: 5m", "for: 0s"))
    port = _free_port()
    with contextlib.ExitStack() as stack:
        hot = stack.enter_context(_served(console_script, "--from", f"sysfs:{hot_host}"))
        ghost = stack.enter_context(_served(console_script, "--from", str(ghost_snapshot)))
        targets = [url.removeprefix("http://") for url in (hot, ghost)]
        (tmp_path / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [alerts.yml]\n"
            f"scrape_configs: [{{job_name: tt, static_configs: [{{targets: {json.dumps(targets)}}}]}}]\n"
        )
        stack.enter_context(
            _process(
                "prometheus",
                f"--config.file={tmp_path}/prometheus.yml",
                f"--storage.tsdb.path={tmp_path}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            )
        )
        expected = {"TenstorrentChipThrottlesByHeat", "TenstorrentGhost"}
        firing: set[str] = set()
        until = time.monotonic() + 60
        while time.monotonic() < until and not expected <= firing:
            time.sleep(0.5)
            with contextlib.suppress(OSError):
                alerts = json.loads(_get(f"http://127.0.0.1:{port}/api/v1/alerts")[1])["data"]["alerts"]
                firing = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
        assert expected <= firing


def test_nothing_is_lost_beside_another_textfile(console_script: str, hot_host: Path, tmp_path: Path) -> None:
    """node_exporter drops a whole file, or one of two, for a timestamp, a HELP or a sample that is doubled."""
    folder = tmp_path / "textfiles"
    folder.mkdir()
    (folder / "other.prom").write_text("# HELP other_up x\n# TYPE other_up gauge\nother_up 1\n")
    subprocess.run(
        [console_script, "metrics", "--from", f"sysfs:{hot_host}", "-o", folder / "ttinspect.prom"],
        check=True,
    )
    port = _free_port()
    command = (
        shutil.which("prometheus-node-exporter") or "prometheus-node-exporter",
        "--collector.disable-defaults", "--collector.textfile",
        f"--collector.textfile.directory={folder}", f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    with _process(*command):
        until = time.monotonic() + 20
        text = b""
        while time.monotonic() < until and not text:
            with contextlib.suppress(OSError):
                text = _get(f"http://127.0.0.1:{port}/metrics")[1]
            time.sleep(0.1)
    assert b"node_textfile_scrape_error 0" in text
    assert b"other_up 1" in text
    ours = [line for line in (folder / "ttinspect.prom").read_text().splitlines() if not line.startswith("#")]
    shown = [line for line in text.decode().splitlines() if line.startswith("ttinspect_")]
    assert len(shown) == len(ours)


def test_it_ends_at_once_when_it_is_told_to(console_script: str, hot_host: Path) -> None:
    with _process(
        console_script, "serve", "--listen", "127.0.0.1:0", "--from", f"sysfs:{hot_host}"
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        assert process.wait(10) == 143
