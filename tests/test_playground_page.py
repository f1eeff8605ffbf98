"""The playground's page in a real browser: does it train, tell the truth, and obey everybody?"""

import re

import pytest
import torch
from conftest import HTML, opened

from benchmarks.curves import SETTINGS, TASKS
from benchmarks.trained import NORMAL
from gan_course import metrics
from gan_course.data import pattern_values
from gan_course.many import PATTERNS, Settings
from gan_course.networks import sample
from gan_course.records import load_records
from gan_course.saving import TRAINED, load_trained

pytestmark = pytest.mark.browser
PAGE = "book/playground.html"
LEFT_OUT = {"dropout", "scaled"}  # the page has none of these, or always


@pytest.fixture
def playground(page, site):
    """The page, once its playground has drawn the untrained generator."""
    return visit(page, f"{site}/{PAGE}")


@pytest.fixture(scope="module")
def laboratory(browser, site):
    """The page for those who only compute there."""
    page = opened(browser)
    yield visit(page, f"{site}/{PAGE}")
    page.context.close()


def visit(page, address):
    page.goto(address)
    page.wait_for_selector("gan-playground[data-step]")
    page.wait_for_function("document.querySelector('gan-playground').frame")
    return page


def state(page):
    return dict(page.evaluate("({...document.querySelector('gan-playground').dataset})"))


def run(page, code, value=None):
    """A function body that knows the playground's core, measures, targets and session."""
    known = """const core = ganCore(), measures = ganMeasures();
      const targets = ganTargets(core, measures);
      const { Session } = ganSession(core, targets, measures);"""
    return page.evaluate(f"(value) => {{ {known} {code} }}", value)


def train_to_the_end(page):
    page.click("[data-part=train]")
    page.wait_for_function(
        "(({dataset, frame}) => dataset.state === 'still' && frame?.done)"
        "(document.querySelector('gan-playground'))"
    )
    return state(page)


HEAR = """() => {
  window.changed = [];
  const look = (changes) => changes.forEach(
    ({ target }) => window.changed.push(target.dataset.part ?? target.nodeName));
  const watch = new MutationObserver(look);
  for (const live of document.querySelectorAll("[role=status], output"))
    watch.observe(live, { childList: true });
}"""


def test_it_trains_until_its_verdict_is_good(page, site):
    visit(page, f"{site}/{PAGE}#t=exponential")
    page.evaluate(HEAR)
    end = train_to_the_end(page)
    assert end["verdict"] == "good"
    # who hears the page is told of its beginning and its end, not of each picture
    assert page.evaluate("window.changed") == ["status"] * 2
    steps = page.input_value("[data-field=steps]")
    assert end["step"] == steps
    said = f"Finished at step {steps}. Verdict: good."
    assert page.inner_text("[data-part=status]") == said
    assert "verdict good" in page.get_attribute("[data-part=picture]", "aria-label")


def test_the_common_recipe_misses_most_multiples_and_a_slow_discriminator_collapses(page, site):
    visit(page, f"{site}/{PAGE}#t=multiples&r=published&steps=1500")
    assert train_to_the_end(page)["verdict"] in ("misses values", "collapsed")
    page.goto(f"{site}/{PAGE}")
    address = page.get_attribute("article a[href*='discriminatorRate']", "href")
    visit(page, f"{site}/{PAGE}{address}&steps=200")  # a reader sees it as soon
    usual = run(page, "return targets.recipe('exponential', 'course').discriminatorRate;")
    rate = float(page.input_value("[data-field=discriminatorRate]"))
    assert rate == pytest.approx(usual / 10_000)
    assert train_to_the_end(page)["verdict"] == "collapsed"


