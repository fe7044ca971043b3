"""transformers' side of tests/transformers/command_line.rs: the same models and the same texts, judged by transformers.

    cli.py make DIR VOCAB   DIR/NAME/{discriminator,generator}: large random models with a tokenizer on VOCAB, as transformers saves them
    cli.py judge DIR TEXTS  DIR/{discriminator,generator} loaded by from_pretrained without a key amiss; for each of the texts
                            in the JSON file TEXTS a line: ids, logits of the discriminator, top words of every [MASK]
"""

import json
import os
import shutil
import sys

import torch
from transformers import AutoTokenizer, ElectraConfig, ElectraForMaskedLM, ElectraForPreTraining

CLASSES = {"discriminator": ElectraForPreTraining, "generator": ElectraForMaskedLM}
# The sizes of ELECTRA-Small, and a discriminator as wide as its embeddings; accents stripped, and kept.
SMALL = dict(vocab_size=30522, embedding_size=128, hidden_size=256, num_hidden_layers=12, num_attention_heads=4,
             intermediate_size=1024)
MODELS = {
    "small": (SMALL, SMALL | dict(hidden_size=64, num_attention_heads=1, intermediate_size=256), None),
    "wide": (SMALL | dict(embedding_size=256, num_hidden_layers=3),
             SMALL | dict(embedding_size=256, hidden_size=128, num_attention_heads=2, num_hidden_layers=3), False),
}


def make(root, vocab):
    torch.manual_seed(11)
    for name, (discriminator, generator, strip_accents) in MODELS.items():
        embeddings = None
        for role, sizes in (("discriminator", discriminator), ("generator", generator)):
            model = CLASSES[role](ElectraConfig(**sizes))
            for key, parameter in model.named_parameters():
                if "LayerNorm" in key:
                    torch.nn.init.normal_(parameter, mean=1.0 if key.endswith("weight") else 0.0, std=0.1)
                elif parameter.dim() == 1:
                    torch.nn.init.normal_(parameter, std=0.1)
                elif "embeddings." not in key:
                    torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
            if embeddings is None:
                embeddings = model.electra.embeddings.state_dict()
            else:
                model.electra.embeddings.load_state_dict(embeddings)
            folder = os.path.join(root, name, role)
            model.save_pretrained(folder)
            shutil.copy(vocab, os.path.join(folder, "vocab.txt"))
            with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
                json.dump({"tokenizer_class": "ElectraTokenizer", "do_lower_case": True, "strip_accents": strip_accents,
                           "tokenize_chinese_chars": True, "model_max_length": 512}, file)
            AutoTokenizer.from_pretrained(folder).save_pretrained(folder)


def load(folder, role):
    model, info = CLASSES[role].from_pretrained(os.path.join(folder, role), output_loading_info=True)
    wrong = {kind: found for kind, found in info.items() if found}
    assert not wrong, f"{folder}/{role}: {wrong}"
    return model.eval()


def judge(folder, texts):
    tokenizers = [AutoTokenizer.from_pretrained(os.path.join(folder, role)) for role in CLASSES]
    discriminator, generator = (load(folder, role) for role in CLASSES)
    with open(texts, encoding="utf-8") as file:
        texts = json.load(file)
    for text in texts:
        inputs, others = (tokenizer(text, return_tensors="pt") for tokenizer in tokenizers)
        ids = inputs["input_ids"]
        assert torch.equal(ids, others["input_ids"]), text
        inputs = dict(input_ids=ids, attention_mask=torch.ones_like(ids))
        with torch.no_grad():
            logits = discriminator(**inputs).logits[0]
            blanks = (ids[0] == tokenizers[0].mask_token_id).nonzero().flatten()
            words = generator(**inputs).logits[0, blanks].softmax(-1).topk(5, -1)
        print(json.dumps({"ids": ids[0, 1:-1].tolist(), "logits": logits[1:-1].tolist(),
                          "words": words.indices.tolist(), "probabilities": words.values.tolist()}))


if __name__ == "__main__":
    {"make": make, "judge": judge}[sys.argv[1]](*sys.argv[2:])
