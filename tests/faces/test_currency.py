"""Money in other currencies: what is read, what stays in USD, the rate and its day, amounts that people type."""

import json
import re

import pytest

import vidcalc
from vidcalc.catalog.currencies import codes, currency, dollars
from vidcalc.faces.terminal.cells import width
from vidcalc.faces.words import languages

JOB = ("-m", "wan2.1-t2v-1.3b", "--gpu", "4090")
SHOWN = {
    "estimate": ("estimate", *JOB),
    "full": ("estimate", *JOB, "--full"),
    "train": ("train", *JOB, "--mode", "lora", "--checkpointing", "full"),
    "fit": ("fit", *JOB, "--max-cost", "0.05USD"),
    "choose": ("choose", *JOB),
    "compare": ("compare", "wan2.1-t2v-1.3b", "ltx-video-2b", "--gpu", "4090"),
    "budget": ("budget", *JOB, "--hours", "10", "--checkpointing", "full"),
    "scale": ("scale", *JOB, "--gpus", "2"),
    "gpus": ("gpus", "--filter", "4090"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_tells_all_its_money_in_won_and_at_which_rate(ask, name):
    plain, won = ask(*SHOWN[name]), ask(*SHOWN[name], "--currency", "krw")
    assert (plain.code, won.code) == (0, 0), won.err
    told = currency("KRW")
    lines = won.out.splitlines()
    assert lines[-1] == f"1 USD = ₩{told.per_usd:,.0f} (European Central Bank, {told.as_of})"
    assert "$" not in won.out
    amounts = re.findall(r"\$([\d,.]+\d)", plain.out)
    assert amounts
    shown = [float(text.replace(",", "")) for text in re.findall(r"₩([\d,.]+\d|\d)", "\n".join(lines[:-1]))]
    for text, mine in zip(amounts, shown, strict=True):
        assert mine == pytest.approx(float(text.replace(",", "")) * told.per_usd, rel=0.03)
    assert max(map(len, lines)) <= 80


def test_a_currency_lasts_for_one_command(ask):
    ask("estimate", *JOB, "--currency", "EUR")
    assert "$" in ask("estimate", *JOB).out


def test_json_stays_in_usd_and_says_the_rate_beside(ask):
    plain, won = (json.loads(ask("estimate", *JOB, "--json", *more).out) for more in ((), ("--currency", "KRW")))
    told = won.pop("currency")
    assert won == plain
    assert (told["code"], told["as_of"]) == ("KRW", currency("KRW").as_of)
    assert told["per_usd"] == pytest.approx(currency("KRW").per_usd)


def test_rates_cross_by_way_of_the_euro():
    assert currency("eur").per_usd * (1 / currency("EUR").per_usd) == pytest.approx(1)
    assert 1000 < currency("KRW").per_usd < 2000
    for code in codes():
        assert dollars(currency(code).per_usd, code) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("0.5", 0.5),
        ("$0.5", 0.5),
        ("0.5USD", 0.5),
        ("500KRW", 500 / currency("KRW").per_usd),
        ("₩1k", 1000 / currency("KRW").per_usd),
        ("€0.5", 0.5 / currency("EUR").per_usd),
        ("60 jpy", 60 / currency("JPY").per_usd),
        ("CN¥3", 3 / currency("CNY").per_usd),
        ("0.5€", 0.5 / currency("EUR").per_usd),
        ("RM5", 5 / currency("MYR").per_usd),
        ("R5", 5 / currency("ZAR").per_usd),
        ("2S$", 2 / currency("SGD").per_usd),
        ("550원", 550 / currency("KRW").per_usd),
        ("2 euros", 2 / currency("EUR").per_usd),
        ("USD 0.5", 0.5),
        ("1,000 KRW", 1000 / currency("KRW").per_usd),
    ],
)
def test_amounts_in_any_currency(ask, text, usd):
    found = json.loads(ask("choose", *JOB, "--budget", text, "--json").out)
    assert found["wanted"]["cost"] == pytest.approx(usd)
    if "1k" not in text:
        hourly = json.loads(ask("estimate", *JOB, "--price", text + "/h", "--json").out)
        assert hourly["cost"]["per_hour_low"] == pytest.approx(usd)


@pytest.mark.parametrize("text", ["0.5/h", "0.5/hour", "0.5$/hr", "$0.5 per hour", "0.5 USD an hour", "시간당 0.5달러"])
def test_a_price_says_in_many_ways_that_it_is_one_an_hour(ask, text):
    found = json.loads(ask("estimate", *JOB, "--price", text, "--json").out)
    assert found["cost"]["per_hour_low"] == pytest.approx(0.5)


@pytest.mark.parametrize("code", codes())
def test_the_list_of_gpus_is_no_wider_than_a_page_in_any_currency(ask, code):
    for language in languages():
        done = ask("gpus", "--currency", code, "--lang", language)
        assert max(map(width, done.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "flag", "near"),
    [
        (("--currency", "KRX"), "--currency", "KRW"),
        (("--currency", "123"), "--currency", "USD"),
        (("--price", "5KRX"), "--price", "0.4"),
        (("--price", "₩5USD"), "--price", "0.4"),
        (("--price", "5/day"), "--price", "0.4"),
        (("--price", "-1"), "--price", "0"),
        (("--price", "99999999999KRW"), "--price", "0.4"),
        (("--price", "5kr"), "--price", "0.4"),
        (("--price", "5 R"), "--price", "0.4"),
        (("--price", "5,50€"), "--price", "5.50€"),
        (("--price", "1,0000"), "--price", "1.0000"),
        (("--price", "1,"), "--price", "1."),
    ],
)
def test_what_is_no_money_is_refused(ask, arguments, flag, near):
    done = ask("estimate", *JOB, *arguments)
    assert done.code == 2
    assert done.err.startswith(f"error: {flag} ")
    assert done.err.rstrip().endswith(f"nearest: {near}")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(("text", "near"), [("5kr", "200000USD"), ("5K R", "200000USD"), ("5,50€", "5.50€")])
def test_a_budget_that_says_no_amount_is_refused(ask, text, near):
    done = ask("choose", *JOB, "--budget", text)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("error: --budget ")
    assert done.err.rstrip().endswith(f"nearest: {near}")


def test_python_tells_money_in_a_currency():
    report = vidcalc.estimate("wan2.1-t2v-1.3b", gpu="4090")
    plain = str(report)
    try:
        assert vidcalc.currency("eur") == "EUR"
        assert "€" in str(report)
        assert "$" not in str(report)
        with pytest.raises(vidcalc.InputError, match="--currency"):
            vidcalc.currency("EURO")
    finally:
        vidcalc.currency("USD")
    assert str(report) == plain
