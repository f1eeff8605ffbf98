"""Does the joined style sheet keep what pages use, and drop only what none can?"""

import re

import pytest
from conftest import HTML

from tools.styles import is_used, join, purge

WORDS = {"used", "also-used", "open"}


@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        ("p", True),
        (".used", True),
        ("#used > .also-used:hover", True),
        (".used .absent", False),
        ("#absent", False),
        (".used:not(.absent)", True),
        (".used:not(:has(.absent))", True),
        ("a[class~=absent]", True),
    ],
)
def test_a_selector_is_used_if_all_its_names_are(selector, kept):
    assert is_used(selector, WORDS) == kept


def test_purging_drops_single_selectors_and_empty_media():
    text = """
    .used, .absent { color: red }
    @media (min-width: 1px) { .absent { color: red } }
    @media print { .used { color: red } .absent { color: blue } }
    @keyframes absent { from { opacity: 0 } to { opacity: 1 } }
    @font-face { font-family: x; src: url(x.woff) }
    """
    flat = re.sub(r"\s+", "", purge(text, WORDS))
    assert flat == (
        ".used{color:red}@mediaprint{.used{color:red}}"
        "@keyframesabsent{from{opacity:0}to{opacity:1}}@font-face{font-family:x;src:url(x.woff)}"
    )


def test_pages_without_the_joined_sheet_are_refused(tmp_path):
    (tmp_path / "page.html").write_text("<html></html>")
    with pytest.raises(ValueError, match="asks for"):
        join(tmp_path)


@pytest.mark.browser
def test_code_left_without_elements_would_have_the_colour_of_all_text():
    rules = (HTML / "_static" / "pygments.css").read_text(encoding="utf-8")
    for theme in ("light", "dark"):
        of = rf'html\[data-theme="{theme}"\] \.highlight{{}} {{{{[^}}}}]*?(?<!-)color: (#\w+)'
        text = re.search(of.format(""), rules).group(1)
        for name in ("n", "nn", "p", "w"):  # PLAIN in book/_ext/book_pages.py
            assert re.search(of.format(rf" \.{name}"), rules).group(1) == text
