"""The page: one file, every language, no script, nothing fetched, no single customer, sound HTML."""

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pyarrow as pa
import pytest
import shopfront
from shopfront import article_of

from shijin.report.localiser import FORMS
from shijin.report.page import BacktestSummary, ReportData
from shijin.report.page import page as page_for
from shijin.words import LANGUAGES


def page(data: ReportData) -> str:
    return page_for(data, shopfront.TERMINAL)


VOID = {"meta", "input", "br", "link", "img", "hr"}
EVIL = "<script>alert('x')</script> & \"Söhne\" 'co'"
CONTRAST_AA = 4.5


def evil() -> ReportData:
    table = shopfront.forecast(40)
    tiers = tuple(f"{EVIL} {name}" for name in shopfront.TIERS.names)
    renamed = pa.array([f"{EVIL} {tier}" for tier in table["tier"].to_pylist()])
    table = table.set_column(table.column_names.index("tier"), "tier", renamed)
    rows = tuple(replace(row, member=EVIL) for row in shopfront.scores()[:1])
    judged = BacktestSummary(scoreboard=rows, served=EVIL, verdict=shopfront.in_words(EVIL, EVIL))
    return replace(
        shopfront.young(),
        shop=EVIL,
        forecast=table,
        tiers=tiers,
        backtest=judged,
        notes=({"code": "forecast.member_left_out", "member": EVIL, "why": EVIL},),
        receipts={EVIL: 3},
        version=EVIL,
        months=shopfront.months(3),
    )


SHOPS = {
    "full": shopfront.full,
    "young": shopfront.young,
    "evil": evil,
    "empty backtest": lambda: replace(shopfront.full(), backtest=BacktestSummary(), findings=shopfront.findings()[:0]),
}


@cache
def html_of(name: str) -> str:
    return page(SHOPS[name]())


def visible(html: str) -> str:
    return re.sub(r"<style>.*?</style>", "", html, flags=re.S)


def rules(html: str, selector: str) -> str:
    """What the stylesheet says of a selector, on screens of every width."""
    sheet = "".join(re.findall(r"<style>.*?</style>", html, flags=re.S))
    found = re.findall(rf"(?:^|\}})\s*{re.escape(selector)} \{{([^}}]*)\}}", sheet, flags=re.M)
    assert found, selector
    return ";".join(found)


