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
cache-kept-with-run = { $dir } cannot hold the token cache ({ $why }), so it is kept in { $place }
cache-kept-in-memory = { $dir } cannot hold the token cache ({ $why }), so it is kept in memory
resume-newest = going on with { $run }, the run that was started last
resume-others = other unfinished runs: { $runs }{ $more ->
    [0] { "" }
   *[other] { " and " }{ COUNT($more) } more
} (--out RUN goes on with one of them)
run-skipped = a folder was skipped: { $why }
fewer-threads = the system gives only { $threads } of { $wanted } threads (ulimit -u tells the limit)

## What the monitor sees in a run's numbers.
non-finite =
    a loss or the gradient is not a finite number at step { COUNT($step) }: no update is made with it. A lower lr usually helps
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
judge-blind-to-context =
    after { NUMBER($millions, maximumFractionDigits: 1) } M tokens the judge knows which words are often replaced, and not what stands around them: its AUC is { NUMBER($auc, maximumFractionDigits: 2) }, but one word in a wrong place scores above itself in a right one only { NUMBER($swaps, style: "percent") } of the time (chance is 50%). A longer run, no dropout, a smaller rtd_weight or shorter rows may help

## What a run tells about its own work.
checkpoint-not-written =
    { $error }
    { "" }  training goes on, and the checkpoint is tried again soon; { $safe }
checkpoint-waits-for-room =
    { $error }
    { "" }  the run has ended, and its last steps are only in memory. Make room: for { $minutes } minutes the checkpoint is tried every second. Ctrl-C gives up
not-written =
    { $what } cannot be written. Training goes on; what is missing waits in memory and is written as soon as possible
    { "" }  { $error }
written-again = { $what } is written again, and nothing is missing
written-again-with-gap = { $what } is written again. Events that memory could not hold any longer are missing: { COUNT($count) }
memory-holds-no-more = { $what } still cannot be written, and memory holds { COUNT($count) } events: from now on the oldest are dropped
output-full = { $what } is not read or written for so long that memory holds no more of its events: from now on the oldest are dropped
record-events = the run's log (metrics.jsonl)
record-numbers = the file for TensorBoard
record-configuration = the run's configuration (config.toml)
record-checkpoint = the checkpoint of step { COUNT($step) }
record-report = the report
record-checkpoints = a checkpoint
record-stream = the file of events (--events)
record-output = standard output
checkpoint-is-safe = the checkpoint of step { COUNT($step) } is safe
no-checkpoint-yet = there is no checkpoint yet
corpus-gone =
    { $path }: the text is no longer there. This run goes on from its token cache; to resume it later, put the text back
checkpoint-set-aside = a checkpoint from beyond step { COUNT($step) }, of the run before, is kept aside: { $path }
f16-on-cpu = precision = f16 on the processor saves memory and no time: numbers are converted at every kernel
text-is-short = the text is short for this model. Its length in tokens: { COUNT($tokens) }. Each of the { COUNT($entries) } entries of the vocabulary has about { COUNT($each) } of them, and the run reads the text { COUNT($passes) } times. The networks will learn it by heart rather than learn the language. Give at least { COUNT($wanted) } tokens, or take a smaller vocabulary (vocab_size) and fewer steps
text-is-short-for-vocabulary = the text is short for this model. Its length in tokens: { COUNT($tokens) }. Each of the { COUNT($entries) } entries of the vocabulary has about { COUNT($each) } of them. Give at least { COUNT($wanted) } tokens, or take a smaller vocabulary (vocab_size)
text-is-read-often = the run reads its text of { COUNT($tokens) } tokens { COUNT($passes) } times; after some 40 times there is next to nothing left to learn from it. Give more text ({ COUNT($wanted) } tokens for this many steps), or take fewer steps
run-extended = the run was planned for { COUNT($from) } steps and goes on to { COUNT($to) }: from step { COUNT($step) } on its learning rate and the temperature of its samples are those of a run of { COUNT($to) } steps
run-moved = the run was trained on { $then } and goes on on { $now }: it will not be the same to the last bit
other-kernels = the run goes on with other kernels: it will not be the same to the last bit
size-kept = { $name } = { $is } (not { $asked })
sizes-kept = the networks of --init keep their own sizes: { $sizes }

