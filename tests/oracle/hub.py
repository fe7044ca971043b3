"""Networks saved by transformers for tests/transformers/exchange.rs to read and write, and the check of what it wrote.

    hub.py make DIR     DIR/CASE/{discriminator,generator} as transformers, or an older or odder writer, saves them
    hub.py check DIR    DIR/CASE/out/{discriminator,generator} load without a missing, unexpected or mismatched key,
                        and every tensor equals the one in DIR/CASE/truth
"""

import json
import os
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import ElectraConfig, ElectraForMaskedLM, ElectraForPreTraining

CLASSES = {"discriminator": ElectraForPreTraining, "generator": ElectraForMaskedLM}
TIED = "generator_lm_head.weight"
WORD = "electra.embeddings.word_embeddings.weight"


def sizes(**changes):
    return dict(vocab_size=97, embedding_size=20, hidden_size=36, num_hidden_layers=2, num_attention_heads=3,
                intermediate_size=52, max_position_embeddings=40) | changes


# name -> sizes of the discriminator, sizes of the generator, how the saved folder is changed
CASES = {
    "projected": (sizes(), sizes(hidden_size=24, num_attention_heads=2, intermediate_size=28), None),
    "same-width": (sizes(hidden_size=20, num_attention_heads=4), sizes(hidden_size=20, num_attention_heads=1), None),
    "one-layer-each-way": (sizes(num_hidden_layers=1, type_vocab_size=1, layer_norm_eps=1e-5),
                           sizes(num_hidden_layers=3, type_vocab_size=1, layer_norm_eps=1e-5), None),
    "sharded": (sizes(), sizes(), "sharded"),
    "half": (sizes(), sizes(), torch.float16),
    "brain": (sizes(), sizes(), torch.bfloat16),
    "double": (sizes(), sizes(), torch.float64),
    "old-names": (sizes(), sizes(), "old"),
}


def main(command, root):
    {"make": make, "check": check}[command](root)


def make(root):
    torch.manual_seed(7)
    for case, (discriminator, generator, change) in CASES.items():
        for role, fields in (("discriminator", discriminator), ("generator", generator)):
            model = CLASSES[role](ElectraConfig(**fields))
            for parameter in model.parameters():
                # Away from the zeros and ones of the initialisation: a tensor left at its initial value must show.
                torch.nn.init.normal_(parameter)
            folder = os.path.join(root, case, role)
            dtype = change if isinstance(change, torch.dtype) else torch.float32
            model.to(dtype).save_pretrained(folder, max_shard_size="20KB" if change == "sharded" else "1GB")
            if change == "old":
                save_the_old_way(folder)
            truth = {name: tensor.float().contiguous() for name, tensor in model.state_dict().items() if name != TIED}
            os.makedirs(os.path.join(root, case, "truth"), exist_ok=True)
            save_file(truth, os.path.join(root, case, "truth", role + ".safetensors"))
        share(os.path.join(root, case, "truth"))


def save_the_old_way(folder):
    """gamma and beta, position_ids, the tied projection in the file, and a config.json of few words."""
    path = os.path.join(folder, "model.safetensors")
    tensors = load_file(path)
    old = {n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t
           for n, t in tensors.items()}
    old["electra.embeddings.position_ids"] = torch.arange(40).unsqueeze(0)
    if "generator_lm_head.bias" in old:
        old[TIED] = old[WORD].clone()
    save_file(old, path)
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        config = json.load(file)
    kept = sizes() | {"model_type": "electra", "an_unknown_field": {"kept": [1, None]}}
    with open(path, "w") as file:
        json.dump({name: config.get(name, value) for name, value in kept.items()}, file)


def share(folder):
    """A pair has one set of embeddings: where two networks differ, the discriminator's are used."""
    path = os.path.join(folder, "generator.safetensors")
    generator, discriminator = load_file(path), load_file(os.path.join(folder, "discriminator.safetensors"))
    shared = {name: tensor for name, tensor in discriminator.items() if name.startswith("electra.embeddings.")}
    save_file({name: shared.get(name, tensor).clone() for name, tensor in generator.items()}, path)


def check(root):
    count = 0
    for case, (discriminator, generator, _) in CASES.items():
        for role, fields in (("discriminator", discriminator), ("generator", generator)):
            folder = os.path.join(root, case, "out", role)
            model, info = CLASSES[role].from_pretrained(folder, output_loading_info=True)
            wrong = {kind: found for kind, found in info.items() if found}
            assert not wrong, f"{folder}: {wrong}"
            for name, value in (ElectraConfig(**fields).to_dict()).items():
                # What begins with _ is the library's own state while it runs.
                if name not in ("architectures", "dtype", "torch_dtype", "transformers_version") and name[0] != "_":
                    held = getattr(model.config, name)
                    assert held == value, f"{folder}: {name} is {held}, was {value}"
            assert model.config.architectures == [CLASSES[role].__name__]
            held, truth = model.state_dict(), load_file(os.path.join(root, case, "truth", role + ".safetensors"))
            assert set(held) - {TIED} == set(truth), set(held) ^ set(truth)
            for name, tensor in truth.items():
                assert held[name].dtype == torch.float32 and torch.equal(held[name], tensor), f"{folder}: {name}"
                count += 1
            if TIED in held:
                assert torch.equal(held[TIED], truth[WORD]), f"{folder}: the projection is not tied"
    print(f"{len(CASES)} pairs, {count} tensors equal")


if __name__ == "__main__":
    main(*sys.argv[1:])
