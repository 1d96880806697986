"""The formulas of the mixed policy: the vectors, numbers by hand, gradients against a slow second version."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
import torch

from numerate.methods import mixed_policy
from numerate.methods.mixed_policy import Config, class_rows
from numerate.models.lora import Lora
from numerate.models.operator_head import Heads, MixedPolicy
from numerate.models.operators import CLASSES, NAMES, OTHER, Operators, find_operators, token_texts
from numerate.models.policy import Policy
from numerate.rollouts.local.mixed_sampling import abstract_logprobs, pick_class, second_level
from numerate.training import Learner
from numerate.training.mixed_outputs import dropout_mask
from numerate.types import Example
from tests import tiny

LOSS: dict[str, Any] = {"w_op": 0.7, "w_rl": 0.9, "w_base": 0.4}


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


# the vectors


def gpt2(scope: Any) -> Operators:
    """The tokens of GPT-2's vocabulary that the vectors name; all others have no text."""
    texts = [""] * 50_257
    known = {"<<": 16791, "48": 2780, "2": 17, "24": 1731, ">>": 4211, "72": 4761, "0": 15, "x": 87}
    known |= {"+": 10, " +": 1343, "-": 12, " -": 532, "*": 9, " *": 1635, "/": 14, " /": 1220}
    known |= {"=": 28, " =": 796, ")=": 47505, ")*": 27493}
    for text, i in known.items():
        texts[i] = text
    return find_operators(texts, scope)


def test_classes_of_the_vectors(vectors: dict[str, Any]) -> None:
    given = vectors["mixed_policy"]["gpt2_bpe"]
    made = gpt2("inside_annotation")
    for sign, ids in given["operator_ids"].items():
        assert list(made.ids[NAMES.index(sign)]) == ids
    number = {"V": 0, "+": 1, "-": 2, "*": 3, "/": 4}  # as the vectors count them
    labels = made.labels(given['encode("<<48/2=24>>24")'])
    wanted = given['labels_for("<<48/2=24>>24")_classes_0:V_1:+_2:-_3:*_4:/']
    assert [number[NAMES[label]] for label in labels] == wanted
    assert [NAMES[c] for c in made.labels(given['encode("<<48+24=72>>72")'])] == list("VV+VVVVV")


def test_a_slash_is_no_zero_and_an_x_is_no_operator() -> None:
    """The released code has `/` at 15, the id of the digit 0, and a sixth class for the letter x."""
    made = gpt2("everywhere")
    assert [NAMES[c] for c in made.labels([14, 15, 87, 27493])] == ["/", "V", "V", "V"]
    assert made.fused([14, 15, 87, 27493]) == 1 and CLASSES == 5


def test_the_draw_of_the_vectors(vectors: dict[str, Any]) -> None:
    given = vectors["mixed_policy"]["abstract_probs"]
    rows = len(given["u"])
    logits = tensor(*given["logits_order_+,-,*,/,V"]).expand(rows, -1)
    logp = abstract_logprobs(logits, torch.ones(rows, dtype=torch.bool))
    assert logp[0].exp().tolist() == pytest.approx(given["probs"], abs=1e-7)
    assert logp[0].exp().cumsum(0).tolist() == pytest.approx(given["cdf"], abs=1e-7)
    assert [NAMES[c] for c in pick_class(logp, tensor(*given["u"])).tolist()] == given["picked"]


def test_where_no_operator_acts_the_other_class_is_certain() -> None:
    logp = abstract_logprobs(torch.full((2, 5), 3.0), torch.tensor([False, True]))
    assert logp[0].tolist() == [-math.inf] * 4 + [0.0]
    assert logp[1].exp().tolist() == pytest.approx([0.2] * 5)
    assert pick_class(logp, tensor(0.0, 0.0)).tolist() == [OTHER, 0]
    assert pick_class(logp, tensor(1 - 1e-16, 1 - 1e-16)).tolist() == [OTHER, OTHER]


def test_the_second_level_is_greedy(vectors: dict[str, Any]) -> None:
    """Of an operator's tokens, too, the likelier is taken: 3 (2.4) of 0 and 3, and 4 (0.0) of 4 and 2."""
    given = vectors["mixed_policy"]["second_level"]
    logits = torch.tensor(given["toy_lm_logits"]).expand(3, -1)
    ids = [torch.tensor(one) for one in ([0, 3], [2, 4], [2], [2])]
    found = second_level(logits, torch.tensor([OTHER, 0, 1]), ids)
    assert found.tolist() == [given["greedy_index_when_V"], 3, 4]


