"""Whole training steps in double precision for tests/transformers/steps.rs, in the form of ../shared/fixtures.

    steps.py exact DIR     DIR/CASE: a fixture of other sizes than those of ../shared/fixtures
    steps.py halves DIR    DIR/CASE: the same, where the tensors that `precision = "f16"` stores are rounded to f16
    steps.py faults DIR    DIR/FAULT: a fixture whose numbers were computed with a mistake

Names behind DIR choose among the cases.
The networks are written out here, because transformers cannot round what stands between two operations. `exact` compares their
logits with those of transformers.
"""

import json
import os
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

ROLES = {"discriminator": "ElectraForPreTraining", "generator": "ElectraForMaskedLM"}
EMBEDDINGS = "electra.embeddings."
PAD, CLS, SEP, MASK = 0, 2, 3, 4

# What all cases have unless they say otherwise. `full`: no row has padding. `scale`: of the embeddings.
PLAIN = dict(vocab=101, embed=16, hidden=32, heads=2, layers=2, ffn=48, gen_hidden=16, gen_heads=1, gen_ffn=24, T=12, B=3,
             steps=10, lr=1e-3, max_pos=24, wd=0.1, bias_correction=False, full=False, scale=0.15, eps=1e-12, seed=1)
CASES = {
    "head-64": dict(hidden=64, heads=1, gen_hidden=64, gen_heads=1, bias_correction=True, seed=2),
    "no-projection": dict(embed=32, gen_hidden=32, gen_heads=4, gen_ffn=40, full=True, seed=3),
    "wide-vocabulary": dict(vocab=8192, layers=1, scale=0.05, seed=4),
    "one-layer": dict(layers=1, B=1, T=7, bias_correction=True, scale=0.5, seed=5),
    "six-layers": dict(layers=6, hidden=24, seed=6),
    "heads-in-generator": dict(gen_hidden=30, gen_heads=5, hidden=40, heads=5, T=23, B=4, seed=7),
    "large-rate": dict(lr=3e-3, wd=0.01, seed=8),
    "small-embeddings": dict(scale=0.02, eps=1e-5, bias_correction=True, full=True, seed=9),
}
# Each is one mistake that a program could make; those with `of` make one matrix of one layer, or its gradient, wrong by a hundredth.
FAULTS = {
    "weight": dict(of="discriminator.electra.encoder.layer.1.output.dense.weight"),
    "generators-weight": dict(of="generator.electra.encoder.layer.0.attention.self.value.weight"),
    "gradient": dict(of="discriminator.electra.encoder.layer.0.intermediate.dense.weight"),
    "rate": dict(), "correction": dict(), "epsilon": dict(), "attention-scale": dict(), "padding-seen": dict(),
    "loss-weight": dict(),
}


def exact(x):
    return x


class Halves(torch.autograd.Function):
    """Rounds to f16; the gradient passes as it is."""

    @staticmethod
    def forward(_, x):
        return x.to(torch.float32).to(torch.float16).to(torch.float64)

    @staticmethod
    def backward(_, gradient):
        return gradient


class Attention(torch.autograd.Function):
    """softmax(q kᵀ scale + mask) v. The backward takes the sum over dp · p from the output as it was stored, as FlashAttention does."""

    @staticmethod
    def forward(kept, q, k, v, mask, scale, store):
        p = torch.softmax(q @ k.mT * scale + mask, -1)
        y = store(p @ v)
        kept.scale = scale
        kept.save_for_backward(q, k, v, p, y)
        return y

    @staticmethod
    def backward(kept, dy):
        q, k, v, p, y = kept.saved_tensors
        ds = p * (dy @ v.mT - (dy * y).sum(-1, keepdim=True)) * kept.scale
        return ds @ k, ds.mT @ q, p.mT @ dy, None, None, None


