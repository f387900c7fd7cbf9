"""A real Chromium for tests, driven through its DevTools protocol over a pipe: no port, no library.

The variable that `.ci/run` sets makes its absence a failure; elsewhere the tests skip.
Protocol: https://chromedevtools.github.io/devtools-protocol/, messages of JSON ended by NUL.
"""

from __future__ import annotations

import base64
import json
import os
import selectors
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

#: Set by `.ci/run`: the browser must be there.
CHROMIUM_VARIABLE = "MOODWATCH_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Seconds until an answer, on a busy machine.
PATIENCE_S = 90.0

#: Keys by name, with what Windows calls them.
KEYS = {
    "Tab": 9, "Enter": 13, "Escape": 27, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
}  # fmt: skip

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """One running browser."""

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self._to_browser = os.pipe()
        self._from_browser, to_write = os.pipe()
        # The protocol reads from descriptor 3 and writes to 4; a shell moves ours there.
        move = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", move, "bash", program, *FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._from_browser, selectors.EVENT_READ)
        self._buffer = b""
        self._next_id = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; what happens meanwhile goes to `events`."""
        self._next_id += 1
        message: dict[str, Any] = {"id": self._next_id, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._next_id:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> None:
        """Return when an event has come, before or now."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(
            event.get("method") == method and event.get("sessionId") == session
            for event in self.events
        ):
            self.events.append(self._receive(deadline))

    def open(self, path: Path, *, width: int = 1200, dark: bool = False) -> Tab:
        """Open a file in a new tab and return it when it is loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        tab.call("Emulation.setEmulatedMedia", features=scheme)
        tab.resize(width)
        tab.call("Page.navigate", url=path.as_uri())
        self.wait_for("Page.loadEventFired", session)
        return tab

    def close(self) -> None:
        os.close(self._to_browser)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._selector.close()
        os.close(self._from_browser)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise AssertionError(f"the browser said nothing for {PATIENCE_S:.0f} s")
            read = os.read(self._from_browser, 1 << 20)
            if not read:
                raise AssertionError("the browser has ended")
            self._buffer += read
        message, _, self._buffer = self._buffer.partition(b"\0")
        received: dict[str, Any] = json.loads(message)
        return received


class Tab:
    """One page in the browser."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self.session = session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self.session, **params)

    def resize(self, width: int, height: int = 900) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, awaited if it is a promise."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"]["exception"].get("description"))
        return found["result"].get("value")

    def press(self, key: str, *, control: bool = False) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        pressed: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        if control:
            pressed["modifiers"] = 2
        self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        button: dict[str, Any] = {"button": "left", "clickCount": 1}
        self._mouse("mousePressed", start, **button)
        for part in (0.5, 1.0):
            at = tuple(a + (b - a) * part for a, b in zip(start, end, strict=True))
            self._mouse("mouseMoved", at, button="left", buttons=1)
        self._mouse("mouseReleased", end, **button)

    def point(self, at: tuple[float, float]) -> None:
        self._mouse("mouseMoved", at)

    def _mouse(self, kind: str, at: tuple[float, ...], **more: Any) -> None:
        self.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], **more)

    def complaints(self) -> list[str]:
        """Return what went to the console, and scripts' errors."""
        told = []
        for event in self._own_events():
            params = event.get("params", {})
            if event["method"] == "Runtime.consoleAPICalled":
                told.append(str(params["args"]))
            elif event["method"] == "Runtime.exceptionThrown":
                told.append(str(params["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                told.append(params["entry"]["text"])
        return told

    def requests(self) -> list[str]:
        """Return every address that the page asked for, itself included."""
        return [
            event["params"]["request"]["url"]
            for event in self._own_events()
            if event["method"] == "Network.requestWillBeSent"
        ]

    def screenshot(self, path: Path) -> None:
        """Write the whole page as a picture."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)

    def _own_events(self) -> Iterator[dict[str, Any]]:
        for event in self._browser.events:
            if event.get("sessionId") == self.session and "method" in event:
                yield event


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        reason = f"needs Chromium on the PATH (Debian: apt-get install chromium): {NAMES}"
        if os.environ.get(CHROMIUM_VARIABLE):
            pytest.fail(f"{CHROMIUM_VARIABLE} is set: {reason}")
        pytest.skip(reason)
    # Not below pytest's folder: the browser may still write there while it ends.
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        Browser(program, Path(profile)) as opened,
    ):
        yield opened
