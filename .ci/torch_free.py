"""The base install does what it promises, with nothing heavy on the machine. Read from stdin, away from the
source tree, so that the installed wheel is what is imported."""

import sys
from importlib import resources
from importlib.util import find_spec
from tempfile import TemporaryDirectory

from typer.testing import CliRunner

from numerate import answers, methods, metrics, problems, selection
from numerate.cli import app

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

for name in methods.METHODS:
    assert methods.get_method(name).LEAVES
commands = CliRunner()
shipped = sorted(path.name.removesuffix(".yaml") for path in package.joinpath("recipes").iterdir())
shipped = [name for name in shipped if package.joinpath(f"recipes/{name}.yaml").is_file()]
with TemporaryDirectory() as out:
    for words in (["schema"], *(["run", name, "--dry-run", "--out", out] for name in shipped)):
        done = commands.invoke(app, words)
        lacks_data = "NUMERATE_DATA" in done.output
        assert done.exit_code == 0 or lacks_data, f"numerate {' '.join(words)} without torch: {done.output}"
assert "torch" not in sys.modules
print(f"{len(shipped)} recipes checked, {len(rows)} stories graded, voted and counted without torch")