class Network:
    """One of the two networks: parameters by Hugging Face's names, how tensors are stored, and a fault or none."""

    def __init__(self, role, parameters, c, store, fault):
        self.role, self.p, self.c, self.store, self.fault = role, parameters, c, store, fault
        self.heads = c["heads"] if role == "discriminator" else c["gen_heads"]

    def parameter(self, name):
        shared = name.startswith(EMBEDDINGS)
        return self.p[("discriminator." if shared else self.role + ".") + name]

    def matrix(self, name):
        w = self.parameter(name + ".weight")
        of = FAULTS.get(self.fault, {}).get("of") == f"{self.role}.{name}.weight"
        return self.store(w * 1.01 if of and self.fault != "gradient" else w)

    def linear(self, name, x):
        return x @ self.matrix(name).mT + self.parameter(name + ".bias")

    def norm(self, name, x):
        eps = 1e-3 if self.fault == "epsilon" else self.c["eps"]
        weight = self.parameter(name + ".weight")
        return F.layer_norm(x, weight.shape, weight, self.parameter(name + ".bias"), eps)

    def encode(self, ids, types, attention):
        store, table = self.store, lambda name: self.parameter(EMBEDDINGS + name + ".weight")
        # A look-up of the padding id gives no gradient.
        words = F.embedding(ids, table("word_embeddings"), padding_idx=PAD)
        x = store(words + table("position_embeddings")[:ids.shape[1]] + table("token_type_embeddings")[types])
        x = store(self.norm(EMBEDDINGS + "LayerNorm", x))
        if f"{self.role}.electra.embeddings_project.weight" in self.p:
            x = store(self.linear("electra.embeddings_project", x))
        unseen = 0 * attention if self.fault == "padding-seen" else 1 - attention
        mask = torch.zeros(unseen.shape, dtype=x.dtype).masked_fill(unseen == 1, -torch.inf)[:, None, None, :]
        for layer in range(self.c["layers"]):
            x = self.layer(f"electra.encoder.layer.{layer}.", x, mask)
        return x

    def layer(self, name, x, mask):
        store = self.store
        split = lambda x: x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, k, v = (split(store(self.linear(f"{name}attention.self.{part}", x))) for part in ("query", "key", "value"))
        scale = q.shape[-1] ** -0.5 * (1.02 if self.fault == "attention-scale" else 1)
        context = Attention.apply(q, k, v, mask, scale, store).transpose(1, 2).flatten(2)
        x = store(x + store(self.linear(name + "attention.output.dense", context)))
        x = store(self.norm(name + "attention.output.LayerNorm", x))
        up = store(F.gelu(store(self.linear(name + "intermediate.dense", x))))
        return store(self.norm(name + "output.LayerNorm", store(x + store(self.linear(name + "output.dense", up)))))

    def words(self, h, positions):
        picked = h[positions[:, 0], positions[:, 1]]
        x = self.store(F.gelu(self.store(self.linear("generator_predictions.dense", picked))))
        x = self.store(self.norm("generator_predictions.LayerNorm", x))
        return x @ self.matrix(EMBEDDINGS + "word_embeddings").mT + self.parameter("generator_lm_head.bias")

    def judgements(self, h):
        x = self.store(F.gelu(self.store(self.linear("discriminator_predictions.dense", h))))
        return self.linear("discriminator_predictions.dense_prediction", x)[..., 0]


def sizes(c, role):
    """-> width, heads and feed-forward width of one network"""
    return (c["hidden"], c["heads"], c["ffn"]) if role == "discriminator" else (c["gen_hidden"], c["gen_heads"], c["gen_ffn"])


def config(c, role):
    """Its config.json."""
    hidden, heads, ffn = sizes(c, role)
    return dict(model_type="electra", architectures=[ROLES[role]], vocab_size=c["vocab"], embedding_size=c["embed"],
                hidden_size=hidden, num_hidden_layers=c["layers"], num_attention_heads=heads, intermediate_size=ffn,
                hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                max_position_embeddings=c["max_pos"], type_vocab_size=2, layer_norm_eps=c["eps"], pad_token_id=PAD)


def shapes(c, role):
    """-> the shape of each of its parameters, by Hugging Face's names"""
    (hidden, _, ffn), embed = sizes(c, role), c["embed"]
    found = {}

    def linear(name, n_out, n_in):
        found[name + ".weight"], found[name + ".bias"] = (n_out, n_in), (n_out,)

    def norm(name, width):
        found[name + ".weight"] = found[name + ".bias"] = (width,)

    for table, rows in (("word", c["vocab"]), ("position", c["max_pos"]), ("token_type", 2)):
        found[f"{EMBEDDINGS}{table}_embeddings.weight"] = (rows, embed)
    norm(EMBEDDINGS + "LayerNorm", embed)
    if hidden != embed:
        linear("electra.embeddings_project", hidden, embed)
    for layer in (f"electra.encoder.layer.{i}." for i in range(c["layers"])):
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            linear(layer + name, hidden, hidden)
        norm(layer + "attention.output.LayerNorm", hidden)
        linear(layer + "intermediate.dense", ffn, hidden)
        linear(layer + "output.dense", hidden, ffn)
        norm(layer + "output.LayerNorm", hidden)
    if role == "discriminator":
        linear("discriminator_predictions.dense", hidden, hidden)
        linear("discriminator_predictions.dense_prediction", 1, hidden)
    else:
        linear("generator_predictions.dense", embed, hidden)
        norm("generator_predictions.LayerNorm", embed)
        found["generator_lm_head.bias"] = (c["vocab"],)
    return found


