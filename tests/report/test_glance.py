"""The first screen: headline numbers, and the backtest in words without figures."""

import re
from dataclasses import replace

import pytest
import shopfront
from shopfront import article_of

from shijin.report.data import BacktestSummary, PairedDifference, ReportData, ScoreRow
from shijin.report.glance import cards, plain_verdict
from shijin.report.localiser import Localiser
from shijin.report.page import page
from shijin.report.totals import sum_up
from shijin.words import LANGUAGES, Language

ENGLISH, CHINESE = Localiser("en", "USD"), Localiser("zh", "USD")


def judged(auc: str, ngini: str, level: float | None, served: str = "stack") -> ReportData:
    pairs = tuple(
        PairedDifference("decayed spend H", metric, 0.0, 0.0, 0.0, verdict)  # type: ignore[arg-type]
        for metric, verdict in (("auc", auc), ("ngini", ngini))
    )
    backtest = BacktestSummary(served=served, scoreboard=(ScoreRow("stack", {"level": level}),), paired=pairs)
    return replace(shopfront.full(), backtest=backtest)


def test_the_verdict_compares_with_the_formula_and_names_the_total() -> None:
    assert plain_verdict(shopfront.full(), ENGLISH) == (
        "It was tested on the 60 days from 18 Mar 2024, which it had not seen. "
        "At predicting who will order, it is better than the recent-spend formula. "
        "At ranking customers by spend, it is as good as the formula. Its total was 3% below actual spend."
    )
    assert plain_verdict(shopfront.full(), CHINESE) == (
        "用2024年3月18日起 60 天的实际数据做过检验，预测时未使用这段数据。"
        "判断哪些顾客会下单，比近期消费公式更准。按消费额给顾客排序，与公式相当。预测总额比实际低 3%。"
    )


def test_losses_and_a_served_formula_are_named() -> None:
    verdict = plain_verdict(judged("tie", "loss", 1.234, "decayed spend H"), ENGLISH)
    assert verdict == (
        "At predicting who will order, it is as good as the recent-spend formula. "
        "At ranking customers by spend, the formula is better. Its total was 23% above actual spend. "
        "No model beats the formula on this shop, so the formula makes the forecast."
    )
    assert "Its total matched actual spend." in plain_verdict(judged("win", "win", 1.004), ENGLISH)


def test_without_measurements_there_is_no_verdict() -> None:
    assert plain_verdict(shopfront.young(), ENGLISH) == ""
    assert plain_verdict(replace(shopfront.full(), backtest=BacktestSummary()), ENGLISH) == ""
    assert "total" not in plain_verdict(judged("win", "win", None), ENGLISH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_screen_has_no_metric_and_no_column(language: Language) -> None:
    localiser, data = Localiser(language, "USD"), shopfront.full()
    words = [plain_verdict(data, localiser)]
    for card in cards(data, sum_up(data), localiser):
        words += [card.label, card.value, *card.remarks]
    assert not re.search(r"AUC|CRPS|Gini|基尼|\w_\w|±", " ".join(words))


def test_the_likely_range_is_explained_by_its_percentage_on_a_click_with_a_backtest_and_without() -> None:
    for data in (shopfront.full(), replace(shopfront.young(), interval=(10.0, 200.0))):
        html = page(data, shopfront.TERMINAL)
        for language, card, figures in (
            ("en", "very likely", "80% prediction interval"),
            ("zh", "大概率", "80% 预测区间"),
        ):
            glance = article_of(html, language).split('id="next-')[0]
            assert card in glance.split("<details>")[0]
            assert figures in glance.split("<details>")[1]
            assert "80%" not in glance.split("<details>")[0]


def test_a_shop_without_risk_has_a_word_for_it() -> None:
    table = shopfront.young().forecast
    certain = table.set_column(table.column_names.index("p_active"), "p_active", [[1.0] * table.num_rows])
    data = replace(shopfront.young(), forecast=certain)
    for localiser, words in (
        (ENGLISH, "no sign of churn among your best customers"),
        (CHINESE, "优质老客暂无明显流失风险"),
    ):
        assert cards(data, sum_up(data), localiser)[-1].remarks == (words,)
