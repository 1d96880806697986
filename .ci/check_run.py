"""A finished run has what the contract says: check_run.py RUN"""

import json
import sys
from pathlib import Path

run = Path(sys.argv[1])
rows = json.loads((run / "metrics.json").read_text())["results"]
accuracy = {(r["model"], r["problems"]) for r in rows if r["metric"] == "accuracy" and "by" not in r}
wanted = {(model, name) for model in ("base", "sft", "ei") for name in ("test", "test-templates")}
assert accuracy == wanted, f"accuracy of {sorted(accuracy)}, not of {sorted(wanted)}"
assert all(r["low"] <= r["value"] <= r["high"] for r in rows)
for name in ("recipe.yaml", "events.log", "report/index.html", "stages/ei/DONE.json", "stages/ei/model"):
    assert (run / name).exists(), f"the run has no {name}"
print(f"{len(rows)} rows of metrics")
