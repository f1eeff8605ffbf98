"""The digit machine in the page of project 4: does it draw what is asked for, for everybody?"""

import pytest
import torch
from conftest import HTML, opened
from torch.nn.functional import one_hot

from gan_course.networks import sample
from gan_course.saving import load_trained

pytestmark = pytest.mark.browser
PAGE = "notebooks/11_digits_on_request.html"
WEIGHTS = "digits_weights.js"
# what a canvas shows, as red, green and blue of its 64 pixels
PIXELS = """(place) => {
  const canvas = document.querySelectorAll("gan-digits canvas")[place];
  const { data } = canvas.getContext("2d").getImageData(0, 0, 8, 8);
  return Array.from({ length: 64 }, (_, i) => Array.from(data.slice(4 * i, 4 * i + 3)));
}"""
ASKED = """() => {
  const { noise, others, label } = document.querySelector("gan-digits");
  return [[noise, ...others].map((row) => Array.from(row)), Array.from(label)];
}"""
COLOURS = {  # paper and ink
    "light": ((0xFA, 0xFA, 0xF5), (0x1A, 0x1A, 0x1A)),
    "dark": ((0x23, 0x26, 0x2D), (0xEC, 0xEF, 0xF4)),
}


@pytest.fixture
def machine(page, site):
    return visit(page, f"{site}/{PAGE}")


def visit(page, address):
    """The page, once its machine has drawn."""
    page.goto(address)
    page.locator("gan-digits").scroll_into_view_if_needed()
    page.wait_for_selector("gan-digits[data-state=ready]")
    return page


def status(page, words):
    page.locator("gan-digits [data-part=status]").get_by_text(words, exact=True).wait_for()


def slide(page, name, value):
    page.fill(f"gan-digits [data-part={name}]", str(value))


def assert_drawn(page, label, theme="light"):
    """The page asks for this label, and each picture is what PyTorch's layers make of it."""
    noise, asked = page.evaluate(ASKED)
    assert asked == pytest.approx(label, abs=1e-6)
    rows = torch.cat([torch.tensor(noise), torch.tensor(label).expand(len(noise), 10)], dim=1)
    dark = (sample(load_trained("digits"), rows) + 1) / 2
    paper, ink = (torch.tensor(colour).float() for colour in COLOURS[theme])
    for place, expected in enumerate(paper + dark[:, :, None] * (ink - paper)):
        got = torch.tensor(page.evaluate(PIXELS, place)).float()
        assert float((got - expected).abs().max()) < 0.51, place  # rounded to whole numbers


def only(digit):
    return one_hot(torch.tensor(digit), 10).float().tolist()


def test_whoever_clicks_a_digit_gets_it(machine):
    for digit in (3, 8):
        machine.click(f"gan-digits [data-digit='{digit}']")
        status(machine, f"{'An' if digit == 8 else 'A'} {digit}, noise 1 of 60.")
        assert_drawn(machine, only(digit))
        pressed = machine.locator("gan-digits [aria-pressed=true]")
        assert pressed.all_inner_texts() == [str(digit)]
    machine.click("gan-digits [data-digit='7']")
    # the noise is walked through on a circle and drawn anew
    places = []
    for place in (1, 31, 60):
        slide(machine, "place", place)
        assert_drawn(machine, only(7))
        places.append(torch.tensor(machine.evaluate(ASKED)[0][0]))
    # half of the circle leads to the opposite
    torch.testing.assert_close(places[1], -places[0], atol=1e-5, rtol=0)
    assert float((places[2] - places[0]).norm()) < 0.2 * float(places[0].norm())
    status(machine, "A 7, noise 60 of 60.")
    machine.click("gan-digits [data-part=fresh]")
    status(machine, "A 7, noise 60 of 60, circle 2.")
    assert not torch.allclose(torch.tensor(machine.evaluate(ASKED)[0][0]), places[2], atol=0.5)
    assert_drawn(machine, only(7))


def test_a_morph_mixes_the_labels_and_nothing_else(machine):
    machine.click("gan-digits [data-digit='3']")
    machine.select_option("gan-digits [data-part=other]", "8")
    before = machine.evaluate(ASKED)[0]
    slide(machine, "morph", 30)
    label = [0.0] * 10
    label[3], label[8] = 0.7, 0.3
    assert_drawn(machine, label)
    assert machine.evaluate(ASKED)[0] == before
    status(machine, "70\u00a0% of a 3 and 30\u00a0% of an 8, noise 1 of 60.")
    slide(machine, "morph", 100)
    assert_drawn(machine, only(8))
    status(machine, "An 8, noise 1 of 60.")
    machine.click("gan-digits [data-digit='3']")  # a click gives that digit, whole
    assert_drawn(machine, only(3))
    assert machine.input_value("gan-digits [data-part=morph]") == "0"


