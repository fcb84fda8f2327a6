"""Processors made up, and one that is imitated by oneDNN's own switch.

Measured on a processor with AVX-512 and its bfloat16 instructions: 0.65
times float32, 2.3 without those instructions, 50 to 200 with AVX2 alone.
"""

import os
import platform
import subprocess
import sys

import pytest
import torch

from segrefiner_mm.models import RefineSettings, half_precision
from tests.helpers import ROOT

X86 = platform.machine().lower() in ('x86_64', 'amd64')
CPU = torch.device('cpu')
SCRIPT = """
import torch
from segrefiner_mm.models import half_precision, RefineSettings
before = torch.get_num_threads()
print(half_precision.is_fast(torch.bfloat16, 'cpu'))
print(torch.get_num_threads() == before)
settings = RefineSettings.from_cfg(dict(precision='bf16'))
print(settings.autocast_dtype(torch.device('cpu')))
"""


def measured(monkeypatch, times):
    monkeypatch.setattr(half_precision, 'times_float32', lambda _: times)


@pytest.mark.parametrize(
    ('times', 'fast'), [(0.65, True), (2.3, False), (86.0, False)]
)
def test_what_a_cpu_emulates_is_not_fast(monkeypatch, times, fast):
    measured(monkeypatch, times)
    assert half_precision.is_fast(torch.bfloat16, CPU) == fast


@pytest.mark.parametrize('has_it', [True, False])
def test_of_a_gpu_torch_knows(monkeypatch, has_it):
    monkeypatch.setattr(
        torch.cuda, 'is_bf16_supported', lambda including_emulation: has_it
    )
    cuda = torch.device('cuda')
    assert half_precision.is_fast(torch.bfloat16, cuda) == has_it
    assert half_precision.is_fast(torch.float16, cuda)
    auto = RefineSettings.from_cfg(None).autocast_dtype(cuda)
    assert auto == (torch.bfloat16 if has_it else None)


@pytest.mark.parametrize('times', [0.65, 86.0])
def test_on_a_cpu_auto_is_float32(monkeypatch, times, recwarn):
    measured(monkeypatch, times)
    for precision in ('auto', 'fp32'):
        settings = RefineSettings.from_cfg(dict(precision=precision))
        assert settings.autocast_dtype(CPU) is None
    assert not recwarn.list


@pytest.mark.parametrize('precision', ['bf16', 'fp16'])
def test_asking_for_what_is_emulated_warns(monkeypatch, precision, recwarn):
    settings = RefineSettings.from_cfg(dict(precision=precision))
    measured(monkeypatch, 1.0)
    dtype = settings.autocast_dtype(CPU)
    assert dtype in (torch.bfloat16, torch.float16)
    assert not recwarn.list
    measured(monkeypatch, 86.0)
    with pytest.warns(UserWarning, match=f"'{precision}' is emulated"):
        assert settings.autocast_dtype(CPU) == dtype


@pytest.mark.skipif(not X86, reason='the switch is for x86')
def test_a_processor_without_avx512():
    """A real measurement, where oneDNN is told to use no more than AVX2."""
    ran = subprocess.run(
        [sys.executable, '-c', SCRIPT],
        env=os.environ
        | dict(
            ONEDNN_MAX_CPU_ISA='AVX2',
            ATEN_CPU_CAPABILITY='avx2',
            PYTHONPATH=str(ROOT),
        ),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.stdout.split() == ['False', 'True', 'torch.bfloat16']
    assert ran.stderr.count('is emulated on this cpu') == 1


@pytest.mark.skipif(
    not (X86 and torch.cpu._is_avx512_bf16_supported())
    or 'ONEDNN_MAX_CPU_ISA' in os.environ,
    reason='this processor has no bfloat16',
)
def test_a_processor_with_bfloat16():
    half_precision.times_float32.cache_clear()
    assert half_precision.is_fast(torch.bfloat16, CPU)