class Outline(HTMLParser):
    """Collects what a checker of HTML would complain about."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.levels: list[int] = []
        self.tables: list[list[str]] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.add(tag)
        self.ids += [attributes["id"] or ""] if "id" in attributes else []
        self.links += [attributes["href"] or ""] if "href" in attributes else []
        self.handlers += [name for name in attributes if name.startswith("on")]
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "table":
            self.tables.append([])
        if self.tables and tag in ("caption", "th") and "table" in self.open:
            self.tables[-1].append(tag if tag == "caption" else str(attributes.get("scope")))
        if tag == "svg" and not (attributes.get("role") == "img" and attributes.get("aria-label")):
            self.faults.append("a picture without words")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    parser.close()
    return parser


@pytest.mark.parametrize("name", SHOPS)
def test_tags_balance_ids_are_unique_and_links_lead_somewhere(name: str) -> None:
    parsed = outline(html_of(name))
    assert parsed.faults == []
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link.removeprefix("#") for link in parsed.links} <= set(parsed.ids)


@pytest.mark.parametrize("name", SHOPS)
def test_headings_step_down_one_by_one_and_tables_have_captions(name: str) -> None:
    parsed = outline(html_of(name))
    assert all(after - before <= 1 for before, after in zip(parsed.levels, parsed.levels[1:], strict=False))
    assert parsed.tables
    assert all(table[0] == "caption" and set(table[1:]) == {"col", "row"} for table in parsed.tables)


@pytest.mark.parametrize("name", SHOPS)
def test_the_page_runs_no_script_and_fetches_nothing(name: str) -> None:
    html = html_of(name)
    parsed = outline(html)
    assert not parsed.tags & {"script", "img", "link", "iframe", "object", "embed", "audio", "video", "source"}
    assert parsed.handlers == []
    assert not re.search(r"https?://|url\(|@import|javascript:", html)


def test_the_same_shop_gives_the_same_page_again() -> None:
    assert page(shopfront.young()) == html_of("young")


@pytest.mark.parametrize("name", SHOPS)
def test_the_page_is_at_most_a_megabyte(name: str) -> None:
    assert len(html_of(name).encode()) <= 1_000_000


@pytest.mark.parametrize("name", SHOPS)
def test_nothing_missing_is_ever_shown(name: str) -> None:
    words = re.sub(r"<[^>]*>", " ", visible(html_of(name)))
    assert not re.search(r"\b(nan|none|null|undefined|inf)\b", words, flags=re.I)
    assert "{" not in words


@pytest.mark.parametrize("name", SHOPS)
def test_every_language_has_the_same_parts(name: str) -> None:
    english = article_of(html_of(name), "en")
    for language in LANGUAGES:
        article = article_of(html_of(name), language)
        assert re.findall(rf'id="(\w+)-{language}"', article) == re.findall(r'id="(\w+)-en"', english)
        for tag in ("svg", "table", "tr", "li", "h2", "h3", "dt", "figure"):
            assert article.count(f"<{tag}") == english.count(f"<{tag}"), tag
        assert f'lang="{FORMS[language].html_language}"' in article
        if name != "evil" and language != "zh":
            assert not re.search(r"[一-鿿]", article)


def test_every_section_carries_its_language() -> None:
    sections = re.findall(r"<section[^>]*>", html_of("full"))
    assert len(sections) == 9 * len(LANGUAGES)
    for language in LANGUAGES:
        lang = f'lang="{FORMS[language].html_language}"'
        assert all((f'-{language}"' in section) == (lang in section) for section in sections)


@pytest.mark.parametrize(("locale", "html_language"), [("en", "en"), ("zh", "zh-CN")])
def test_the_page_opens_in_the_shops_language(locale: str, html_language: str) -> None:
    html = page(replace(shopfront.young(), locale=locale))
    assert f'<html lang="{html_language}">' in html
    assert re.findall(r'id="to-(\w+)"[^>]* checked', html) == [locale]


def test_the_other_language_is_one_radio_button_away() -> None:
    html = html_of("full")
    for language in LANGUAGES:
        assert f"#to-{language}:checked ~ main > :not(.in-{language}) {{ display: none; }}" in html
        assert html.index(f'id="to-{language}"') < html.index(f'<label for="to-{language}"') < html.index("<main>")


def test_names_are_shown_and_never_run() -> None:
    html = html_of("evil")
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;Söhne&#34;" in html


def test_no_single_customer_appears() -> None:
    assert "customer-" not in html_of("full")


def test_the_map_states_how_similar_customers_are_and_how_to_read_it() -> None:
    english, chinese = (article_of(html_of("full"), language) for language in ("en", "zh"))
    for article, title, near, explained in (
        (english, "Customer map", "6 places by last visit, 5 places by number", "keeps 53.1%"),
        (chinese, "顾客分布图", "6 名（按最近到访时间）、5 名（按订单数）、8 名", "差异的 53.1%"),
    ):
        assert f"<h3>{title}</h3>" in article
        assert near in article
        assert explained in article
        assert "<code>shijin represent --like ID</code>" in article
        assert article.count("<circle") >= 2000


def test_a_page_without_a_map_states_how_to_get_one_and_mentions_no_dots() -> None:
    html = html_of("young")
    assert "There is no map: with fewer than 30 customers" in html
    assert "暂无分布图：顾客不足 30 位时" in html
    assert "On the map" not in html
    assert "shijin represent" not in html
    unmade = page(replace(shopfront.young(), map_missing="unmade"))
    assert "<code>shijin represent --horizon 30d --cutoff 2024-05-17</code>" in unmade
    assert "fewer than 30 customers" not in unmade
    assert "at most 400 days ahead" in page(replace(shopfront.young(), map_missing="long"))
    assert "dots without a name" not in html
    assert "dots without a name" in html_of("full")


def test_the_map_states_how_many_are_drawn_and_comes_twice_once_for_a_phone() -> None:
    few = shopfront.full()
    few = replace(few, forecast=few.forecast.slice(0, 300), map=shopfront.customer_map(few.forecast.slice(0, 300)))
    for html, sentence, dots in (
        (html_of("full"), "2,000 of 2,469, chosen evenly", 2000),
        (page(few), "all customers are drawn", 300),
    ):
        drawn = re.findall(r'<figure class="card map">.*?</figure>', html, flags=re.S)
        assert sentence in drawn[0]
        wide, narrow = re.findall(r"<svg.*?</svg>", drawn[0], flags=re.S)
        boxes = [float(re.search(r'viewBox="0 0 ([\d.]+) ', one)[1]) for one in (wide, narrow)]  # type: ignore[index]
        assert boxes[1] < 360 < boxes[0]
        assert all(dots <= one.count("<circle") <= dots + 3 for one in (wide, narrow))  # and a legend's


def test_where_fewer_are_drawn_the_dots_are_larger() -> None:
    def radius(customers: int) -> float:
        table = shopfront.forecast(customers)
        html = page(replace(shopfront.full(), forecast=table, map=shopfront.customer_map(table)))
        drawn = re.search(r'<figure class="card map">.*?</svg>', html, flags=re.S)
        assert drawn is not None
        return min(map(float, re.findall(r'<circle[^>]* r="([\d.]+)"', drawn[0])))

    assert (radius(2000), radius(35) > 4.7) == (2.0, True)
    assert 3.0 < radius(323) < 3.3


def test_where_no_model_was_trained_the_page_states_why_and_which_member_made_the_forecast() -> None:
    why, member = {"code": "forecast.too_few", "needs": 30}, {"code": "forecast.btyd_answers", "most": 400}
    html = page(replace(shopfront.young(), case="untrained", untrained=(why, member)))
    for language, how_made, whether_to_trust in (
        ("en", "stays untrained. The behaviour model looks at most 400", "<p>The behaviour model looks at most 400"),
        ("zh", "沿用未训练的预测。行为模型最多预测 400 天", "<p>行为模型最多预测 400 天"),
    ):
        article = article_of(html, language)
        assert (article.count(how_made), article.count(whether_to_trust)) == (1, 1)
    assert "too short" not in html


def test_a_forecast_without_a_backtest_comes_with_the_command_for_one() -> None:
    html = page(replace(shopfront.young(), unjudged=None))
    assert html.count("<code>shijin backtest --horizon 30d --cutoff 2024-04-17</code>") == 2 * len(LANGUAGES)
    assert "Come back" not in html


def test_rows_are_counted_by_outcome() -> None:
    html = html_of("full")
    assert "read: 1,469,307; accepted: 1,466,020; already known: 1,234; set aside: 2,053</dd>" in html
    assert "读取 1,469,307 行；接受 1,466,020 行；重复 1,234 行；隔离 2,053 行</dd>" in html


def test_a_young_shop_learns_what_to_do() -> None:
    html = html_of("young")
    assert "about 90 days of orders in all, and there are 41" in html
    assert "Come back when you have more data" in html
    assert "shijin backtest" not in html
    assert "The data have not been checked yet" in html
    assert "There are no orders by month to show" in html


def test_the_formula_and_the_losses_are_in_the_page() -> None:
    html = html_of("full")
    assert "Recent-spend formula" in html
    assert "Another method is better here: Boosted trees (LightGBM)" in html


def test_money_is_written_in_each_language() -> None:
    html = page(replace(shopfront.young(), currency="CNY"))
    english, chinese = article_of(html, "en"), article_of(html, "zh")
    assert "CN¥" in english
    assert "CN¥" not in chinese
    assert "¥" in chinese


def test_a_shop_without_predicted_spend_still_has_a_page() -> None:
    table = shopfront.forecast(5)
    nothing = {name: pa.array([0.0] * 5) for name in ("expected_spend", "p_active", "historic_spend")}
    for name, column in nothing.items():
        table = table.set_column(table.column_names.index(name), name, column)
    html = page(replace(shopfront.young(), forecast=table))
    assert "No spend is predicted" in html
    assert outline(html).faults == []


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1, 2])  # light, dark, print
def test_text_stands_out_from_its_ground_in_every_theme(theme: int) -> None:
    themes = [
        dict(re.findall(r"(--[\w-]+): (#\w{6})", block))
        for block in re.findall(r":root \{.*?\}", html_of("young"), flags=re.S)
    ]
    colours = themes[0] | themes[theme]
    for text in ("--ink", "--soft", "--link", "--gold", "--good", "--bad"):
        for ground in ("--ground", "--card", *(["--gold-soft"] if text in ("--ink", "--gold") else [])):
            light, dark = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= CONTRAST_AA, (text, ground)
    for shape in ("--forecast", "--happened", "--counted"):
        light, dark = sorted((luminance(colours[shape]), luminance(colours["--card"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, shape


def test_nothing_makes_the_page_wider_than_the_window() -> None:
    html = html_of("full")
    for grid in (".cards", ".actions", ".pair"):
        columns = re.findall(r"grid-template-columns: ([^;]*)", rules(html, grid))
        assert columns
        assert all("minmax(0, 1fr)" in one for one in columns), grid
    assert "overflow-wrap: anywhere" in rules(html, ".command code")
    assert "overflow-x: auto" in rules(html, ".scroll")
    assert "local" in rules(html, ".scroll")  # the shadow that shows that a table goes on
    assert "nowrap" in rules(html, '.dated th[scope="row"]')


def test_months_stay_on_one_line() -> None:
    assert visible(html_of("full")).count('<table class="dated">') == len(LANGUAGES)
