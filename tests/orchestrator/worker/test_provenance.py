"""Where rows come from."""

from orchestrator.worker.provenance import cpu_name, cpu_of

EPYC = """processor\t: 0
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
flags\t\t: fpu sse2 avx2 avx512f

processor\t: 1
cpu family\t: 26
model name\t: another
"""


def test_processors_of_one_name_are_told_apart():
    assert cpu_of(EPYC) == "AMD EPYC (family 25, model 17, avx512f)"
    assert cpu_of(EPYC.replace(" avx512f", "")) == "AMD EPYC (family 25, model 17, avx2)"
    assert cpu_of(EPYC.replace("model\t\t: 17", "model\t\t: 1")) == "AMD EPYC (family 25, model 1, avx512f)"


def test_what_is_not_told_is_left_out():
    assert cpu_of("model name : Abacus") == "Abacus"
    assert cpu_of("CPU implementer : 0x41") is None
    assert cpu_of("") is None
    assert cpu_name()
