"""The page in a real browser, wide and narrow: nothing asked of a network, everything there, usable without a mouse."""

import dataclasses
import itertools

import figured
import pytest

import results_store
from results_store.charts import Axis, Band, Bars, Chart, Line, Panel, Points, Reference, Spans
from results_store.report.chart_tables import chart_tables
from results_store.report.content import Claim, ClaimArm, Figure

WIDTHS = (1280, 390)
HOSTILE = (
    "<script>document.title='owned'</script><img src=http://x.example/ onerror=alert(1)></style></script>"
    "<!--]]>'\"`{{ 1 + 1 }}\u202e\x1b[2J &lt;b&gt;"
)


def every_mark():
    percent, plain = Axis(title="Accuracy", unit="fraction", bounds=(0, 1)), Axis(title="Noise", is_log=True)
    marks = (
        Spans(group="stretch", starts=[1, 5], ends=[2, 8]),
        Band(group="ours", x=[1, 10, 100], low=[0.1, 0.2, 0.3], high=[0.5, 0.6, 0.7]),
        Line(group="ours", x=[1, 10, 100], y=[0.3, 0.4, 0.5], low=[0.2, 0.3, 0.4], high=[0.4, 0.5, 0.6]),
        Points(group="ours", x=[1, 1, 10], y=[0.2, 0.3, 0.4], texts=["seed 0", "seed 1", "seed 2"], is_faint=True),
        Reference(group="paper", y=0.9),
        Points(group="paper", x=[10], y=[0.8]),
    )
    bars = Bars(group="ours", edges=[0, 0.5, 1], heights=[0.25, 0.75])
    panels = (
        Panel(x=plain, y=percent, marks=marks, title="Reach"),
        Panel(x=percent, y=percent, marks=(bars,), title="Histogram"),
    )
    return Chart(
        name="marks", title="Every kind of mark", panels=panels, groups=("ours", "stretch", "paper"),
        published=frozenset({"paper"}), alternative="Ours rise; the paper is above.", caption=("Made up.",),
    )  # fmt: skip


@pytest.fixture
def report(whole_report):
    first, *others = whole_report.studies
    chart = every_mark()
    first = dataclasses.replace(first, figures=[Figure(chart=chart, data=chart_tables(chart)), *first.figures])
    return dataclasses.replace(whole_report, studies=[first, *others])


