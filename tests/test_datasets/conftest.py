import pytest


@pytest.fixture
def log_lines(monkeypatch):
    """What the data sets say in the log."""
    lines = []
    for module in (
        'refine_dataset',
        'lvis_refine_dataset',
        'picture_pairs',
    ):
        monkeypatch.setattr(
            f'segrefiner_mm.datasets.{module}.print_log',
            lambda message, *_: lines.append(message),
        )
    return lines