def test_what_the_page_says_of_its_recipes_is_so(laboratory):
    text = " ".join(laboratory.inner_text("article").split())
    quick, longer = (
        run(laboratory, "return targets.recipe(value, 'course');", name)
        for name in ("exponential", "sine")
    )
    assert "twice as large, there are three times as many steps, and the average is longer" in text
    assert longer["average"] > quick["average"]
    assert longer["batch"] == 2 * quick["batch"]
    assert longer["steps"] == 3 * quick["steps"]
    for name, words in (
        ("exponential_playground_quick", "of the exponential"),
        ("sine_playground", "of the sine"),
    ):
        records = load_records(name)
        good = sum(record["verdict"] == "good" for record in records)
        assert re.search(rf"on {good} of {len(records)}( seeds)? {words}", text)


def test_it_stops_when_it_is_told_to_and_goes_on_from_there(playground):
    playground.click("[data-part=train]")
    playground.wait_for_function("document.querySelector('gan-playground').dataset.step > 5")
    assert playground.inner_text("[data-part=train]") == "Pause"
    playground.click("[data-part=train]")
    playground.wait_for_selector("gan-playground[data-state=still]")
    stopped = int(state(playground)["step"])
    assert f"Paused at step {stopped}" in playground.inner_text("[data-part=status]")
    playground.click("[data-part=step]")
    playground.wait_for_selector(f"gan-playground[data-step='{stopped + 1}']")
    playground.click("[data-part=restart]")
    playground.wait_for_selector("gan-playground[data-step='0']")
    # each network can be trained alone
    losses = "document.querySelector('gan-playground').losses.map((l) => l.map(Number.isFinite))"
    playground.click("[data-part=onlyD]")
    said = playground.locator("[data-part=status]")
    said.get_by_text("At step 0. D has changed 1 times, G 0 times.").wait_for()
    assert playground.evaluate(losses) == [[1, 1, 0]]
    playground.click("[data-part=onlyG]")
    playground.wait_for_selector("gan-playground[data-step='1']")
    # who stood still has no loss, not that of an earlier step
    assert playground.evaluate(losses) == [[1, 1, 0], [0, 0, 1]]


def test_everything_works_by_keyboard_and_drawing_by_mouse_too(playground):
    playground.focus("[data-part=target]")
    for _ in range(2):  # over the recipe, to Train
        playground.keyboard.press("Tab")
    assert playground.evaluate("document.activeElement.textContent") == "Train"
    playground.keyboard.press("Enter")
    playground.wait_for_function("document.querySelector('gan-playground').dataset.step > 0")
    playground.keyboard.press("Space")
    playground.wait_for_selector("gan-playground[data-state=still]")
    before = playground.inner_text("[data-part=sample]")
    playground.focus("[data-latent='0']")
    for _ in range(8):
        playground.keyboard.press("ArrowRight")
    playground.wait_for_function(
        "(before) => document.querySelector('[data-part=sample]').textContent !== before",
        arg=before,
    )
    playground.select_option("[data-part=target]", "drawing")
    assert playground.is_disabled("[data-part=train]")  # nothing to learn yet
    playground.focus("[data-part=picture]")
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowUp", "Space"):
        playground.keyboard.press(key)
    playground.wait_for_function("document.querySelector('gan-playground').frame")
    drawing = playground.evaluate("document.querySelector('gan-playground').choice.drawing")
    assert drawing == pytest.approx([0, 0, 0.1, 0.05], abs=1 / 64)
    # and by mouse: it is learnt
    box = playground.locator("[data-part=picture]").bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    playground.mouse.move(x, y)
    playground.mouse.down()
    playground.mouse.move(x + 120, y - 60, steps=20)
    playground.mouse.up()
    playground.fill("[data-field=steps]", "60")
    playground.press("[data-field=steps]", "Tab")
    assert train_to_the_end(playground)["step"] == "60"