class Visit:
    """A page that is open in the browser, and what it did on its way."""

    def __init__(self, browser, path, width):
        self.page = browser.new_page(viewport={"width": width, "height": 844})
        self.requests, self.messages = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-figures], body:not(:has(#plotly))", state="attached")

    def count(self, selector):
        return self.page.locator(selector).count()

    def evaluate(self, script):
        return self.page.evaluate(script)


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width} px")
def visit(browser, request, tmp_path):
    visits = []

    def opened(report):
        path = tmp_path / "re'p ort.html"
        path.write_text(report.html(), encoding="utf-8")
        visits.append(Visit(browser, path, request.param))
        assert visits[-1].requests == [path.as_uri()]
        assert visits[-1].messages == []
        return visits[-1]

    yield opened
    for opened_visit in visits:
        opened_visit.page.close()


def test_the_page_asks_nothing_and_has_everything(visit, report):
    seen = visit(report)
    assert seen.evaluate("document.documentElement.dataset.figures") == "drawn"
    figures = [figure for study in report.studies for figure in study.figures]
    assert seen.count(".plot") == len(figures)
    assert seen.count(".plot:has(svg.main-svg)") == len(figures)
    panels = sum(len(figure.chart.panels) for figure in figures)
    assert seen.evaluate("document.querySelectorAll('.plot .cartesianlayer > .subplot').length") == panels
    titles = [shown.table.title for study in report.studies for shown in study.tables]
    assert seen.evaluate("[...document.querySelectorAll('.study h4')].map((h) => h.textContent)") == [
        *titles[:1], *(figure.chart.title for figure in report.studies[0].figures),
        *titles[1:], *(figure.chart.title for figure in report.studies[1].figures),
    ]  # fmt: skip
    assert seen.count("td .verdict") == seen.count(".claim") == len(report.claims) == 2
    assert seen.count(".strip") == sum(
        bool(s) for st in report.studies for t in st.tables for line in t.strips for s in line
    )
    assert seen.evaluate("document.querySelector('details pre code').textContent") == report.studies[0].tables[0].sql


def test_no_line_is_wider_than_the_page(visit, report):
    seen = visit(report)
    seen.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    outside = """() => [...document.querySelectorAll('main *')].filter((one) =>
        !one.closest('.scroll, pre, .plot, .seen-by-readers-only') && one.getBoundingClientRect().right > innerWidth + 1
    ).map((one) => one.outerHTML.slice(0, 80))"""
    assert seen.evaluate(outside) == []
    plots = (
        "[...document.querySelectorAll('.plot')].map((one) => one.querySelector('svg').getBoundingClientRect().right)"
    )
    assert all(right <= seen.evaluate("innerWidth") for right in seen.evaluate(plots))


def test_names_of_arms_break_at_underscores_alone(visit, report):
    (first, *others), name = report.claims, "amor_entropy_gate_20_epochs_" * 3
    claim = dataclasses.replace(first, arms=[dataclasses.replace(first.arms[0], label=name)])
    seen = visit(dataclasses.replace(report, claims=[claim, *others]))
    lines = seen.evaluate("""() => {
        const name = [...document.querySelectorAll('.claim dt')].find(one => one.textContent.startsWith('amor_'));
        const range = document.createRange();
        const lines = node => (range.selectNodeContents(node), range.getClientRects().length);
        return [name.textContent, ...[...name.childNodes].filter(node => node.nodeType === 3).map(lines)];
    }""")
    assert lines[0] == name
    assert set(lines[1:]) == {1}


def test_headings_are_nested_without_gaps(visit, report):
    seen = visit(report)
    levels = seen.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_what_cannot_be_seen_is_said(visit, report):
    seen = visit(report)
    assert seen.evaluate("document.documentElement.lang") == "en"
    assert seen.page.title() == report.title
    unnamed = """() => [...document.querySelectorAll('.plot, .scroll, nav, pre, img')].filter((one) =>
        !(one.getAttribute('aria-label') || one.getAttribute('alt'))).length"""
    assert seen.evaluate(unnamed) == 0
    labels = seen.evaluate("[...document.querySelectorAll('.plot')].map((one) => one.getAttribute('aria-label'))")
    assert labels[0] == "Every kind of mark. Ours rise; the paper is above."
    regions = seen.evaluate(
        "[...document.querySelectorAll('[role=region]')].map((one) => one.getAttribute('aria-label'))"
    )
    assert len(regions) == len(set(regions)) == seen.count(".scroll") + seen.count("pre")
    assert seen.count("table") == seen.count("table > caption") == seen.count(".scroll > table")
    assert seen.count("table th:not([scope])") == 0
    assert seen.count("tbody > tr:not(:has(th[scope=row], th[scope=rowgroup]))") == 0
    ids = seen.evaluate("[...document.querySelectorAll('main [id], nav [id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    for target in seen.evaluate("[...document.querySelectorAll('a')].map((one) => one.getAttribute('href'))"):
        assert seen.count(target) == 1, target


def test_a_keyboard_is_enough(visit, report):
    """Every link, region, button and fold is reached with the tab key, is seen to be, and folds open with Enter."""
    seen = visit(report)
    at_focus = """() => { const one = document.activeElement; if (one === document.body) return null;
        one.dataset.reached = Number(one.dataset.reached || 0) + 1;
        return [one.tagName, getComputedStyle(one).outlineStyle, Number(one.dataset.reached)]; }"""
    for _ in range(2000):
        seen.page.keyboard.press("Tab")
        found = seen.evaluate(at_focus)
        if found is None or found[2] > 1:
            break
        assert found[1] != "none", found
        if found[0] == "SUMMARY":
            seen.page.keyboard.press("Enter")
            assert seen.evaluate("document.activeElement.parentElement.open")
    wanted = ".scroll, pre, summary, .legend button, a"
    left_out = f"[...document.querySelectorAll('{wanted}')].filter((one) => !one.dataset.reached).map((one) => one.outerHTML.slice(0, 99))"
    assert seen.evaluate(left_out) == []


def test_the_skip_link_comes_first(visit, report):
    seen = visit(report)
    seen.page.keyboard.press("Tab")
    assert seen.evaluate("document.activeElement.className") == "skip"
    assert seen.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    seen.page.keyboard.press("Enter")
    assert seen.evaluate("document.activeElement.id") == "content"


def test_the_legend_shows_and_hides_a_group_by_keyboard(visit, report):
    seen = visit(report)
    button = seen.page.locator(".legend button", has_text="ours").first
    visible = """(group) => { const plot = document.querySelector('#plot-0');
        return [...plot.data.filter((one) => one.meta === group), ...plot.layout.shapes.filter((one) => one.name === String(group))]
            .map((one) => one.visible !== false); }"""
    for group, text in enumerate(("ours", "stretch", "paper")):
        button = seen.page.locator("figure", has=seen.page.locator("#plot-0")).locator(".legend button", has_text=text)
        assert all(seen.page.evaluate(visible, group))
        button.focus()
        seen.page.keyboard.press("Enter")
        assert button.get_attribute("aria-pressed") == "false"
        assert not any(seen.page.evaluate(visible, group))
        seen.page.keyboard.press("Space")
        assert button.get_attribute("aria-pressed") == "true"
        assert all(seen.page.evaluate(visible, group))
    assert seen.messages == []


def test_hovering_tells_seed_and_value_in_percent(visit, report):
    seen = visit(report)
    plot = seen.page.locator("#plot-0")
    plot.scroll_into_view_if_needed()
    seen.evaluate("Plotly.Fx.hover('plot-0', [{curveNumber: 3, pointNumber: 1}])")
    texts = plot.locator(".hoverlayer .hovertext text").all_text_contents()
    assert any("seed 1" in text and "30 %" in text for text in texts), texts


def test_figures_follow_the_width_of_the_window(visit, report):
    seen = visit(report)
    seen.page.set_viewport_size({"width": 700, "height": 800})
    follows = "[...document.querySelectorAll('.plot')].every((one) => one.querySelector('svg').clientWidth === one.clientWidth)"
    for _ in range(200):
        if seen.evaluate(follows):
            break
        seen.page.wait_for_timeout(50)
    assert seen.evaluate(follows)
    assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_stands_in_a_store_is_text(visit, report):
    first, *others = report.studies
    hostile = dataclasses.replace(
        first, name=HOSTILE, description=HOSTILE, notes=[HOSTILE], figures=[
            dataclasses.replace(figure, chart=dataclasses.replace(
                figure.chart, title=HOSTILE, alternative=HOSTILE, caption=(HOSTILE,),
                panels=tuple(dataclasses.replace(panel, title=HOSTILE) for panel in figure.chart.panels),
            )) for figure in first.figures
        ],
        tables=[dataclasses.replace(table, sql=HOSTILE, table=dataclasses.replace(
            table.table, title=HOSTILE, header=[HOSTILE] * len(table.table.header), notes=[HOSTILE],
            lines=[[HOSTILE] * len(line) for line in table.table.lines],
        )) for table in first.tables],
        file=dataclasses.replace(first.file, name=HOSTILE, text=HOSTILE),
    )  # fmt: skip
    claim = Claim(
        study=HOSTILE, name=HOSTILE, statement=HOSTILE, outcome="supported", verdict="supported",
        is_tested=True, reason=HOSTILE, effect=HOSTILE, p=HOSTILE, num_seeds=HOSTILE, family=HOSTILE, notes=[HOSTILE],
        arms=[ClaimArm(label=HOSTILE, measured=HOSTILE, published=HOSTILE, place=HOSTILE)],
    )  # fmt: skip
    seen = visit(dataclasses.replace(report, title=HOSTILE, claims=[claim], studies=[hostile, *others]))
    assert seen.evaluate("document.documentElement.dataset.figures") == "drawn"
    assert seen.page.title() != "owned"
    assert seen.count("script") == 1 + 1 + 1 + sum(len(study.figures) for study in report.studies)  # one is plotly.js
    assert seen.count("main img") == 0
    assert "\u202e" not in seen.page.content()
    assert "\x1b" not in seen.page.content()
    assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "<script>document.title" in seen.evaluate("document.querySelector('h2[id^=study]').textContent")


def test_even_unescaped_no_other_script_would_run(browser, report, tmp_path):
    """The page's policy names the digests of its own scripts, and lets nothing connect."""
    injected = "<script>document.title = 'owned'; fetch('http://x.example/')</script><img src='http://x.example/y.png'>"
    path = tmp_path / "report.html"
    path.write_text(report.html().replace("<main", f"{injected}<main", 1), encoding="utf-8")
    page = browser.new_page()
    blocked = []
    page.on("console", lambda message: blocked.append(message.text))
    requests = []
    page.on("request", lambda request: requests.append(request))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-figures]", state="attached")
    assert page.title() == report.title
    assert len(blocked) >= 2
    assert all("Content Security Policy" in text for text in blocked)
    assert all(request.failure for request in requests if request.url.startswith("http"))
    page.close()


def test_a_page_without_figures_has_no_script(visit, report):
    studies = [dataclasses.replace(study, figures=[]) for study in report.studies]
    seen = visit(dataclasses.replace(report, studies=studies))
    assert seen.count("script") == 0


def test_every_kind_of_figure_is_drawn(visit, store):
    figured.publish(store)
    report = results_store.open(store.path).report("figured")
    seen = visit(report)
    (study,) = report.studies
    assert seen.count(".plot:has(svg.main-svg)") == len(study.figures) == len(figured.FIGURES) + 1
    panels = sum(len(figure.chart.panels) for figure in study.figures)
    assert seen.evaluate("document.querySelectorAll('.plot .cartesianlayer > .subplot').length") == panels
    cut_off = """() => [...document.querySelectorAll('.plot .infolayer text')].filter((text) => {
        const box = text.getBoundingClientRect(), plot = text.closest('.plot').getBoundingClientRect();
        return box.left < plot.left - 1 || box.right > plot.right + 1 || box.bottom > plot.bottom + 1;
    }).map((text) => text.textContent)"""
    assert seen.evaluate(cut_off) == []


def test_it_is_one_small_file(report):
    assert len(report.html().encode()) < 5_000_000


def test_it_prints_within_the_paper(browser, report, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(report.html(), encoding="utf-8")
    seen = Visit(browser, path, 1280)
    width_of_a4 = 718
    seen.page.emulate_media(media="print")
    seen.page.set_viewport_size({"width": width_of_a4, "height": 1000})
    seen.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert seen.evaluate("document.documentElement.scrollWidth") <= width_of_a4
    widths = seen.evaluate("[...document.querySelectorAll('.plot svg.main-svg')].map((one) => one.clientWidth)")
    assert widths
    assert all(width <= width_of_a4 for width in widths)
    assert not seen.page.locator("nav").is_visible()
    seen.page.close()
