"""The base install does what it promises, with nothing heavy on the machine. Read from stdin, away from the
source tree, so that the installed wheel is what is imported."""

from importlib import resources
from importlib.util import find_spec

from numerate import answers, metrics, problems, selection

for heavy in ("torch", "transformers", "datasets", "matplotlib"):
    assert find_spec(heavy) is None, f"the base install brought {heavy}"

package = resources.files("numerate")
for name in ("py.typed", "recipes/quickstart.yaml", "report/page.html", "report/page.css", "report/page.js"):
    assert package.joinpath(name).is_file(), f"the wheel lacks {name}"
assert package.joinpath("assets/pico/model.safetensors").is_file(), "the wheel lacks the bundled model"

rows = problems.load("stories/test", limit=50)
assert all(answers.grade(row.solution, row).correct for row in rows)
votes = answers.cluster(["24", "24.0", "7", None])
assert selection.select("majority", votes) == 0
assert abs(metrics.pass_at_k(4, 1, 2) - 0.5) < 1e-12
print(f"{len(rows)} stories graded, voted and counted without torch")