def test_a_link_brings_back_the_set_up_and_the_same_training(page, site):
    visit(page, f"{site}/{PAGE}")
    page.fill("[data-field=generatorWidths]", "16, 32")
    page.press("[data-field=generatorWidths]", "Tab")
    page.fill("[data-field=steps]", "40")
    page.press("[data-field=steps]", "Tab")
    page.uncheck("[data-field=waves]")
    page.select_option("[data-field=loss]", "least squares")
    page.click("[data-part=share]")
    link = page.input_value("[data-part=link]")
    assert link == (
        f"{site}/{PAGE}#t=exponential&generatorWidths=16-32&steps=40&loss=least+squares&waves=0"
    )
    train_to_the_end(page)
    table = page.inner_text("[data-part=quality]")
    page.goto("about:blank")
    visit(page, link)
    assert page.input_value("[data-field=loss]") == "least squares"
    assert not page.is_checked("[data-field=waves]")
    train_to_the_end(page)
    assert page.inner_text("[data-part=quality]") == table


WRONG = {
    "batch": ("0", "Batch size must be a whole number, 1 to 1024, got “0”."),
    "generatorRate": ("fast", "Learning rate of G must be above 0, at most 1, got “fast”."),
    "discriminatorWidths": ("64, x", "up to 4 numbers, 1 to 256, got “64, x”."),
    "penalty": ("-1", "Weight of the gradient penalty must be 0 to 100, got “-1”."),
}


def test_wrong_values_are_named_and_change_nothing(playground, site):
    settings = "JSON.stringify(document.querySelector('gan-playground').settings)"
    before = playground.evaluate(settings)
    for field, (wrong, said) in WRONG.items():
        box = playground.locator(f"[data-field={field}]")
        box.fill(wrong)
        box.press("Tab")
        assert said in playground.inner_text("[data-part=status]")
        assert box.get_attribute("aria-invalid") == "true"
        assert said in playground.inner_text(f"#{box.get_attribute('aria-describedby')}")
        assert playground.evaluate(settings) == before
    for link, said in (
        ("t=toString", "The link names an unknown target, “toString”."),
        (
            "t=multiples&k=99&batch=-3&loss=hinge&seed=4",
            "The link has values that can't be used: k=99, batch=-3, loss=hinge.",
        ),
    ):
        playground.goto("about:blank")
        visit(playground, f"{site}/{PAGE}#{link}")
        assert playground.inner_text("[data-part=status]") == said
    assert playground.input_value("[data-field=seed]") == "4"
    assert playground.input_value("[data-field=batch]") == str(PATTERNS.batch_size)


def test_a_link_on_the_page_sets_it_up(playground):
    playground.click("article a[href^='#t=sine&penalty=0']")
    playground.wait_for_function(
        "document.querySelector('[data-part=label]').textContent === 'y = sin x'"
    )
    assert playground.input_value("[data-field=penalty]") == "0"
    playground.click("[data-part=step]")
    playground.wait_for_selector("gan-playground[data-step='1']")
    playground.click("article a[href^='#t=sine&penalty=0']")  # the address is the same
    playground.wait_for_selector("gan-playground[data-step='0']")
    assert playground.evaluate("document.activeElement.textContent") == "Train"


def test_a_training_that_diverges_says_so(page, site):
    visit(page, f"{site}/{PAGE}#t=exponential&r=published&generatorRate=1&discriminatorRate=1")
    page.evaluate(
        "document.querySelector('gan-playground').settings.generatorRate = 1e30;"
        "document.querySelector('gan-playground').restart('')"
    )
    train_to_the_end(page)
    said = page.inner_text("[data-part=status]")
    assert "The training diverged in step" in said
    assert "smaller learning rates" in said


def test_it_trains_from_the_file_system(page):
    visit(page, (HTML / PAGE).as_uri())
    page.click("[data-part=step]")
    page.wait_for_selector("gan-playground[data-step='1']")


SHIPPED = {path.stem for path in TRAINED.glob("*.safetensors")} - {"digits"}  # a machine's