def test_everything_works_by_keyboard(machine):
    machine.focus("gan-digits [data-digit='5']")
    machine.keyboard.press("Tab")
    machine.keyboard.press("Enter")
    status(machine, "A 6, noise 1 of 60.")
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert machine.evaluate(outline) == "3px"  # the focus can be seen
    for _ in range(4):  # over 7, 8 and 9 to the noise
        machine.keyboard.press("Tab")
    for _ in range(3):
        machine.keyboard.press("ArrowRight")
    status(machine, "A 6, noise 4 of 60.")
    machine.keyboard.press("Tab")
    machine.keyboard.press("Space")
    status(machine, "A 6, noise 4 of 60, circle 2.")
    machine.keyboard.press("Tab")
    machine.keyboard.press("End")
    machine.keyboard.press("Tab")
    machine.keyboard.press("0")
    status(machine, "A 0, noise 4 of 60, circle 2.")
    assert_drawn(machine, only(0))


def test_who_hears_the_page_is_told_what_is_there(machine):
    status(machine, "A 7, noise 1 of 60.")
    tree = machine.locator("gan-digits").aria_snapshot()
    for part in (
        'group "Digit"',
        'button "7" [pressed]',
        'img "Generated picture: a 7"',
        'slider "Noise": "1"',
        'slider "Morph": "0"',
        'combobox "Morph into"',
        'img "Eight more pictures of the same, each from other noise"',
        "status: A 7, noise 1 of 60.",
    ):
        assert part in tree, tree
    slide(machine, "place", 12)
    slide(machine, "morph", 25)
    said = machine.locator("gan-digits input").evaluate_all("all => all.map(i => i.ariaValueText)")
    assert said == ["12 of 60", "25\u00a0%"]
    name = "Generated picture: 75\u00a0% of a 7 and 25\u00a0% of a 4"
    assert machine.get_attribute("gan-digits [data-part=picture]", "aria-label") == name

    # a walk is said once, not at each step
    slide(machine, "morph", 0)
    status(machine, "A 7, noise 12 of 60.")
    machine.evaluate(
        """() => {
          window.said = [];
          new MutationObserver(() => window.said.push(
            document.querySelector("gan-digits [data-part=status]").textContent,
          )).observe(document.querySelector("gan-digits [data-part=status]"), { childList: true });
          const slider = document.querySelector("gan-digits [data-part=place]");
          for (let place = 2; place <= 40; place++) {
            slider.value = place;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
          }
        }"""
    )
    status(machine, "A 7, noise 40 of 60.")
    assert machine.evaluate("window.said") == ["A 7, noise 40 of 60."]


def test_on_a_phone_nothing_is_wider_than_its_box_and_a_tap_draws(browser, site):
    phone = opened(browser, viewport={"width": 360, "height": 740}, has_touch=True)
    visit(phone, f"{site}/{PAGE}")
    box = phone.locator("gan-digits").bounding_box()
    inside = "gan-digits :is(button, input, select, canvas, span)"
    for part in phone.locator(inside).all():
        found = part.bounding_box()
        assert found["x"] >= box["x"] and found["x"] + found["width"] <= box["x"] + box["width"] + 1
    phone.tap("gan-digits [data-digit='2']")
    assert_drawn(phone, only(2))
    phone.context.close()


def test_dark_pages_have_light_digits(machine):
    machine.evaluate("document.documentElement.dataset.theme = 'dark'")
    machine.wait_for_function(f"({PIXELS})(0)[0][0] < 100 || ({PIXELS})(0)[56][0] < 100")
    assert_drawn(machine, only(7), "dark")


def test_the_weights_come_with_the_reader_and_from_a_file_too(page):
    page.goto((HTML / PAGE).as_uri(), wait_until="load")
    assert not any(WEIGHTS in address for address in page.asked)
    visit(page, (HTML / PAGE).as_uri())
    assert [address.split("/")[-1] for address in page.asked if WEIGHTS in address] == [WEIGHTS]
    assert_drawn(page, only(7))


def test_a_page_without_the_machine_loads_nothing_of_it(page, site):
    page.goto(f"{site}/book/playground.html", wait_until="load")
    assert not any("digits" in address for address in page.asked)


def test_weights_that_do_not_come_are_told(browser, site):
    page = opened(browser)
    page.route(f"**/{WEIGHTS}", lambda route: route.abort())
    page.goto(f"{site}/{PAGE}")
    page.locator("gan-digits").scroll_into_view_if_needed()
    status(page, "The generator did not load. Reload the page to try again.")
    page.context.close()
