"""Every vector about judges, selection and reinforcement is reproduced by a test, or stands here with the
reason why there is nothing to reproduce it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ELSEWHERE = {
    ("ssft_scr", "logit_identity"): "words; its numbers are S_from_logits",
    ("havrilla", "aug_score"): "choosing synthetic questions, no judge",
    ("havrilla", "sample_count_appendix_B"): "a product in the paper's text, nothing that could be computed",
}


@pytest.mark.parametrize("group", ["prm_orm_ppo", "ssft_scr", "mario", "havrilla", "mixed_policy"])
def test_every_vector_is_used_or_belongs_elsewhere(vectors: dict[str, Any], group: str) -> None:
    tests = "\n".join(path.read_text() for path in Path(__file__).parent.rglob("test_*.py"))
    used = {name for name in vectors[group] if f'["{group}"]["{name}"]' in tests}
    excused = {name for key, name in ELSEWHERE if key == group}
    assert excused <= set(vectors[group])
    assert set(vectors[group]) - used - excused == set(), "vectors that no test reproduces"