def test_trained_generators_make_what_pytorch_makes(laboratory):
    assert set(laboratory.evaluate("Object.keys(GAN_TRAINED)")) == SHIPPED
    for name in SHIPPED:
        count = laboratory.evaluate("(name) => GAN_TRAINED[name].noise.latentDim", name)
        noise = torch.rand(50, count, generator=torch.Generator().manual_seed(3))
        code = """const [name, noise] = value;
          const layers = window.GAN_TRAINED[name].layers;
          return Array.from(core.runLayers(layers, Float32Array.from(noise), 50));"""
        got = run(laboratory, code, [name, noise.flatten().tolist()])
        expected = sample(load_trained(name), noise).flatten().tolist()
        assert got == pytest.approx(expected, rel=1e-4, abs=1e-5), name


def test_a_trained_generator_of_the_course_has_nothing_to_train_and_is_good(page, site):
    visit(page, f"{site}/{PAGE}#t=multiples&r=trained")
    assert page.is_disabled("[data-part=train]")
    assert page.is_disabled("[data-part=k]")  # it knows no other integers
    assert not page.locator("[data-part=settings]").is_visible()
    assert "nothing to train" in page.inner_text("[data-part=progress]")
    assert state(page)["verdict"] == "good"


def test_a_small_one_stands_in_chapters_and_leads_to_the_page(page, site):
    page.goto(f"{site}/notebooks/02_multiples_of_five.html")
    small = page.locator("gan-playground")
    assert small.get_attribute("data-step") is None  # begins when a reader comes to it
    small.scroll_into_view_if_needed()
    page.wait_for_selector("gan-playground[data-step='0']")
    small.locator("[data-part=step]").click()
    page.wait_for_selector("gan-playground[data-step='1']")
    assert small.locator("fieldset").count() == 0
    small.locator("a").click()
    page.wait_for_url("**/book/playground.html#t=multiples")


# --- are its numbers right? ----------------------------------------------------------------------


def as_settings(recipe):
    """A recipe of the page in the words of the course."""
    names = Settings.__dataclass_fields__
    words = {name: re.sub("_(.)", lambda letter: letter[1].upper(), name) for name in names}
    words["batch_size"] = "batch"
    settings = {name: recipe[word] for name, word in words.items() if word in recipe}
    first = settings["penalty"]  # the page lets it fall to a thousandth
    return {**settings, "penalty": pytest.approx([first, first / 1_000]) if first else None}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("exponential", SETTINGS["playground_quick"]),
        ("sine", SETTINGS["playground"]),
        ("multiples", PATTERNS),
        ("normal", NORMAL),
    ],
)
def test_recipes_are_those_of_the_course(laboratory, target, expected):
    got = as_settings(run(laboratory, "return targets.recipe(value, 'course');", target))
    for name, value in got.items():
        wanted = getattr(expected, name)
        assert value == (list(wanted) if isinstance(wanted, tuple) else wanted), name
    assert set(Settings.__dataclass_fields__) - set(got) == LEFT_OUT


POINTS = torch.Generator().manual_seed(11)


def some_points(kind):
    """Points on and off the sine, as different faults have them."""
    share = torch.rand(2_000, dtype=torch.double, generator=POINTS)
    x = 10 * (share**1.3 if kind == "uneven" else share) - 5
    if kind == "collapsed":
        x = x * 0 + 1
    elif kind == "half":
        x = x.abs()
    elif kind == "spills":
        x = x * 1.1
    off = 0.1 if kind == "off" else 0.001
    noise = torch.randn(2_000, dtype=torch.double, generator=POINTS)
    return torch.stack([x, torch.sin(x) + off * noise], dim=1).float()


@pytest.mark.parametrize("kind", ["good", "collapsed", "half", "uneven", "spills", "off"])
def test_the_quality_of_a_curve_is_that_of_the_course(laboratory, kind):
    points = some_points(kind)
    wanted = metrics.curve_quality(points, *TASKS["sine"])
    code = "return measures.curveQuality(Float64Array.from(value), Math.sin, -5, 5);"
    got = run(laboratory, code, points.flatten().tolist())
    assert got["fit"] == pytest.approx(wanted.fit_error, rel=1e-4)
    assert got["ks"] == pytest.approx(wanted.ks, abs=1e-5)
    assert got["outside"] == pytest.approx(wanted.outside, abs=1e-6)
    assert got["bins"] == wanted.bins
    assert got["verdict"] == wanted.verdict