def test_one_softmax_and_no_second(vectors: dict[str, Any]) -> None:
    """Applied twice, no class could get more than e / (e + 4), whatever the head says."""
    given = vectors["mixed_policy"]["double_softmax_guard"]
    sure = tensor(100, 0, 0, 0, 0)
    assert sure.softmax(-1).softmax(-1)[0].item() == pytest.approx(given["max_prob_5_classes"])
    six = tensor(100, 0, 0, 0, 0, 0).softmax(-1).log_softmax(-1)[0].item()
    assert math.exp(six) == pytest.approx(given["max_prob_6_classes"])
    assert -six == pytest.approx(given["min_xent_6_classes"])
    assert abstract_logprobs(sure[None], torch.tensor([True]))[0, 0].item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_credit_and_losses_of_the_vectors(vectors: dict[str, Any], outcome: str) -> None:
    both = vectors["mixed_policy"]["reinforce_success"], vectors["mixed_policy"]["reinforce_failure"]
    given = both[outcome == "failure"]
    R = class_rows.discounted_returns(4, given["reward"], 0.99)
    assert pytest.approx(given["returns"]) == R
    R_N, b_N, logp_N = tensor(*R), tensor(*given["baseline"]), tensor(*given["logp"])
    if outcome == "success":
        assert (R_N - b_N).tolist() == pytest.approx(given["advantages"])
    terms = mixed_policy.reinforce_loss(R_N, b_N, logp_N)
    errors = mixed_policy.baseline_error(R_N, b_N)
    assert terms.tolist() == pytest.approx(given["terms"])
    assert terms.mean().item() == pytest.approx(given["L_RL" if "L_RL" in given else "L_rl"])
    assert errors.mean().item() == pytest.approx(given["L_baseline"])
    if outcome == "success":
        L = mixed_policy.total_loss(1.5, 0.3, terms.mean(), errors.mean(), 1.0, 0.2, 0.1)
        assert L.item() == pytest.approx(given["total_with_XE=1.5_opXE=0.3_w_rl=0.2_w_b=0.1"])


def test_the_log_probabilities_of_the_vectors(vectors: dict[str, Any]) -> None:
    """log pi of V with the greedy token, and of `+`; the released code's is the likeliest token's in both."""
    given, lm = (
        vectors["mixed_policy"]["logprob_modes"],
        tensor(*vectors["mixed_policy"]["second_level"]["toy_lm_logits"]).log_softmax(-1),
    )
    logits = tensor(*vectors["mixed_policy"]["abstract_probs"]["logits_order_+,-,*,/,V"])
    p_O = logits.log_softmax(-1)[torch.tensor([OTHER, 0])]
    told = (p_O, lm[torch.tensor([1, 3])], lm.max().expand(2), torch.tensor([True, False]))
    joint, abstract, released = (
        mixed_policy.log_pi(*told, mode).tolist() for mode in ("joint", "abstract", "released")
    )
    assert abstract == pytest.approx([given["abstract_logp_V"], given["abstract_logp_plus"]])
    assert joint == pytest.approx([given["joint_logp_V_greedy_token"], given["abstract_logp_plus"]])
    assert released == pytest.approx([lm[1].item()] * 2)


# rows


def test_places_of_an_answer() -> None:
    made = find_operators([*"+-*/=<>a\n", "<<", ">>", "=<<", "2<"], "inside_annotation")
    told = {text: i for i, text in enumerate([*"+-*/=<>a\n", "<<", ">>", "=<<", "2<"])}

    def acting(*texts: str) -> list[bool]:
        return [label != OTHER for label in made.labels([told[text] for text in texts])]

    assert acting("+", "<<", "+", "=", "+", ">>", "+") == [False, False, True, False, False, False, False]
    assert acting("<", "<", "+") == [False, False, True]  # in two tokens
    assert acting("<", "a", "<", "+") == [False] * 4
    assert acting("2<", "<", "-", "=", "-") == [False, False, True, False, False]
    assert acting("<<", "\n", "*") == [False] * 3  # an annotation ends with its line
    assert acting("=<<", "*", "=<<", "*") == [False, True, False, True]  # one ends, and the next begins


