"""The joint training step in PyTorch, eager, with transformers' two models: how fast it is on this processor (`--gpu`: on a CUDA device, beside
our step on the best adapter), beside `bench`.

    speed.py [--program target/release/electroscope] [--preset nano]... [--set key=value]... [--threads 2] [--seconds 10] [--rounds 3]
    speed.py --product --program target/release/electroscope        # 1024 x 1024 by 1024 x 1024 instead of a step

Alternates the two so that whatever else runs on the machine slows both, and prints a line a round and the medians. Same sizes, rows,
masks a row, dropout and clipping as the preset's; AdamW in its fused form, and the generator's head on the masked positions alone:
the fastest that these two models can be driven without compiling them (`--plain`: AdamW as it comes, the head on every token).
"""

import argparse
import json
import os
import statistics
import subprocess
import time
import tomllib

import torch
from transformers import ElectraConfig, ElectraForMaskedLM, ElectraForPreTraining

PRESETS = os.path.join(os.path.dirname(__file__), "..", "..", "assets", "presets")
FIRST_WORD, MASK, CLS, SEP = 5, 4, 2, 3


def settings(preset, overrides):
    with open(os.path.join(PRESETS, preset + ".toml"), "rb") as file:
        config = tomllib.load(file)
    for item in overrides:
        key, value = item.split("=", 1)
        assert key in config, f"{preset} has no {key}"
        config[key] = type(config[key])(value)
    return config


def models(c):
    common = dict(vocab_size=c["vocab_size"], embedding_size=c["embedding_size"], num_hidden_layers=c["layers"],
                  max_position_embeddings=c["max_positions"], hidden_dropout_prob=c["dropout"],
                  attention_probs_dropout_prob=c["attention_dropout"])
    generator = ElectraForMaskedLM(ElectraConfig(
        hidden_size=c["generator_hidden_size"], num_attention_heads=c["generator_heads"],
        intermediate_size=c["generator_ffn_size"], **common))
    discriminator = ElectraForPreTraining(ElectraConfig(
        hidden_size=c["hidden_size"], num_attention_heads=c["heads"], intermediate_size=c["ffn_size"], **common))
    discriminator.electra.embeddings = generator.electra.embeddings
    return generator.train(), discriminator.train()


class Trainer:
    def __init__(self, c, plain):
        torch.manual_seed(1)
        self.c, self.plain = c, plain
        self.generator, self.discriminator = models(c)
        unique = {id(p): p for model in (self.generator, self.discriminator) for p in model.parameters()}
        self.parameters = list(unique.values())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=c["lr"], betas=(c["beta1"], c["beta2"]), eps=c["adam_eps"],
                                           weight_decay=c["weight_decay"], fused=not plain)
        rows, length = c["batch"], c["seq_len"]
        self.ids = torch.randint(FIRST_WORD, c["vocab_size"], (rows, length))
        self.ids[:, 0], self.ids[:, -1] = CLS, SEP
        self.attention = torch.ones_like(self.ids)
        self.slots = max(1, min(int((c["mask_prob"] + 0.005) * length), round(c["mask_prob"] * length)))
        self.tokens = rows * length

    def logits(self, masked, positions):
        """(slots, V): the generator's head where something is masked."""
        if self.plain:
            return self.generator(input_ids=masked, attention_mask=self.attention).logits[positions]
        hidden = self.generator.electra(input_ids=masked, attention_mask=self.attention).last_hidden_state[positions]
        return self.generator.generator_lm_head(self.generator.generator_predictions(hidden))

    def step(self):
        rows, length = self.ids.shape
        columns = torch.rand(rows, length - 2).topk(self.slots, dim=1).indices + 1
        positions = (torch.arange(rows).repeat_interleave(self.slots), columns.flatten())
        masked = self.ids.clone()
        masked[positions] = MASK
        logits, labels = self.logits(masked, positions), self.ids[positions]
        mlm = torch.nn.functional.cross_entropy(logits, labels)
        with torch.no_grad():
            sampled = (logits - torch.empty_like(logits).exponential_().log()).argmax(-1)
        corrupted = self.ids.clone()
        corrupted[positions] = sampled
        replaced = (corrupted != self.ids).float()
        judged = self.discriminator(input_ids=corrupted, attention_mask=self.attention).logits
        rtd = torch.nn.functional.binary_cross_entropy_with_logits(judged, replaced)
        (self.c["mlm_weight"] * mlm + self.c["rtd_weight"] * rtd).backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, self.c["clip"])
        self.optimizer.step()
        self.optimizer.zero_grad()
        return mlm.item(), rtd.item()

    def tokens_per_sec(self, seconds):
        for _ in range(2):
            self.step()
        started, steps = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            self.step()
            steps += 1
        return steps * self.tokens / (time.perf_counter() - started)


def bench(args, preset):
    """Tokens a second of our own step."""
    command = [args.program, "bench", "--json", "--device", args.device, "--preset", preset, "--seconds", str(args.seconds),
               "--threads", str(args.threads)]
    for item in args.set:
        command += ["--set", item]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    step = next(event for event in map(json.loads, out.splitlines()) if event["event"] == "bench_step")
    return step["tokens_per_sec"]


def product(args, side=1024):
    """Our product as `bench` measures it (the best of sides of 512 and more) and PyTorch's sgemm, in turn: the fastest of each, GFLOP/s."""
    a, b = torch.randn(side, side), torch.randn(side, side)
    ratios = []
    for _ in range(args.rounds):
        command = [args.program, "bench", "--json", "--device", "cpu", "--preset", "nano", "--seconds", "0.2",
                   "--threads", str(args.threads)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        limits = next(event for event in map(json.loads, out.splitlines()) if event["event"] == "bench_limits")
        started, fastest = time.perf_counter(), float("inf")
        while time.perf_counter() - started < 2.0:
            before = time.perf_counter()
            a @ b
            fastest = min(fastest, time.perf_counter() - before)
        ours, theirs = limits["product_gflops_per_sec"], 2 * side**3 / fastest / 1e9
        ratios.append(ours / theirs)
        print(f"product: {ours:.0f} GFLOP/s, PyTorch {torch.__version__} {theirs:.0f}, ratio {ratios[-1]:.2f}", flush=True)
    print(f"product: ratio {statistics.median(ratios):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", help="an electroscope to measure in turn")
    parser.add_argument("--preset", action="append")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--product", action="store_true")
    parser.add_argument("--gpu", action="store_const", dest="device", const="gpu", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.device == "gpu":
        torch.set_default_device("cuda")
    if args.product:
        if not args.program:
            parser.error("--product needs --program")
        product(args)
        return
    for preset in args.preset or ["nano", "tiny", "mini"]:
        trainer = Trainer(settings(preset, args.set), args.plain)
        rounds = []
        for _ in range(args.rounds):
            ours = bench(args, preset) if args.program else float("nan")
            rounds.append((ours, trainer.tokens_per_sec(args.seconds)))
            print(json.dumps({"preset": preset, "tokens_per_sec": round(rounds[-1][0]) if args.program else None,
                              "pytorch_tokens_per_sec": round(rounds[-1][1])}), flush=True)
        ours, theirs = (statistics.median(column) for column in zip(*rounds))
        print(f"{preset} {' '.join(args.set)}: {ours:.0f} tokens/s, PyTorch {torch.__version__} {theirs:.0f}, "
              f"ratio {statistics.median(a / b for a, b in rounds):.2f}", flush=True)


if __name__ == "__main__":
    main()