@pytest.mark.parametrize("kind", ["good", "zeros", "one", "few", "wrong"])
def test_the_quality_of_integers_is_that_of_the_course(laboratory, kind):
    random = torch.Generator().manual_seed(5)
    values = pattern_values(5, 100)
    drawn = values[torch.randint(len(values), (3_000,), generator=random)]
    if kind == "one":
        drawn = drawn * 0 + 15
    elif kind == "few":
        drawn = drawn % 50
    elif kind == "wrong":
        drawn = drawn + (torch.rand(3_000, generator=random) < 0.3).long()
    rows = torch.nn.functional.one_hot(drawn, 100).float()
    if kind == "zeros":
        rows[:90] = 0
    wanted = metrics.integer_quality(rows, values)
    code = """const [drawn, zeros, values] = value;
      const rows = new Float32Array(100 * drawn.length);
      drawn.forEach((d, i) => { if (i >= zeros) rows[100 * i + d] = 1; });
      return measures.integerQuality(rows, 100, values);"""
    zeros = 90 if kind == "zeros" else 0
    got = run(laboratory, code, [drawn.tolist(), zeros, values.tolist()])
    assert got["validity"] == pytest.approx(wanted.validity, abs=1e-9)
    assert got["covered"] == wanted.covered
    assert got["tv"] == pytest.approx(wanted.tv, abs=1e-9)
    assert got["zeros"] == pytest.approx(wanted.zero_rows, abs=1e-9)
    assert got["verdict"] == wanted.verdict


def test_the_quality_of_normal_numbers_is_that_of_the_course(laboratory):
    values = torch.randn(2_000, generator=torch.Generator().manual_seed(2)) * 1.1 + 0.1
    got = run(laboratory, "return measures.normalQuality(value);", values.tolist())
    assert got["ks"] == pytest.approx(metrics.ks_normal(values), abs=1e-6)
    assert [got["mean"], got["std"]] == pytest.approx(
        [float(values.mean()), float(values.std(correction=0))], abs=1e-6
    )
    assert got["verdict"] == "not normal"


def test_a_drawing_is_judged_by_fit_and_by_spread(laboratory):
    code = "return measures.cloudQuality(Float32Array.from(value[0]), Float32Array.from(value[1]));"
    line = [v for i in range(21) for v in (0.08 * i - 0.8, 0.0)]
    assert run(laboratory, code, [line, line])["verdict"] == "good"
    assert run(laboratory, code, [[0, 0.5] * 9, line])["verdict"] == "collapsed"
    half = run(laboratory, code, [line[:22], line])
    assert half == {"near": 1, "reached": pytest.approx(12 / 21), "verdict": half["verdict"]}
    assert half["verdict"] == "misses part of the shape"
    off = run(laboratory, code, [[*line, 0, 0.9, 0, -0.9], line])
    assert off == {"near": pytest.approx(21 / 23), "reached": 1, "verdict": "off the shape"}


def test_arrows_point_where_the_loss_of_g_falls(laboratory):
    """A generated sample that is moved a little along its arrow fools D better."""
    code = """const session = new Session({
        target: { name: "exponential" },
        settings: { ...targets.recipe("exponential", "published"), seed: 0 },
      });
      for (let i = 0; i < 30; i++) session.step();
      const batch = core.drawBatch(session.settings, session.target.draw, session.random);
      session.gan.stepGenerator(batch);
      const { samples, slopes } = session.gan.pushes;
      const moved = samples.map((v, i) => v - 100 * slopes[i]);
      const n = samples.length / 2;
      const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
      return [samples, moved].map((rows) => mean(session.opinion(rows, n)));"""
    before, after = run(laboratory, code)
    assert after > before + 1e-4
