"""The list of planted bugs keeps up with the sources."""

import sys

from programs import ROOT

sys.path.insert(0, str(ROOT / "Tests/Mutants"))
import run  # noqa: E402


def test_every_planted_bug_has_its_place():
    mutants = run.mutants()
    assert len(mutants) >= 30
    assert len({mutant["name"] for mutant in mutants}) == len(mutants)
    for mutant in mutants:
        assert run.planted(mutant) != (ROOT / mutant["file"]).read_text()
