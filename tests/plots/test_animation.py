import html.parser
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from ravine import checks, objectives
from ravine.landscape import descend
from ravine.optimizers import SGD, Adam
from ravine.plots import animation
from ravine.plots.animation import FRAMES, frames


@pytest.fixture(scope="module")
def walks():
    return {"sgd": descend("ravine", SGD(0.1), steps=12), "a</script>&": descend("ravine", Adam(0.5), steps=12)}


@pytest.fixture(scope="module")
def page(walks):
    return animation(walks, "html").decode()


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_a_gif_has_a_frame_a_step_and_ends_at_the_end(walks):
    image = Image.open(io.BytesIO(animation(walks, "gif")))
    assert image.n_frames == 13
    assert image.info["loop"] == 0
    image.seek(0)
    first = np.asarray(image.convert("RGB"), int)
    image.seek(12)
    last = np.asarray(image.convert("RGB"), int)
    assert (np.abs(first - last).sum(-1) > 60).sum() > 1000  # the paths


def test_long_paths_share_frames():
    walks = {"sgd": descend("ravine", SGD(0.01), steps=1000), "short": descend("ravine", SGD(0.01), steps=10)}
    shown = frames(walks)
    assert len(shown) == FRAMES
    assert (shown[0], shown[-1]) == (0, 1000)


def test_the_page_holds_every_point(walks, page):
    data = data_of(page)
    assert [path["name"] for path in data["paths"]] == list(walks)
    for path, walk in zip(data["paths"], walks.values(), strict=True):
        np.testing.assert_array_equal(path["points"], walk.points)
        np.testing.assert_array_equal(path["values"], walk.values)


def test_the_pixels_are_where_the_points_are(walks, page):
    data = data_of(page)
    left, top, width, height = data["box"]
    (x_low, x_high), (y_low, y_high) = objectives.get("ravine").domain
    for path in data["paths"]:
        points, pixels = np.array(path["points"]), np.array(path["pixels"])
        np.testing.assert_allclose(pixels[:, 0], left + (points[:, 0] - x_low) / (x_high - x_low) * width, atol=0.02)
        np.testing.assert_allclose(pixels[:, 1], top + (y_high - points[:, 1]) / (y_high - y_low) * height, atol=0.02)


def test_the_page_needs_no_network_and_no_label_breaks_it(page):
    assert not re.search(r"https?:|//\w+\.", re.sub(r"data:image/png;base64,[\w+/=]+", "", page))
    scripts = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag == "script":
                scripts.append(dict(attrs))

    Parser().feed(page)
    assert len(scripts) == 2
    assert page.count("</script>") == 2
    assert "{{" not in page


def test_a_title_is_text():
    objective = objectives.Objective(lambda x: (x**2).sum(), name="<b>bowl</b>")
    page = animation({"sgd": descend(objective, SGD(0.1), steps=2)}, "html").decode()
    assert "<b>bowl" not in page
    assert "&lt;b&gt;bowl" in page


def test_a_lost_run_is_shown_up_to_where_it_was_lost():
    walks = {"sgd": descend("lecture_plotted", SGD(1e30), steps=14)}
    data = data_of(animation(walks, "html").decode())
    lost = walks["sgd"].points.shape[0] - np.isfinite(walks["sgd"].points).all(1).sum()
    assert sum(None in pixel for pixel in data["paths"][0]["pixels"]) == lost > 0
    assert animation(walks, "gif").startswith(b"GIF8")


def test_what_cannot_be_animated_is_refused(walks):
    with pytest.raises(checks.RavineValueError, match=r"kind='mp4' is unknown\. Known names: gif, html"):
        animation(walks, "mp4")
    with pytest.raises(checks.RavineValueError, match="expected 1 to 8"):
        animation({}, "gif")
