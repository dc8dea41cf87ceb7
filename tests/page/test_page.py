"""The web page of the worklist in a real browser, driven as people do: mouse, keyboard, search."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from pipeline.history.notes import WorklistNotes
from pipeline.interpret.since_last_report import compare_current
from pipeline.report.report_names import file_name
from pipeline.report.worklist.worklist_workbook import render_worklist
from tests.needs import IS_CI
from tests.unit.report_tables import RUN, make_tables

HOSTILE = "<img src=x onerror=alert(1)>"
WARD = f"""
    patient     | name      | sex | years | specimen | at         | analyte     | result
    P1          | Ada       | F   | 64    | S1       | 2026-03-01 | platelets   | 250 10*9/L
    P2          | Bo        | M   | 40    | S2       | 2026-03-02 | hemoglobin  | 62 g/L
    P10         | {HOSTILE} | F   | 40    | S5       | 2026-02-08 | vitamin-b12 | 120 ng/L
    p 5#x"y&z   | Eve       | F   | 40    | S6       | 2026-02-09 | mcv         | 104 fL
    P4          | Dee       | F   | 40    | S4       | 2026-03-03 | mcv         | held not-a-number
"""
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def page_of(text: str) -> str:
    tables = make_tables(text)
    _, page = render_worklist(
        tables.assessment(),
        RUN,
        compare_current(None, tables.listed),
        {
            patient: f"patients/{file_name(patient)}.xlsx"
            for patient in tables.results["patient_id"].unique()
        },
        WorklistNotes(),
    )
    return page


def test_nothing_comes_from_elsewhere():
    page = page_of(WARD)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:|//|data:|javascript:)", page)
    assert "default-src 'none'" in page
    assert HOSTILE not in page
    assert page == page_of(WARD)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if not ((CHROMIUM and DRIVER) or IS_CI):
        pytest.skip("Chromium and its driver are not installed")
    assert CHROMIUM, "in CI nothing is skipped"
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, tmp_path: Path):
    path = tmp_path / "index.html"
    path.write_text(page_of(WARD), encoding="utf-8")
    browser.get(path.as_uri())
    return browser


def ids(page) -> list[str]:
    rows = page.find_elements("css selector", "#worklist tbody tr")
    return [row.find_element("tag name", "th").text for row in rows if row.is_displayed()]


def head(page, title: str):
    return page.find_element("xpath", f"//thead//button[normalize-space(.)='{title}']")


def test_the_lines_of_the_worklist_in_its_order(page):
    assert ids(page) == ["P2", "P10", 'p 5#x"y&z', "P4", "P1"]
    assert page.find_element("id", "found").text == "5 patients"
    first = page.find_element("css selector", "tbody tr")
    assert "Anemia (severe)" in first.text
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_what_an_export_says_is_text(page):
    assert HOSTILE in page.find_element("tag name", "tbody").text
    assert page.find_elements("css selector", "tbody img") == []


def test_links_lead_to_the_workbooks(page):
    links = page.find_elements("css selector", "tbody a")
    targets = {
        link.text: unquote(link.get_attribute("href").rsplit("/", 1)[1]).removesuffix(".xlsx")
        for link in links
    }
    assert targets == {key: file_name(key) for key in ("P1", "P2", "P10", 'p 5#x"y&z')}


def test_sorting_by_a_click_and_back(page):
    head(page, "Patient id").click()
    assert ids(page) == ['p 5#x"y&z', "P1", "P2", "P4", "P10"]
    assert page.find_element("css selector", "[aria-sort=ascending]").text.startswith("Patient id")
    head(page, "Patient id").click()
    assert ids(page) == ["P10", "P4", "P2", "P1", 'p 5#x"y&z']
    head(page, "Priority").click()
    assert ids(page)[0] == "P2"
    assert len(page.find_elements("css selector", "[aria-sort=ascending]")) == 1


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("ada", ["P1"]),
        ("low B12", ["P10"]),
        ("SEVERE anemia", ["P2"]),
        ("severe anaemia", ["P2"]),
        ("sevère", ["P2"]),
        ("nobody", []),
        (" ", 5),
    ],
)
def test_search(page, words, left):
    page.find_element("id", "search").send_keys(words)
    assert ids(page) == left if isinstance(left, list) else len(ids(page)) == left
    if isinstance(left, list):
        assert page.find_element("id", "found").text == f"{len(left)} / 5 patients"


def test_by_keyboard_alone(page):
    from selenium.webdriver import ActionChains, Keys

    keys = ActionChains(page)
    keys.send_keys(Keys.TAB).perform()
    assert page.switch_to.active_element.get_attribute("id") == "search"
    for _ in range(3):
        keys.send_keys(Keys.TAB).perform()
    assert page.switch_to.active_element.text.startswith("Patient id")
    keys.send_keys(Keys.ENTER).perform()
    assert ids(page)[:2] == ['p 5#x"y&z', "P1"]
    outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


def test_contrast_of_text(page):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for every cell that says something."""
    pairs = page.execute_script(
        """
        return Array.from(document.querySelectorAll("th, td, button, a, p, h1"))
          .filter((each) => Array.from(each.childNodes).some(
            (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()))
          .map((each) => {
            let behind = each;
            while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)"
                   && behind.parentElement) behind = behind.parentElement;
            const fill = getComputedStyle(behind).backgroundColor;
            return [getComputedStyle(each).color, fill === "rgba(0, 0, 0, 0)" ? "rgb(255,255,255)" : fill];
          });
        """
    )
    assert len(pairs) > 50
    assert min(contrast(*pair) for pair in pairs) >= 4.5


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
