"""Reports on made-up stores, and a browser to look at them."""

import shutil

import pytest
import reported
import told_search

import results_store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


def publish(store):
    """Two studies with epochs, of which one has claims and a failure, the other a grid and a later submission."""
    points = tuple(f"top_k={k}" for k in range(1, 10))
    reported.publish(store, "one", broken={("oracle", 2)})
    for minutes, seeds in ((0, 2), (10, 3)):
        reported.publish(store, "grid", variants=("oracle",), points=points, seeds=seeds, minutes=minutes)
    return results_store.open(store.path)


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """A store that tests only read."""
    return publish(results_store.FolderStore(tmp_path_factory.mktemp("a store") / "results"))


@pytest.fixture
def own_results(store):
    """The same store for one test alone."""
    return publish(store)


@pytest.fixture(scope="session")
def whole_report(results):
    return results.report("one", "grid")


@pytest.fixture
def searched(store):
    """A study with a search."""
    told_search.publish(store, told_search.info(), study="gates", num_candidates=16, confirm=(2,))
    return results_store.open(store.path)
