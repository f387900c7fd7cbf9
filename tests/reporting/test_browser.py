"""The page in a real browser, from a file, with nothing to talk to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from reporting.render import write_html
from tests.reporting.test_render import Elements, page


@pytest.fixture(scope="module")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("needs Chromium on the PATH (Debian: apt-get install chromium), found none")


def opened(chromium: str, path: Path, profile: Path) -> tuple[str, list[str]]:
    """Return the page's elements after its scripts ran, and what it wrote to the console."""
    done = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0",
            "--virtual-time-budget=10000", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def n_charts(dom: str) -> int:
    return sum(
        tag == "svg" and attributes.get("class") == "marks"
        for tag, attributes in Elements(dom).seen
    )


def test_every_chart_draws_and_the_console_is_silent(chromium: str, tmp_path: Path) -> None:
    path = write_html(page(), tmp_path / "report.html")
    dom, console = opened(chromium, path, tmp_path / "profile")
    assert console == []
    # Net mood, eight emotions at most, and the volume.
    assert n_charts(dom) >= 5


def test_a_script_that_got_into_the_page_does_not_run(chromium: str, tmp_path: Path) -> None:
    path = write_html(page(), tmp_path / "report.html")
    markup = "<script>document.title = 'taken'</script><img src='http://127.0.0.1:9/x'>"
    path.write_text(path.read_text().replace("</body>", f"{markup}</body>"))
    dom, console = opened(chromium, path, tmp_path / "profile")
    assert "<title>taken" not in dom
    assert any("inline script" in line and "violates" in line for line in console), console
    assert any("127.0.0.1:9" in line and "violates" in line for line in console), console