## What a command warns of.
text-beyond-trained-positions = { COUNT($tokens) } tokens with [CLS] and [SEP], but the model was trained on rows of { COUNT($trained) }: what it says from token { COUNT($first) } on comes from positions that were never trained; give it shorter texts
positions-untrained = the model has { COUNT($positions) } positions, but was trained on rows of { COUNT($row_len) } tokens: positions from { COUNT($row_len) } on are untrained, so give it texts of at most { COUNT($row_len) } tokens
fewer-entries-than-asked = the vocabulary has { COUNT($entries) } entries instead of the { COUNT($wanted) } asked for: { $why }
fewer-because-of-single-characters = most words of this text are single characters, as in Chinese, and those are never joined ({ COUNT($characters) } characters have an entry)
fewer-because-no-pair-is-left = no two pieces of its words stand side by side twice any more ({ COUNT($characters) } characters have an entry)
unknown-tokens = the tokenizer does not know { NUMBER($share, style: "percent", maximumFractionDigits: 1) } of the tokens, with { NUMBER($chars, style: "percent", maximumFractionDigits: 1) } of the characters ([UNK]): { $why }. Try this: { $advice }
unknown-tokens-held-out = the tokenizer does not know { NUMBER($share, style: "percent", maximumFractionDigits: 1) } of the held-out tokens ([UNK]), though it knows the text to train on. Check that both are in the same language
unknown-long-words = most of them stand in words of more than 100 characters, which are never cut into pieces
unknown-rare-characters = they have characters that the vocabulary lacks
unknown-of-other-text = they have characters that its vocabulary, made for other text, lacks
advice-break-words = put blanks between the words, as a segmenter for the language does, or remove lines that are no text
advice-cover-characters = cover more characters with a higher character_coverage and a larger vocab_size
advice-own-tokenizer = use a tokenizer for this language and script, for example one trained on this text
corpus-and-unknown = { $corpus } ({ NUMBER($share, style: "percent", maximumFractionDigits: 1) } unknown)
vocabulary-padded = the networks have { COUNT($rows) } rows of word embeddings, the tokenizer has { COUNT($words) } entries: the last { COUNT($beyond) } rows are kept as they are and never proposed
tensors-unwrapped = the names of the tensors begin with { $prefix }, as a wrapper of the network writes them; this prefix is taken off
tied-head-differs = { $tensor } differs from the word embeddings (by up to { $gap }): the two are one tensor here, and the word embeddings are used
networks-differ-in-epsilon = layer_norm_eps differs: discriminator { $discriminator }, generator { $generator }; the shared embeddings use the discriminator's
networks-differ-in-padding = pad_token_id differs: discriminator { $discriminator }, generator { $generator }; the discriminator's is used
no-id = none
shared-tensors-differ = the two networks share their embeddings, but these differ, and the discriminator's are used for both: { $tensors }
tensor-gap = { $name } (by up to { $gap })

## The built-in text, by its level.
corpus-built-in = { $level ->
    [first-steps] built-in, first-steps
   *[stories] built-in, stories
}

## What a preset is for.
preset-nano = first minute, browser, tests
preset-tiny = teaching on a laptop
preset-mini = own text, an evening
preset-small = the paper's ELECTRA-Small
preset-base = the paper's ELECTRA-Base, for a workstation

## What becomes of each file of a corpus.
corpus-file-train = train     { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB, { $form }; { $why })
corpus-file-held-out = held out  { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB, { $form }; { $why })
corpus-file-skipped = skipped   { $path }  ({ $why })
corpus-files-counted = files: { COUNT($train) } to train on, { COUNT($held_out) } held out, { COUNT($skipped) } skipped
file-and-reason = { $path } ({ $why })
form-text = text
form-articles = articles of WikiExtractor
form-json-lines = JSON lines, field "{ $field }"
form-json = JSON, field "{ $field }"
form-json-strings = JSON strings
form-table = table, column "{ $field }"
form-parquet = parquet, column "{ $field }"
form-utf16 = { $form }, UTF-16
form-packed = { $form }, { $packing }
role-as-given = given by name
role-held-out-as-given = given as held-out text
role-no-word = no name says that it is held out
word-of-file = "{ $word }" in its name
word-of-folder = "{ $word }" in the name of its folder
skipped-note = a note about the data
skipped-other-kind = files that end in .{ $ending } hold no corpus
skipped-empty = empty
skipped-replaced = { $why }: held out, and --valid replaces it
skipped-for-judging = { $why }: kept for judging, never trained on
skipped-twice = already in the list
skipped-held-out = held out: { $why }
files-not-read = { $count ->
    [one] one file could not be read and is left out: { $files }
   *[other] { COUNT($count) } files could not be read and are left out, such as { $files }
}
documents-without-text = { $count ->
    [one] one document has no text (an empty or null field, or no word in it) and is left out
   *[other] { COUNT($count) } documents have no text (an empty or null field, or no word in it) and are left out
}
held-out-text-is-trained-on = of { COUNT($of) } held-out documents, { COUNT($held_out) } { $held_out ->
    [one] is
   *[other] are
} also in the text to train on ({ COUNT($training) } times): what is measured on them was learned by heart. Take them out of one of the two texts

## What `verify` compares: its suites, then what is compared in them.
suite-kernels = kernels (error as a share of the tolerance)
suite-kernels-f16 = kernels with precision = f16 (error as a share of the tolerance)
suite-finite-differences = finite differences
suite-repeatability = the same steps twice
suite-twins = steps against the twins
suite-twins-f16 = steps against the twins with precision = f16
suite-fixture = fixture { $name }
suite-fixture-f16 = fixture { $name } with precision = f16
suite-fixture-burn = fixture { $name } with Burn
suite-burn = against Burn: { $what }
burn-case-reference = the reference's AdamW
burn-case-clipping = bias correction, clipped by group
burn-case-micro-batches = micro-batches
burn-case-mlm = masked words alone
compared-at-step = step { $step }: { $what }
compared-twice = step { $step }: the same twice
compared-with-variant = variant { $number }: { $what }

## What is wrong with a kernel that is not as its twin.
parity-no-case = { $kernel } ({ $variant }): no case runs it
parity-place = { $kernel } ({ $variant }), dispatch { $dispatch } of { $case }: { $what }
parity-unwritten = { $place }[{ $at }]: the twin left it unwritten
parity-wrong = { $place }[{ $at }]: got { $got }, want { $want }, { NUMBER($share, maximumFractionDigits: 3) } of the tolerance
parity-float = { SCIENTIFIC($value) } ({ $bits })
parity-whole = { $value } ({ $bits })
parity-half-word = { $place }: the half word behind its last element changed
parity-strayed = { $place }: element { $at } of the buffer changed, which no written range covers

## How messages are put together.
listed = { $first }, { $second }
joined = { $first } and { $second }
one-and-another = { $first }; { $second }

## A sentence to try a model on, where the run has none of its own.
example-text = the dog ate the bone