def initial(c):
    """Random parameters by the names of a fixture. They are f32 numbers in double precision."""
    parameters = {}
    for role in ROLES:
        for name, shape in shapes(c, role).items():
            if role == "generator" and name.startswith(EMBEDDINGS):
                continue
            norm, bias = "LayerNorm" in name, len(shape) == 1
            std = 0.1 if norm or bias else c["scale"] if name.startswith(EMBEDDINGS) else shape[1] ** -0.5
            mean = 1.0 if norm and name.endswith("weight") else 0.0
            parameters[f"{role}.{name}"] = (torch.randn(shape) * std + mean).double()
    return parameters


def of_network(parameters, c, role):
    """-> one network's parameters, by Hugging Face's names"""
    owner = lambda name: "discriminator" if name.startswith(EMBEDDINGS) else role
    return {name: parameters[f"{owner(name)}.{name}"] for name in shapes(c, role)}


def batch(c):
    """Rows of random words, a sixth of them hidden, and samples for these."""
    rows, length = c["B"], c["T"]
    lengths = [length if c["full"] or row == 0 else int(torch.randint(length // 2, length, ())) for row in range(rows)]
    ids = torch.randint(5, c["vocab"], (rows, length))
    attention = (torch.arange(length) < torch.tensor(lengths)[:, None]).long()
    ids[:, 0] = CLS
    for row, end in enumerate(lengths):
        ids[row, end - 1] = SEP
    ids = ids * attention
    types = (torch.arange(length) >= length // 3).long() * attention
    places = [(row, column) for row, end in enumerate(lengths) for column in range(1, end - 1)]
    hidden = torch.randperm(len(places))[:max(2, len(places) // 6)].sort().values
    positions = torch.tensor([places[i] for i in hidden])
    labels = ids[positions[:, 0], positions[:, 1]]
    masked, corrupted = ids.clone(), ids.clone()
    masked[positions[:, 0], positions[:, 1]] = MASK
    sampled = torch.randint(5, c["vocab"], labels.shape)
    sampled[0], sampled[-1] = labels[0], PAD
    corrupted[positions[:, 0], positions[:, 1]] = sampled
    return dict(input_ids=ids, attention_mask=attention, token_type_ids=types, masked_ids=masked, masked_positions=positions,
                masked_labels=labels, sampled_ids=sampled, corrupted_ids=corrupted, replaced=(corrupted != ids).long())


def losses(parameters, c, b, store, fault):
    """-> the loss of the generator, of the discriminator, and the logits of both."""
    generator, discriminator = (Network(role, parameters, c, store, fault) for role in ("generator", "discriminator"))
    words = generator.words(generator.encode(b["masked_ids"], b["token_type_ids"], b["attention_mask"]), b["masked_positions"])
    judged = discriminator.judgements(discriminator.encode(b["corrupted_ids"], b["token_type_ids"], b["attention_mask"]))
    seen = b["attention_mask"].double()
    mlm = F.cross_entropy(words, b["masked_labels"], reduction="sum") / (len(words) + 1e-6)
    bce = F.binary_cross_entropy_with_logits(judged, b["replaced"].double(), reduction="none")
    return mlm, (bce * seen).sum() / (seen.sum() + 1e-6), words, judged


def take(parameters, c, b, store=exact, fault=None):
    """-> what a fixture lists: the trajectory, and tensors by name."""
    p = {name: tensor.clone().requires_grad_() for name, tensor in parameters.items()}
    m, v = ({name: torch.zeros_like(tensor) for name, tensor in p.items()} for _ in range(2))
    trajectory, tensors = [], {}
    for step in range(c["steps"]):
        mlm, rtd, words, judged = losses(p, c, b, store, fault)
        total = mlm + (50.5 if fault == "loss-weight" else 50) * rtd
        gradients = dict(zip(p, torch.autograd.grad(total, list(p.values()))))
        if fault == "gradient":
            gradients[FAULTS[fault]["of"]] *= 1.01
        norm = torch.stack([gradient.square().sum() for gradient in gradients.values()]).sum().sqrt()
        trajectory.append(dict(step=step, mlm_loss=mlm.item(), rtd_loss=rtd.item(), total_loss=total.item(), grad_norm=norm.item()))
        if step == 0:
            tensors |= {"generator_logits": words.detach(), "discriminator_logits": judged.detach()}
            tensors |= {"grad." + name: gradient.clone() for name, gradient in gradients.items()}
        with torch.no_grad():
            update(p, m, v, gradients, norm, c, step, fault)
    return trajectory, tensors | {"after." + name: tensor.detach() for name, tensor in p.items()}


def update(p, m, v, gradients, norm, c, step, fault):
    """AdamW with the reference's epsilon outside of the root, clipped by the norm of all gradients."""
    corrected = c["bias_correction"] != (fault == "correction")
    correction = [1 - beta ** (step + 1) if corrected else 1 for beta in (0.9, 0.999)]
    rate = c["lr"] * (1.02 if fault == "rate" else 1)
    for name, gradient in gradients.items():
        gradient = gradient / max(norm.item(), 1.0)
        m[name].mul_(0.9).add_(gradient, alpha=0.1)
        v[name].mul_(0.999).add_(gradient.square(), alpha=0.001)
        decay = 0 if "LayerNorm" in name or name.endswith("bias") else c["wd"] * p[name]
        p[name] -= rate * (m[name] / correction[0] / ((v[name] / correction[1]).sqrt() + 1e-6) + decay)


def save(folder, parameters, c, b, trajectory, tensors):
    for role in ROLES:
        of_role = os.path.join(folder, role)
        os.makedirs(of_role)
        with open(os.path.join(of_role, "config.json"), "w") as file:
            json.dump(config(c, role), file)
        save_file({name: tensor.float() for name, tensor in of_network(parameters, c, role).items()},
                  os.path.join(of_role, "model.safetensors"))
    integers = {name: tensor.int().contiguous() for name, tensor in b.items()}
    save_file(integers | {name: tensor.float().contiguous() for name, tensor in tensors.items()},
              os.path.join(folder, "batch.safetensors"))
    optimizer = dict(kind="adamw", bias_correction=c["bias_correction"], lr=c["lr"], beta1=0.9, beta2=0.999, eps=1e-6,
                     weight_decay=c["wd"], clip_global_norm=1.0)
    first = {name: number for name, number in trajectory[0].items() if name != "step"}
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(dict(config=c, **first, trajectory=trajectory, optimizer=optimizer), file)


@torch.no_grad()
def check(parameters, c, b):
    """The networks written out above are those of transformers."""
    import transformers

    _, _, words, judged = losses(parameters, c, b, exact, None)
    models = {}
    for role in ROLES:
        model = getattr(transformers, ROLES[role])(transformers.ElectraConfig(**config(c, role))).double().eval()
        wrong = model.load_state_dict(of_network(parameters, c, role), strict=False)
        assert not wrong.unexpected_keys and set(wrong.missing_keys) <= {"generator_lm_head.weight"}, wrong
        models[role] = model
    inputs = dict(attention_mask=b["attention_mask"], token_type_ids=b["token_type_ids"])
    theirs = models["generator"](input_ids=b["masked_ids"], **inputs).logits[tuple(b["masked_positions"].T)]
    assert (theirs - words).abs().max() < 1e-9, (theirs - words).abs().max()
    theirs = models["discriminator"](input_ids=b["corrupted_ids"], **inputs).logits
    assert (theirs - judged).abs().max() < 1e-9, (theirs - judged).abs().max()


def case(changes):
    """-> sizes, parameters and batch of a case"""
    c = PLAIN | changes
    torch.manual_seed(c["seed"])
    return c, initial(c), batch(c)


def make(kind, root, *names):
    if kind == "faults":
        c, parameters, b = case({})
        for fault in FAULTS:
            save(os.path.join(root, fault), parameters, c, b, *take(parameters, c, b, exact, fault))
        return
    for name in names or CASES:
        c, parameters, b = case(CASES[name])
        if kind == "exact":
            check(parameters, c, b)
        store = dict(exact=exact, halves=Halves.apply)[kind]
        save(os.path.join(root, name), parameters, c, b, *take(parameters, c, b, store))


if __name__ == "__main__":
    torch.set_num_threads(1)
    make(*sys.argv[1:])
