"""What holds on a GPU; run it by ``make test-cuda``."""

import copy

import numpy as np
import pytest
import torch

from segrefiner_mm.models.model_zoo import build_named
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.windows import RefineJob, WindowRequest, compact_masks
from tests.helpers import dense, iou

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(
        not torch.cuda.is_available(), reason='needs a CUDA device'
    ),
]
