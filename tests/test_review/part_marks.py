"""Parts that are marked on the review page, in a browser."""

from pathlib import Path
from typing import Any

from tests.test_review.browser import export
from tests.test_review.scenes import page_data

Point = tuple[float, float]

SIDES = ('x0', 'y0', 'x1', 'y1')
# Inside the picture of the first mask, as shares of its width and height.
FIRST, SECOND = ((0.1, 0.2), (0.5, 0.6)), ((0.9, 0.95), (0.55, 0.7))


def on_screen(page: Any, point: Point) -> list[float]:
    """A point of the picture on the screen, from shares of its sides."""
    return page.evaluate(
        """([x, y]) => {
          const picture = document.getElementById('picture');
          const { width, height } = picture.viewBox.baseVal;
          const point = new DOMPoint(x * width, y * height);
          const shown = point.matrixTransform(picture.getScreenCTM());
          return [shown.x, shown.y];
        }""",
        point,
    )


def drag(page: Any, start: Point, end: Point, drop: bool = True) -> None:
    """Drag with the mouse, from shares of the sides of the picture."""
    page.mouse.move(*on_screen(page, start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, end), steps=3)
    if drop:
        page.mouse.up()


def expected_part(
    report: Path, index: int, start: Point, end: Point
) -> list[float]:
    """The pixels of the image that a drag covers, from the data alone."""
    box = page_data(report)['masks']['box'][index]
    x, y = (
        sorted(
            box[axis] + point[axis] * (box[axis + 2] - box[axis])
            for point in (start, end)
        )
        for axis in (0, 1)
    )
    return [x[0], y[0], x[1], y[1]]


def shown_parts(page: Any) -> tuple[int, int]:
    """Parts that are listed, and parts that are drawn."""
    return page.locator('#parts li').count(), page.locator('.part').count()


def sides(part: dict[str, int]) -> list[int]:
    return [part[side] for side in SIDES]


def decisions(page: Any, path: Path) -> list[dict]:
    """The decisions that the page exports."""
    return export(page, path)['decisions']