def test_a_vocabulary_without_an_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="is the operator \\* or / alone"):
        find_operators(["+", "-", "a*", "b"], "everywhere")


ROWS = [
    ([1, 40, 41, 42, 50, 51, 52, 2], [0, 0, 0, 0, 1, 1, 1, 1]),
    ([1, 40, 41, 42, 60, 61, 62, 2], [0, 0, 0, 0, 1, 0, 1, 1]),
    ([1, 40, 41, 42, 70, 71], [0, 0, 0, 0, 1, 1]),
    ([1, 90, 91, 92, 93], [0, 0, 1, 1, 1]),
]


def rows() -> list[Example]:
    """Two worked solutions and two attempts; one attempt holds what it did not write. Classes and returns of
    all kinds."""
    torch.manual_seed(3)
    made: list[Example] = []
    for ids, mask in ROWS:
        classes = torch.randint(0, CLASSES, (len(ids),)).tolist()
        returns = (4 * torch.randn(len(ids))).tolist()  # on both sides of the baseline
        acts = [1.0 if i % 2 or c != OTHER else 0.0 for i, c in enumerate(classes)]
        columns = {"token_class": [float(c) for c in classes], "returns": returns, "acts": acts}
        masked = {k: [x * m for x, m in zip(v, mask, strict=True)] for k, v in columns.items()}
        made.append(Example(ids, [bool(m) for m in mask], token=masked))
    gold = [row.with_token(acts=[float(m) for m in row.mask]) for row in (made[0], made[3])]
    return class_rows.set_row_weights(gold, made[1:3])


def network(kind: str = "llama", lora: bool = False, **more: Any) -> tuple[MixedPolicy, Learner]:
    """A learner whose steps are plain gradient descent: what a step changes is the gradient."""
    policy = Policy(tiny.model(kind, layers=2, spread=4.0), tiny.tokenizer(), "tiny")
    both = MixedPolicy(policy, Heads(policy.model, 0.3))
    policy.add_lora(Lora(r=2) if lora else None)

    def descent(named: dict[str, torch.nn.Parameter]) -> list[torch.optim.Optimizer]:
        return [torch.optim.SGD(named.values(), lr=0.0)]

    return both, Learner(both.together(), max_norm=1e9, optimizers=descent, **more)


def stepped(learner: Learner, cfg: Config) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    before = {name: p.detach().clone() for name, p in learner.named.items()}
    stats = learner.step(rows(), partial(mixed_policy.loss, cfg=cfg, seed=11), 1.0)
    return stats, {name: before[name] - p.detach() for name, p in learner.named.items()}


