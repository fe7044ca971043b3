# What a run tells about itself: the device it takes, its preparations, warnings.
# A code of the engine has no prefix; `error-` and `log-` are the frames around them.

plain = { $text }

## Why this device was taken.
device-asked-for = it was asked for
device-best-hardware = the best hardware adapter
device-best = the best adapter there is
device-named = its name contains "{ $name }"
device-none-found = no GPU adapter was found
device-only-software = no hardware adapter was found, only { $names } (--device gpu takes it)
device-refused = { $adapter }: { $why }

## What is done before the first step.
measuring-kernels = measuring which kernels are the fastest on { $adapter } (once)
counting-words = training a tokenizer: counting words
joining-pieces = training a tokenizer: joining pieces
turning-text-into-tokens = turning text into tokens
cache-built-again = the token cache was built again: { $why }

## What the monitor sees in a run's numbers.
non-finite =
    a loss or the gradient is not a finite number at step { $step }: no update is made with it. A lower lr usually helps
loss-diverging =
    the loss is rising: generator { NUMBER($mlm, maximumFractionDigits: 2) } (best { NUMBER($best_mlm, maximumFractionDigits: 2) }), judge { NUMBER($rtd, maximumFractionDigits: 2) } (best { NUMBER($best_rtd, maximumFractionDigits: 2) }). Try a lower lr or a longer warmup
generator-collapsed =
    the generator has collapsed: { NUMBER($top, style: "percent") } of its samples are one and the same token, so the judge learns to spot that token. Try a lower lr
generator-stuck =
    the generator does not learn: its loss stays at { NUMBER($mlm, maximumFractionDigits: 2) }, above the { NUMBER($unigram, maximumFractionDigits: 2) } that word counts alone give. Try another lr, and check that the tokenizer fits the text
generator-too-strong =
    the generator has become too strong: { NUMBER($hits, style: "percent") } of its samples are the original, few tokens are replaced, and the judge's AUC fell from { NUMBER($best, maximumFractionDigits: 2) } to { NUMBER($auc, maximumFractionDigits: 2) }. Try a smaller generator or a higher mask_prob
judge-at-base-rate =
    after { NUMBER($millions, maximumFractionDigits: 1) } M tokens the judge still does no better than the base rate (AUC { NUMBER($auc, maximumFractionDigits: 2) }; chance is 0.50). Easier replacements at first, shorter rows or a longer run may help

## What a run tells about its own work.
checkpoint-not-written =
    { $error }
    { "" }  training goes on, and the next checkpoint is tried; { $safe }
checkpoint-is-safe = the checkpoint of step { $step } is safe
no-checkpoint-yet = there is no checkpoint yet
corpus-gone =
    { $path }: the text is no longer there. This run goes on from its token cache; to resume it later, put the text back
checkpoint-set-aside = a checkpoint from beyond step { $step }, of the run before, is kept aside: { $path }
f16-on-cpu = precision = f16 on the processor saves memory and no time: numbers are converted at every kernel
text-is-short = the text is short for this model: { $tokens } tokens, so each of the { $entries } entries of the vocabulary occurs only about { $each } times, and the run reads the text { $passes } times. The networks will learn it by heart rather than learn the language. Give at least { $wanted } tokens, or take a smaller vocabulary (vocab_size) and fewer steps
text-is-read-often = the run reads its text of { $tokens } tokens { $passes } times; after some 40 times there is next to nothing left to learn from it. Give more text ({ $wanted } tokens for this many steps), or take fewer steps
run-extended = the run was planned for { $from } steps and goes on to { $to }: from step { $step } on its learning rate is that of a run of { $to } steps
run-moved = the run was trained on { $then } and goes on on { $now }: it will not be the same to the last bit
other-kernels = the run goes on with other kernels: it will not be the same to the last bit
sizes-kept = the networks of --init keep their own sizes: { $sizes }

## What a command warns of.
text-beyond-trained-positions = { $tokens } tokens with [CLS] and [SEP], but the model was trained on rows of { $trained }: what it says from token { $first } on comes from positions that were never trained; give it shorter texts
positions-untrained = the model has { $positions } positions, but was trained on rows of { $row_len } tokens: positions from { $row_len } on are untrained, so give it texts of at most { $row_len } tokens
fewer-entries-than-asked = the text gives only { $entries } of the { $wanted } entries asked for
tied-head-differs = { $tensor } differs from the word embeddings (by up to { $gap }): the two are one tensor here, and the word embeddings are used
networks-differ-in-epsilon = layer_norm_eps differs: discriminator { $discriminator }, generator { $generator }; the shared embeddings use the discriminator's
networks-differ-in-padding = pad_token_id differs: discriminator { $discriminator }, generator { $generator }; the discriminator's is used
no-id = none
shared-tensors-differ = the two networks share their embeddings, but these differ, and the discriminator's are used for both: { $tensors }
tensor-gap = { $name } (by up to { $gap })

## What becomes of each file of a corpus.
corpus-file-train = train     { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB)
corpus-file-held-out = held out  { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB)
corpus-file-skipped = skipped   { $path }  ({ $why })
file-and-reason = { $path } ({ $why })
skipped-note = a note about the data
skipped-other-kind = not txt, gz, jsonl or parquet
skipped-empty = empty
skipped-replaced = --valid replaces it
skipped-for-judging = kept for judging: dev.* and test.* are never trained on
skipped-twice = already in the list
skipped-held-out = held out

## How messages are put together.
listed = { $first }, { $second }
joined = { $first } and { $second }
one-and-another = { $first }; { $second }

## A sentence to try a model on, where the run has none of its own.
example-text = the dog ate the bone