def by_hand(kind: str, cfg: Config) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss as the paper prints it, in float64, token by token, with whole softmaxes."""
    both, _ = network(kind)
    trunk = tiny.model(kind, layers=2, spread=4.0).double()
    W_o, w_b = (torch.nn.Linear(32, n).double() for n in (CLASSES, 1))
    W_o.load_state_dict(both.heads.operator.state_dict())
    w_b.load_state_dict(both.heads.baseline.state_dict())
    gold, drawn = (rows()[i : i + 2] for i in (0, 2))
    total = torch.zeros((), dtype=torch.float64)
    for number, row in enumerate([*gold, *drawn]):
        out = trunk(torch.tensor([row.ids]), output_hidden_states=True)
        own = [t for t, m in enumerate(row.mask) if m]
        for t in own:
            h = out.hidden_states[-1][0, t - 1]
            place = torch.tensor([number]), torch.tensor([t])
            masks = [dropout_mask(11, k, *place, 32, cfg.head_dropout)[0].double() for k in (0, 1)]
            log_p_O = torch.log(torch.softmax(W_o(h * masks[0]), 0))
            b = w_b(h * masks[1])[0]
            log_p_LM = torch.log_softmax(out.logits[0, t - 1], 0)
            o, y = int(row.token["token_class"][t]), row.ids[t]
            if number < 2:
                total = total - (log_p_LM[y] + cfg.w_op * log_p_O[o]) / sum(sum(r.mask) for r in gold)
                continue
            abstract = log_p_O[o] if row.token["acts"][t] else 0.0
            log_pi: Any = {
                "joint": abstract + (log_p_LM[y] if o == OTHER else 0.0),
                "abstract": abstract,
                "released": log_p_LM.max(),
            }[cfg.rl_logprob]
            R = row.token["returns"][t]
            term = -(R - b.detach()) * log_pi
            term = term if term > 0 else 0.0 * b
            total = total + (cfg.w_rl * term + cfg.w_base * (R - b) ** 2) / len(own) / len(drawn)
    total.backward()
    grads = {f"trunk.{name}": p.grad for name, p in trunk.named_parameters()}
    grads |= {f"heads.operator.{name}": p.grad for name, p in W_o.named_parameters()}
    grads |= {f"heads.baseline.{name}": p.grad for name, p in w_b.named_parameters()}
    return total.item(), {name: g for name, g in grads.items() if g is not None}


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("mode", ["joint", "abstract", "released"])
def test_loss_and_every_gradient_against_float64(kind: str, mode: Any) -> None:
    cfg = Config(rl_logprob=mode, head_dropout=0.25, **LOSS)
    stats, grads = stepped(network(kind)[1], cfg)
    expected, wanted = by_hand(kind, cfg)
    assert stats["loss"] == pytest.approx(expected, rel=1e-5)
    assert 0 < stats["credited"] < 1 and stats["rl"] > 0
    assert grads.keys() == wanted.keys()
    for name, g in grads.items():
        assert torch.allclose(g.double(), wanted[name], rtol=2e-3, atol=2e-5), name


@pytest.mark.parametrize("lora", [False, True])
def test_micro_batches_packing_and_padding_change_nothing(lora: bool) -> None:
    """Dropout included: its masks belong to the tokens."""
    cfg = Config(head_dropout=0.5, rl_logprob="released", **LOSS)
    stats, grads = stepped(network(lora=lora)[1], cfg)
    ways: list[dict[str, Any]] = [{"micro_tokens": 1}, {"packed": False}, {"packed": False, "micro_rows": 1}]
    for more in [*ways, {"activation_checkpointing": "on"}, {"head_mib": 1}]:
        again, others = stepped(network(lora=lora, **more)[1], cfg)
        assert again == pytest.approx(stats, rel=1e-4, abs=1e-6)
        for name, g in grads.items():
            assert torch.allclose(g, others[name], rtol=1e-3, atol=1e-5), (name, more)


def test_the_dropout_mask_is_a_fair_draw_and_belongs_to_a_token() -> None:
    """250,000 numbers with p = 0.3: five standard deviations of the share are 0.0046."""
    row, position = torch.arange(500) % 7, torch.arange(500)
    mask = dropout_mask(5, 0, row, position, 500, 0.3)
    assert sorted(mask.unique().tolist()) == pytest.approx([0, 1 / 0.7])
    assert (mask == 0).float().mean().item() == pytest.approx(0.3, abs=0.0046)
    assert (mask == 0).float().mean(0).std().item() == pytest.approx(math.sqrt(0.21 / 500), rel=0.15)
    some = dropout_mask(5, 0, row[40:50], position[40:50], 500, 0.3)
    assert torch.equal(some, mask[40:50])
    for other in (dropout_mask(6, 0, row, position, 500, 0.3), dropout_mask(5, 1, row, position, 500, 0.3)):
        agree = (other == mask).float().mean().item()
        assert agree == pytest.approx(0.3**2 + 0.7**2, abs=0.006)


def test_a_wrong_attempt_teaches_the_baseline_alone() -> None:
    """r = 0 and b >= 0: no gradient to the operator head, and none to the model but the baseline's."""
    both, learner = network()
    torch.nn.init.zeros_(both.heads.baseline.weight)
    torch.nn.init.constant_(both.heads.baseline.bias, 0.5)
    wrong = [row.with_token(returns=[0.0] * len(row.ids)) for row in rows()[2:]]
    weighed = class_rows.set_row_weights([], [Example(r.ids, r.mask, token=r.token) for r in wrong])
    before = {name: p.detach().clone() for name, p in learner.named.items()}
    stats = learner.step(weighed, partial(mixed_policy.loss, cfg=Config(), seed=1), 1.0)
    assert (stats["rl"], stats["credited"], stats["base"]) == (0, 0, pytest.approx(0.25))
    moved = {name for name, p in learner.named.items() if not torch.equal(p, before[name])}
    assert moved == {"heads.baseline.weight", "heads.baseline.bias"}


def test_the_texts_of_tokens() -> None:
    found = token_texts(tiny.tokenizer(), 280)
    assert len(found) == 280 and found[:3] == [""] * 3 and found[272:] == [""] * 8
    assert "<<" in found and " the" in found
