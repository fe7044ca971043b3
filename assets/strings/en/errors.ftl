# What went wrong, by the code of the error, and in `.help` what to do about it. Shared advice begins with `help-`.

error-label = error
error-help-label = help

cannot-do = cannot { $doing }: { $detail }

help-check-path = check the path; relative paths start at the current folder
help-check-permissions = check the permissions of the file and of its folder
help-free-space = free some space, or choose another folder
help-choose-writable = this disk can only be read; choose a folder on another one

checkpoint-lost = the checkpoint of step { COUNT($step) } was not written, earlier ones are untouched: { $why }
checkpoint-damaged = the checkpoint of step { $step } is damaged: { $why }{ $others ->
    [0] { "" }
    *[other] { " (" }and so are those of step { $steps })
}

## What could not be done with a file: completes "cannot ...".
io-append-to = append to
io-append-to-runs-log = append to the run's log
io-create = create
io-create-folder = create the folder
io-create-folder-of-caches = create the folder of caches
io-create-runs-folder = create the run's folder
io-list = list
io-lock-runs-folder = lock the run's folder
io-make-settings-folder = make the settings' folder
io-map-into-memory = map into memory
io-open = open
io-open-file = open the file
io-open-runs-log = open the run's log
io-put-finished-folder-in-its-place = put the finished folder in its place
io-put-folder-back = put the folder back
io-put-token-cache-in-place = put the token cache in place
io-read = read
io-read-configuration = read the configuration
io-read-file = read the file
io-read-list-of-files = read the list of files
io-read-fixture = read the fixture
io-read-folder = read the folder
io-read-folder-of-runs = read the folder of runs
io-read-kernels-variants = read the kernels' variants
io-read-list-of-shards = read the list of shards
io-read-runs-configuration = read the run's configuration
io-read-runs-folder = read the run's folder
io-read-runs-log = read the run's log
io-read-state = read the state
io-read-tokenizers-file = read the tokenizer's file
io-remove-folder = remove the folder
io-remove-unfinished-folder = remove the unfinished folder
io-save-windows-settings = save the window's settings
io-set-checkpoint-aside = set the checkpoint aside
io-write-into-folder = write into the folder
io-write-configuration = write the configuration
io-write-events = write the events
io-write-file = write the file
io-write-numbers = write the numbers
io-write-picture = write the picture
io-write-report = write the report
io-write-tensors = write the tensors
io-write-token-cache = write the token cache
io-write-there = write there

## Text: corpora, tokenizers, the token cache.
all-text-held-out = all the text to train on is held out: it is given with --valid too
    .help = leave --valid away: then a part of the corpus is held out
nothing-to-train-on = nothing to train on: no file with text for it was found
    .help = text that a name calls valid, dev or test is not trained on; a file or folder that is given alone is used whatever it is called
no-text-file-found = no file with text was found
    .help = text is read from txt, jsonl, json, csv, tsv and parquet, also in gz or zst
not-a-file = this is a pipe or a device, not a file
    .help = write the text into a file first
empty-file = the file is empty
    .help = give a file with text in it
cache-gone = the token cache is gone right after it was written
cache-reads-back-wrong = the token cache was written, but reads back as { $why }
    .help = the disk may be failing; choose another folder
cache-unusable = the token cache cannot be used: { $why }
cache-shorter-than-header = shorter than its header
not-a-cache = not a token cache
cache-of-other-format = format { $found }, where this version writes { $known }
cache-of-other-length = { COUNT($held) } bytes long instead of { COUNT($wanted) }
cache-damaged = { $part ->
    [header] its header is damaged
    [ids] its ids are damaged
    [sentences] its sentences are damaged
    [documents] its documents are damaged
   *[counts] its counts are damaged
}
corpus-has-changed = the corpus has changed
help-caches-elsewhere = make room for it there, or name another folder for caches in ELECTROSCOPE_CACHE
corpus-holds-no-text = the corpus holds no text
    .help = check the files, and that the tokenizer fits their language
tokenizer-does-not-fit = all { COUNT($documents) } documents have too many tokens a character for this tokenizer
    .help = check the files, and that the tokenizer fits their language
cache-exceeds-memory = cannot hold the token cache in memory: { $detail }
grammar-file-wrong = { $detail }
grammar-expected = expected { $form }
grammar-unknown = "{ $word }" is none of { $known }
grammar-missing = there is no { $kind ->
    [table] table
    [column] column
    [set] set
    [def] def
   *[variable] variable
} "{ $name }"
grammar-without-meaning = "{ $word }" means nothing here
grammar-irregular = cannot conjugate "{ $lemma }": give its forms after slashes
grammar-twice = "{ $lemma }" is listed twice
grammar-number-of-forms = "{ $lemma }" needs two or four forms, not { $count }
grammar-gender-unknown = the gender of "{ $lemma }" does not show: add :m or :f
grammar-table-without-name = a table needs a name
grammar-script-without-name = a script needs a name
grammar-row-of-other-length = table { $table } has { $columns } columns, this row { $cells }
grammar-empty-cell = an empty cell
grammar-not-in-list = "{ $lemma }" is not in the { $class } list
grammar-distinct-without-two = distinct needs two variables of the script
grammar-column-of-other-class = { $var } is a { $own }, and column { $column } of { $table } holds { $class }
grammar-too-many-variables = more than { $most } variables
grammar-no-row-fits = no row of table { $table } fits these numbers
grammar-name-undefined = a macro that no let defines
grammar-sentence-before-step = a sentence before the first step
grammar-sentence-outside = a sentence outside a script and a def
grammar-variable-of-script = { $name } belongs to the whole script: restrict it there
grammar-variable-unbound = no table binds { $name }
grammar-sentence-too-long = a sentence of more than 60 words
grammar-agrees-with-nothing = { "{" }{ $hole }{ "}" } agrees with something: say with what, { "{" }{ $hole }:Name{ "}" }
grammar-in-no-list = "{ $lemma }" is in no word list of verbs, adjectives and agreeing words
grammar-no-such-form = a { $class } has no form "{ $form }"
grammar-punctuation-without-forms = punctuation has no forms
grammar-number-of-sentences = script { $script }, step { $step }: { $sentences } sentences to choose { $wanted } from
grammar-without-script = a grammar without a script
no-such-level = there is no level "{ $value }"
    .help = first-steps or stories
vocabulary-lacks-special = the vocabulary of { COUNT($entries) } entries has no { $name }
    .help = the special tokens are { $specials } here; tokenizer_config.json or special_tokens_map.json can name others
no-tokenizer-here = no vocab.txt and no tokenizer.json here
    .help = give a tokenizer's folder, a tokenizer.json or a vocab.txt, or train one: electroscope tokenizer train
vocabulary-not-utf8 = not UTF-8 text: a wrong byte at { COUNT($byte) }
    .help = a vocab.txt holds one token a line, in UTF-8
not-wordpiece = a { $kind } model, where ELECTRA has WordPiece
    .help = give the tokenizer of an ELECTRA or BERT model, or a vocab.txt
vocabulary-id-wrong = the id { $id } of { $token } is taken or not below { COUNT($entries) }
    .help = the ids of a vocabulary count up from 0 without a gap
not-tokenizer-json = not the JSON of a tokenizer: { $detail }
    .help = the file may be cut off; fetch or export it again
cannot-tokenize = cannot tokenize: { $detail }
no-word-for-tokenizer = no word to train a tokenizer on
    .help = check that the corpus holds text
only-long-words-for-tokenizer = no word to train a tokenizer on: { $count ->
        [one] its only word has
       *[other] all { COUNT($count) } words have
    } more than 100 characters
    .help = put blanks between the words, as a segmenter for the language does
vocabulary-too-small = vocab_size = { $vocab_size } is less than the { COUNT($needed) } entries that the special tokens and { COUNT($characters) } characters need; these cover { NUMBER($covered, style: "percent", maximumFractionDigits: 2) } of this corpus
    .help = try vocab_size = { $enough }, or cover less of the corpus: character_coverage = { $coverage }
too-many-unknown = the tokenizer does not know { NUMBER($share, style: "percent", maximumFractionDigits: 1) } of the tokens, with { NUMBER($chars, style: "percent", maximumFractionDigits: 1) } of the characters ([UNK]), and { NUMBER($most, style: "percent", maximumFractionDigits: 1) } is accepted: { $why }
    .help = { $advice }; to go on all the same, allow it with unknown_max = 1 (--set unknown_max=1 in train, --unknown-max 1 elsewhere)
too-many-unknown-held-out = the tokenizer does not know { NUMBER($share, style: "percent", maximumFractionDigits: 1) } of the held-out tokens ([UNK]), and { NUMBER($most, style: "percent", maximumFractionDigits: 1) } is accepted
    .help = check that the held-out text is in the language of the text to train on; to go on all the same: --set unknown_max=1
not-the-file-itself = this is not the file itself but { $what }
file-is-empty = an empty file
file-is-zip = a zip archive, such as torch.save writes
file-is-pickle = a pickle of Python, such as old versions of torch.save write
file-is-format = a file in the format { $format }
file-is-lfs-pointer = a pointer of Git LFS to a file of { COUNT($bytes) } bytes
file-is-lfs-pointer-cut-off = a pointer of Git LFS, cut off
file-is-web-page = a web page, such as an error page in place of a download
file-is-text = text that begins with { $line }
help-fetch-again = download the file again, and look at what arrives: the address may be wrong, or it may need an account
help-fetch-lfs = fetch the file itself with git lfs pull, or download it without git
help-save-as-safetensors = load it with transformers in Python and save it again: model.save_pretrained(FOLDER) writes model.safetensors, tokenizer.save_pretrained(FOLDER) the tokenizer
tokenizer-has-own-code = the tokenizer is a program of its own (auto_map), which is not run here
    .help = give the tokenizer of an ELECTRA or BERT model
tokenizer-of-other-kind = the tokenizer is of the class { $class }, which cuts text in its own way; here there are { $known } and those that are the same by another name
    .help = give the tokenizer of an ELECTRA or BERT model, or a tokenizer.json whose steps are BERT's
tokenizer-setting-unknown = the tokenizer asks for { $key } = { $value }, which is not done here
    .help = without this setting the tokens would differ from those that the model was trained on
tokenizer-step-unknown = the { $step } of this tokenizer is not BERT's: { $found }
    .help = its tokens would differ here from those in transformers; give a tokenizer with BertNormalizer and BertPreTokenizer
added-token-id-wrong = the added token { $token } has the id { $id }, and { $right } is its place
    .help = added tokens follow the vocabulary without a gap, in the order of their ids
line-too-long = line { COUNT($line) } is longer than { $mib } MiB
    .help = break it into lines, one sentence or paragraph each
utf16-broken = broken UTF-16: half a character
    .help = the file may be cut off; save it again as UTF-8
file-not-utf8 = not text in UTF-8
    .help = convert the file to UTF-8, for example with iconv
file-is-packed = packed as { $kind }, which is not read here
    .help = unpack it first; gz and zst are read as they are
file-is-packed-twice = inside it is another packed file ({ $kind })
    .help = unpack it once
file-is-document = this is { $kind }, which is not read here
    .help = save or convert it as plain text in UTF-8
file-is-no-text = this is { $kind }, which is not read here
    .help = write its text as txt, jsonl, csv or parquet
corpus-is-lfs-pointer = a pointer of Git LFS in place of the file
    .help = fetch the file itself with `git lfs pull`
not-json = its name ends like JSON, but it holds no JSON objects
    .help = jsonl holds one object a line: { "{" }"text": "..."{ "}" }
not-parquet = its name ends in .parquet, but it is plain text
    .help = give the name the ending .txt if it is a corpus
list-is-empty = the list names no file
    .help = write one path a line
binary-file = a binary file: it has a zero byte
    .help = a corpus is text: txt, jsonl, json, csv, tsv (also in gz or zst) or parquet
not-utf8 = not UTF-8: byte { COUNT($byte) } in line { COUNT($line) }
    .help = convert the file to UTF-8, for example with iconv
gzip-cut-off = the gzip file ends in the middle
    .help = copy or download it again
gzip-damaged = the gzip file is damaged: { $detail }
    .help = copy or download it again
bytes-after-gzip = other bytes follow the end of the gzip file
    .help = something was appended to it, or it is damaged; copy or download it again
zstd-cut-off = the zstd file ends in the middle
    .help = copy or download it again
zstd-damaged = the zstd file is damaged: { $detail }
    .help = copy or download it again
bytes-after-zstd = other bytes follow the end of the zstd file
    .help = something was appended to it, or it is damaged; copy or download it again
checksum-differs = its checksum differs
no-text-field = no field "text" among { $fields }
    .help = name the field that holds the documents with --text-field NAME
several-text-fields = several fields may hold the documents: { $fields }
    .help = name one of them with --text-field NAME
no-such-field = no field "{ $field }" among { $fields }
    .help = --text-field names the field that holds the documents
column-not-strings = the column "{ $column }" does not hold strings
    .help = name another with --text-field NAME
column-codec = the column "{ $column }" is compressed with { $codec }, which is not read here
    .help = write it with snappy, gzip or no compression, for example pandas' to_parquet(.., compression="snappy")
row-too-long = a text longer than { $mib } MiB
    .help = break it into several rows; in a table, a quotation mark that is never closed does this too
table-row-of-other-length = { COUNT($fields) } fields, where the table has { COUNT($columns) } columns
    .help = a comma or a tab inside a field stands between quotation marks
table-damaged = not a readable table: { $detail }
row-not-utf8 = not UTF-8 at byte { COUNT($byte) } of the text
    .help = convert the text to UTF-8
row-is-binary = binary data: it has a zero byte
    .help = a corpus is text
parquet-damaged = not a readable parquet file: { $detail }
    .help = it may be cut off or damaged; copy or download it again
parquet-contradicts-itself = its numbers contradict each other
parquet-column-changes-type = the column changes its type

## Batches.
no-training-row = the training part holds no row
    .help = give more text with --corpus
cursor-beyond-epoch = row { COUNT($row) } of an epoch that has { COUNT($rows) }
    .help = the corpus, the tokenizer or the row length is not the one of the checkpoint
batch-is-zero = batch = { $batch }, accumulate = { $accumulate }
    .help = both are at least 1
rows-too-short = seq_len = { $seq_len }: [CLS], [SEP] and some text need 5
    .help = try seq_len = 64
mask-prob-out-of-range = mask_prob = { $mask_prob } is not between 0 and 1
    .help = the paper has 0.15
no-held-out-row = the held-out part holds no row
    .help = give more text, or some with --valid
nothing-left-to-train-on = { COUNT($tokens) } tokens are too few: there is nothing to train on
    .help = give more text with --corpus, or held-out text with --valid
nothing-to-hold-out = { COUNT($tokens) } tokens are too few: there is nothing to hold out
    .help = give more text with --corpus, or held-out text with --valid
too-many-documents = { COUNT($documents) } documents, where at most { COUNT($most) } can be counted
    .help = train on a part of the corpus
no-word-in-text = there is no word in the text
    .help = give a file with text in it
too-many-rows = more than { COUNT($most) } rows an epoch
    .help = train on a part of the corpus
not-a-json-text = line { COUNT($line) } is not a JSON object with a "{ $field }" that is a string: { $detail }
    .help = jsonl holds one object a line: { "{" }"text": "..."{ "}" }
json-line-without-field = line { COUNT($line) } has no field "{ $field }", only: { $fields }
    .help = name the field that holds the documents with --text-field NAME
json-value-wrong = value { COUNT($number) } gives no document: { $detail }
    .help = a JSON file holds objects with a text in one field, or strings, one after another or in an array
json-value-without-field = value { COUNT($number) } has no field "{ $field }", only: { $fields }
    .help = name the field that holds the documents with --text-field NAME
json-value-too-long = a value longer than { $mib } MiB
    .help = a JSON file holds one value for each document, one after another or in an array; one object around all of them is not read
json-of-other-values = JSON whose values are no objects and no strings
    .help = a JSON file holds objects with a text in one field, or strings, one after another or in an array
json-cut-off = the JSON ends in the middle
    .help = copy or download it again
json-unexpected = "{ $byte }" is not expected here
    .help = a JSON file holds objects with a text in one field, or strings, one after another or in an array
bytes-after-json = something follows the end of the JSON array
    .help = a file holds one array, or one object a line

## Settings.
range-between-zero-and-one = between 0 and 1
range-zero-to-below-one = 0 or more, below 1
range-zero-to-one = 0 to 1
range-above-zero = above 0
range-zero-or-more = 0 or more
not-toml = not valid TOML: { $detail }
set-without-value = --set { $typed }: want key=value
    .help = for example --set lr=0.001
set-preset = --set { $typed }: the preset is not one of its settings
    .help = choose it with --preset { $preset }
setting-wrong = setting: { $detail }
not-this-versions-configuration = not a configuration of this version: { $detail }
heads-do-not-divide = { $name } = { $hidden } does not split into { $heads_name } = { $heads }
    .help = try { $name } = { $right }
heads-too-wide = heads of { $channels } channels ({ $name } / { $heads_name }); at most { $most }
    .help = try { $heads_name } = { $right }
setting-too-small = { $name } = { $value }: at least { $least }
setting-is-zero = { $name } = 0: at least 1
too-many-layers = layers = { $layers }: at most { $most }
rows-exceed-positions = seq_len = { $seq_len } exceeds max_positions = { $positions }
    .help = try max_positions = { $seq_len }
setting-out-of-range = { $name } = { $value }: want { $wanted }
too-many-random-words = a step of { COUNT($rows) } rows × { COUNT($tokens) } tokens draws { COUNT($words) } random words; at most 2^32
    .help = lower batch, accumulate or seq_len
no-such-preset = no preset { $name }
    .help = the presets are { $names }
setting-misspelt = no setting { $key }
    .help = did you mean { $nearest }?
no-such-setting = no setting { $key }
    .help = the settings are { $names }
setting-of-wrong-type = { $key } = { $value }: want { $wanted }, got { $got }
    .help = its value in the preset is { $preset }
toml-string = string
toml-integer = integer
toml-float = float
toml-boolean = boolean
toml-datetime = datetime
toml-array = array
toml-table = table
network-exceeds-binding = { $part ->
    [word-embeddings] the word embeddings
    [position-embeddings] the position embeddings
    [projection] the embeddings' projection
    [logits] the fewest rows of logits
    [feed-forward] a feed-forward matrix
   *[attention] the query, key and value matrix
} take { NUMBER($needs, maximumFractionDigits: 1) } MiB, a binding may be { NUMBER($max, maximumFractionDigits: 1) } MiB
    .help = lower vocab_size, max_positions, embedding_size, hidden_size or ffn_size
rows-exceed-binding = batch = { $batch }: an activation takes { NUMBER($needs, maximumFractionDigits: 1) } MiB, a binding may be { NUMBER($max, maximumFractionDigits: 1) } MiB
help-narrower = lower seq_len, hidden_size or ffn_size
help-smaller-pieces = the same rows in smaller pieces: --set batch={ $rows } --set accumulate={ $pieces }

## Devices.
no-adapter = no GPU adapter (Vulkan, Metal, DX12 or WebGPU) was found
    .help = install the graphics driver, or use --device cpu
no-adapter-of-name-nor-any = no adapter's name contains "{ $name }"
    .help = there is no adapter here; use --device cpu
no-adapter-of-name = no adapter's name contains "{ $name }"
    .help = use auto, cpu, gpu or a part of one of these names: { $names }
plan-exceeds-memory = the plan needs { $needs } of device memory, more than is free
plan-rejected = the plan was rejected: { $detail }
buffer-too-large = buffer { $label } needs { $needs }, the device allows { $max } a buffer
no-threads = the system gives this program no thread: { $detail }
    .help = raise the limit of processes (ulimit -u, or the container's) or of memory (ulimit -v), or end other programs
no-more-memory = the system gives this program no more memory
    .help = raise the limit (ulimit -v, ulimit -d, or the container's), end other programs, or use a smaller preset or fewer rows at once (--set batch=N); the checkpoints that a run has kept are whole
memory-too-small = { NUMBER($needs, maximumFractionDigits: 1) } MiB of memory are needed, and { $limit } leaves { NUMBER($left, maximumFractionDigits: 1) } MiB
rows-exceed-memory = batch = { $batch }: { $why }
memory-refused = { NUMBER($needs, maximumFractionDigits: 1) } MiB of memory are needed, and the system refuses them
help-less-memory = raise the limit, or use a smaller preset or fewer rows at once (--set batch=N, with accumulate for the rest); electroscope info tells what each preset needs
limit-address-space = the limit of the address space (ulimit -v)
limit-data = the limit of data (ulimit -d)
limit-control-group = the control group (of a container, a service or a job)
limit-machine = the machine
help-smaller = use a smaller preset, fewer rows a step (--set batch=N, with accumulate for the rest), or --device cpu
help-after-loss = the last checkpoint is whole: continue with --resume, or with --device cpu
no-such-experiment = there is no experiment `{ $value }`
    .help = set it to { $known }, or not at all
adapter-gives-no-device = it gives no device: { $detail }
    .help = update the graphics driver, or use --device cpu
device-stopped-answering = the device stopped answering
device-lost = the device was lost ({ $detail })
device-out-of-memory = the device ran out of memory
device-errors = { $detail }
shader-rejected = the shader was rejected: { $detail }
no-memory-to-compile = out of memory while compiling
variant-not-offered = the variant needs { $what ->
    [f16] f16
    [subgroups] subgroups
    [matrices] cooperative matrices
   *[native] a device outside of a browser
}, which the device does not offer
    .help = train with --retune, or drop this choice from the run's state.json
no-thread-for-gpu = cannot start the thread that waits for the GPU: { $detail }
binding-too-large = { $label }: { $tensor } needs { $needs }, the device allows { $max } a binding
too-many-bindings = { $label } binds { $slots } storage buffers, the device allows { $max }

## Networks in Hugging Face's layout.
not-electra-configuration = not a readable ELECTRA configuration: { $detail }
    .help = config.json as transformers' save_pretrained writes it is expected
model-type-not-electra = model_type is { $found }, not "electra"
    .help = only ELECTRA networks are read: BERT, RoBERTa and others have other tensors
activation-not-gelu = hidden_act is { $found }; only "gelu" (exact, by erf) is computed
positions-not-absolute = position_embedding_type is { $found }; only "absolute" is computed
not-bidirectional = { $name } is true; only bidirectional encoders are read
weights-quantised = the weights are quantised (quantization_config is set)
    .help = save the network in float32 or float16 first
size-out-of-range = { $name } is { $size }; it must lie between 1 and { $max }
hub-heads-do-not-divide = hidden_size = { $hidden } does not split into num_attention_heads = { $heads }
padding-outside-vocabulary = pad_token_id = { $id } lies outside the vocabulary of { COUNT($entries) }
rate-out-of-range = { $name } is { $rate }; it must be at least 0 and below 1
epsilon-out-of-range = layer_norm_eps is { $value }; it must lie between 1e-37 and 1
initializer-range-negative = initializer_range is { $value }; it must be at least 0
help-hub-folder = a Hugging Face ELECTRA folder holds config.json and model.safetensors
folder-occupied = the folder already holds something
    .help = choose a folder that does not exist yet, or empty it first
not-one-network = not one ELECTRA network with its head: { $what }
tensors-of-both-heads = both heads are in one folder
tensors-of-discriminator = this is a discriminator (ElectraForPreTraining)
tensors-of-generator = this is a generator (ElectraForMaskedLM)
tensors-of-classifier = this is a fine-tuned classifier, whose pre-training head is gone
tensors-of-answerer = this is a fine-tuned question answerer, whose pre-training head is gone
tensors-of-encoder = this is a bare encoder (ElectraModel), saved without a head
tensors-of-several = there are several networks in one file, named { $prefixes }
tensors-of-adapter = this is an adapter (such as LoRA), to be merged into its network and saved as a whole first
tensors-of-quantised = these weights are quantised, and must be saved as floating-point numbers first
tensors-of-optimizer = this is the state of an optimizer
tensors-of-other-model = these are tensors of the model { $model }
tensors-of-something-else = these are not the tensors of an ELECTRA network
tensors-do-not-fit = not the tensors of this { $network }: { $mismatch }
tensors-of-another-network = not the tensors of an ELECTRA { $network } ({ $architecture }): { $mismatch }
help-sizes-in-config = config.json and the weights do not belong together; check the sizes in config.json
help-head-missing = { $what }; the head { $head }* is missing
tensors-missing = { COUNT($count) } missing: { $names }{ $more ->
    [0] { "" }
   *[other] { " and " }{ COUNT($more) } more
}
tensors-unexpected = { COUNT($count) } unexpected: { $names }{ $more ->
    [0] { "" }
   *[other] { " and " }{ COUNT($more) } more
}
tensors-of-other-shape = { COUNT($count) } of another shape: { $names }{ $more ->
    [0] { "" }
   *[other] { " and " }{ COUNT($more) } more
}
tensor-of-other-shape = { $name } is { $is }, expected { $expected }
weights-not-safetensors = the weights are in { $file }; only safetensors files are read
    .help = convert them once: { $command }
no-weights = there is no { $file }
shards-unreadable = not a readable list of shards: { $detail }
shard-name-not-plain = the shard { $name } is not a plain file name
tensor-twice = the tensor { $name } is there twice
no-such-tensor = there is no tensor { $name }
tensor-not-finite = number { COUNT($at) } of tensor { $name } is { $value }
    .help = the network was saved after its training had failed: use an earlier checkpoint
cannot-read-tensors-file = cannot read the file: { $detail }
cannot-read-tensor = cannot read tensor { $name }: { $detail }
tensor-not-floats = tensor { $name } has type { $type }; F32, F16, BF16 or F64 is needed
    .help = save the network in float32 or float16 first
tensor-not-whole-numbers = tensor { $name } has type { $type }; whole numbers are needed
safetensors-damaged = not a whole safetensors file: { $why }
    .help = copy or download the file again
header-missing = the file has { COUNT($held) } bytes, too few for a safetensors header
header-too-long = its header claims { COUNT($claimed) } bytes, the file has { COUNT($held) }
header-unreadable = its header cannot be read: { $detail }
header-of-other-length = its header describes { COUNT($claimed) } bytes of tensors, the file holds { COUNT($held) }
cannot-write-file = cannot write the file: { $detail }
no-main-network = the checkpoint holds no main network
no-network-folder = there is no folder { $folder }/
    .help = both networks are needed: a folder with discriminator/ and generator/, each as transformers saves it
networks-differ-in-size = the networks have different { $size ->
    [vocab_size] vocabularies
    [embedding_size] embedding sizes
    [max_position_embeddings] numbers of positions
   *[type_vocab_size] numbers of segments
} ({ $size }): discriminator { $discriminator }, generator { $generator }
    .help = the two share their embeddings: take both from one training
objective-trains-others = the objective trains { $want }, and here is { $have }
network-called = { $name }
head-too-large = attention heads of { $channels } channels; at most { $most }

## Runs and their checkpoints.
help-resume-before = resume from the one before it with: electroscope train --resume={ $before } --out { $run }
help-no-whole-checkpoint = no whole checkpoint is left in this run: start a new one with another --out
no-such-checkpoint = there is no checkpoint of step { $step }
    .help = { $count ->
        [0] it has none
       *[other] it has { $steps }
    }
not-a-runs-folder = not a run's folder: it has no checkpoints/
    .help = give a folder that electroscope train made
run-without-checkpoint = the run has no checkpoint yet
    .help = a run writes one at its end, with --stop-after, and every so many steps
not-a-moment = { $name } is neither m.NAME nor v.NAME
file-missing = a file of its checkpoint is missing
file-of-other-length = the file has { COUNT($held) } bytes, its checkpoint wrote { COUNT($wrote) }
file-of-other-content = its content is not what its checkpoint wrote (SHA-256 differs)
state-of-other-step = its state is of step { COUNT($step) }
checkpoints-keep-changing = its checkpoints keep changing while they are read
    .help = try again
not-the-optimizers-moments = not the optimizer's { $which } of these networks: { $mismatch }
statistics-of-another-vocabulary = the counts of tokens are not of a vocabulary of { $vocab } tokens
state-unreadable = the state cannot be read: { $detail }
checkpoint-is-newer = the checkpoint has format_version { $version }; this Electroscope reads up to { $known }
    .help = it was written by a newer Electroscope: update this one
file-outside-checkpoint = it lists { $name }, which lies outside its checkpoint
folder-in-use = another Electroscope is training in this folder
    .help = wait for it or stop it, or choose another folder with --out
folder-in-use-by = another Electroscope (process { $process }) is training in this folder
    .help = wait for it or stop it, or choose another folder with --out
help-look-without-play = wait for it or stop it; without --play the app shows the run as far as it has come
folder-holds-a-run = the folder already holds a run
help-resume-or-other-folder = continue it with: electroscope train --resume --out { $run }; or choose another folder with --out
help-remove-or-other-folder = it has no checkpoint to go on from: remove it, or choose another folder with --out
run-name-taken = a run of this name is kept already
    .help = choose another name, or resume it
run-in-use = another training is under way in this run
    .help = wait for it or stop it, or choose another name
no-such-text = there is no text of this name
    .help = give the name of a text that was added
no-such-run = there is no such run
    .help = start it without --resume
neither-run-nor-model = neither a run nor an ELECTRA model
    .help = expected: a run's folder (with checkpoints/), a folder with discriminator/ and generator/, or a Hugging Face ELECTRA folder (with config.json and model.safetensors)
wrong-network-here = there is only a { $found } here, and a { $wanted } is needed
    .help = give a run, a folder with discriminator/ and generator/, or an { $architecture } folder
file-in-place-of-folder = a folder is needed, this is a file
    .help = give the folder that holds it
no-such-folder = there is no such folder
help-download-first = check the path; a model of the Hugging Face hub is downloaded first: hf download { $model } --local-dir { $folder }
stopped-as-asked = stopped, as asked
one-segment-known = packing = segments fills rows in two segments, and these networks know one (type_vocab_size = 1)
    .help = train them with --set packing=contiguous
gradient-not-finite = step { COUNT($step) }: the gradient is not finite; { $culprit }. No weight was changed by it
non-finite-first-in = first in { $tensor } in { $kernel } (dispatch { $dispatch })
non-finite-sum = each of its values is finite, but the sum of their squares overflows
non-finite-on-device = its replay on the processor stayed finite: the device's own result is at fault
networks-not-finite-after = after step { COUNT($step) } what the networks say is not finite
help-lower-rate = start a new run with a lower rate: --set lr={ $lr }
help-lower-rate-or-init = start a new run with a lower rate: --set lr={ $lr }; --init { $run } starts from its last checkpoint's weights
choices-not-json = no JSON: { $detail }
choices-not-an-object = want an object of kernels and variants: { $detail }
no-such-kernel = there is no kernel "{ $kernel }"
no-such-variant = { $kernel } has no variant "{ $variant }", only { $names }
help-kernels-file = --kernels takes a run's checkpoints/.../state.json, or a file that `electroscope info` names

## What is typed.
no-mask-in-text = there is no { $mask } in { $text }
    .help = write { $mask } where a word is to be filled in, for example "the { $mask } sat"
text-exceeds-positions = { COUNT($tokens) } tokens with [CLS] and [SEP]; the model has { COUNT($positions) } positions
    .help = corrupt shows one row: give it a shorter text
no-word-to-hide = there is no word to hide in { $text }
no-room-between-specials = { COUNT($positions) } positions leave no room for a token between [CLS] and [SEP]
tokenizer-of-another-model = the tokenizer has { COUNT($entries) } entries, the network { COUNT($vocab) }
    .help = the tokenizer's files belong to another model
lies-in-no-folder = it lies in no folder
no-tokenizer-files = there are no tokenizer files here
engine-not-in-build = the engine { $name } is not in this build
help-build-with-burn = build with --features burn to use it, or leave it away for the handwritten kernels
help-engines = the engines are wgsl and burn
burn-trains-in-f32 = precision = f16: the Burn engine trains in f32
    .help = leave it at f32 (--set precision=f32), or train elsewhere: electroscope info tells which adapters offer f16
adapter-without-f16 = precision = f16: { $adapter } does not offer shader-f16
    .help = leave it at f32 (--set precision=f32), or train elsewhere: electroscope info tells which adapters offer f16
not-an-event = not an event: { $detail }
    .help = the log was changed or damaged: remove this line, or the file if only its curves are lost
display-lost = the display is gone, and with it the window. A run that was under way has kept its last step
    .help = continue it with: electroscope train --resume
window-died = the window died of a fault of its own. A run that was under way has kept its last step: { $detail }
run-folder-gone = the run's folder was removed or moved away. It is made again, without the checkpoints that were in it
memory-refuses = { $what }: it is refused, as in a rehearsal
memory-was-full = memory could not hold them
record-lacks =
    { $what } lacks { COUNT($count) } events:
    { "" }  { $error }
lost-both =
    { $first }
    { "" }  { $second }
report-lost =
    the report is not written:
    { "" }  { $error }
run-not-all-written =
    the run has ended well, but not everything could be written:
    { "" }  { $lost }
    { "" }  { $safe }
run-failed-and-lost =
    { $error }
    { "" }  besides, not everything could be written:
    { "" }  { $lost }
steps-lost =
    { $error }
    { "" }  steps { COUNT($first) } to { COUNT($last) } are lost; { $safe }
output-lost = standard output lacks events of the run ({ COUNT($count) }): { $detail }
output-unread = its reader takes no more
cannot-write-results = cannot write the results: { $detail }
result-not-json = a result cannot be written as JSON: { $detail }
comparisons-failed = { COUNT($failed) } of { COUNT($comparisons) } comparisons failed { $kind ->
    [graphics] on this graphics device
    [software] on this driver, which computes on the processor
   *[processor] on the processor
}
help-verify-f16 = only 16-bit storage cannot be trusted here: train with --set precision=f32, and report the lines above
help-verify-device = the numbers of this device cannot be trusted: train with --device cpu, and report the lines above
help-verify-processor = if only a fixture failed, check where its numbers come from; otherwise train with another build or on another machine; report the lines above
numbers-not-json = the numbers cannot be written as JSON: { $detail }
no-text-given = there is no text
    .help = give it as an argument, or one a line on standard input
cannot-read-typed-text = cannot read the text: { $detail }
    .help = convert the text to UTF-8, for example with iconv
report-is-a-folder = --report wants a file, and this is a folder
    .help = name a file, such as bench.html
no-folder-for-report = there is no such folder for --report
    .help = name a file, such as bench.html

## The window.
empty-log = its log is empty
    .help = was the run ended before its first step?
no-path-typed = no path was typed
nothing-at-path = there is nothing at this path
    .help = check the path; relative paths start at the folder the program was started in
help-use-before = use the one before it: { $before }
resumed-run-keeps-configuration = a resumed run keeps its own configuration
    .help = leave --preset, --config, --set, --minutes, --level and --seed away; --steps may only extend its schedule; to train on with other settings start a new run with --init
minutes-out-of-range = --minutes wants a number above 0, at most { $most }
configuration-changed = { $key } = { $now }, where the run was trained with { $then }
    .help = put it back; to train on with other settings start a new run with --init
no-run-to-resume = there is no run to resume
    .help = name its folder with --out
run-is-finished = the run is finished: { COUNT($step) } of { COUNT($planned) } steps
    .help = extend it with: electroscope train --resume --out { $run } --steps N, with N above { $planned }; or start a new run from its networks with --init { $run }
run-is-further = the run has taken { COUNT($step) } steps already
    .help = give a later --stop-after
state-lacks-key = its state.json has no readable { $key }: { $detail }
another-tokenizer = the tokenizer is not the one this run was trained on
another-corpus = the corpus is not the one this run was trained on
init-with-another-tokenizer = the networks have a vocabulary of { COUNT($vocab) }, the tokenizer { COUNT($have) }
    .help = the tokenizer must be the one the networks were trained with: it lies in the folder of --init, and --tokenizer is not needed
init-with-fewer-positions = seq_len = { $seq_len } exceeds the networks' { COUNT($positions) } positions
    .help = --set seq_len={ $positions }
help-same-text = resume with the same --corpus and --valid; on other text start a new run with --init
help-name-text = name the text to judge with --corpus
networks-not-finite = what the networks say is not finite: the run left the numbers
    .help = start a new run with a lower rate: --set lr=...
no-word-to-hold-out = there is no word in the text to hold out
    .help = give a file with text in it, or leave it away: then a part of the corpus is held out
no-text-chosen = no text is chosen
    .help = add a file or a folder, or take the built-in text
seed-not-whole = seed = { $value }: want a whole number, 0 or more
steps-not-whole = steps = { $value }: want a whole number above 0
work-ended = this work ended without a result, through a mistake of this program
reader-ended = the model's reader ended
cannot-write-picture = cannot write the picture: { $detail }
cannot-open-window = the window cannot be opened: { $detail }
no-x11-display = no X11 display: the app draws through XWayland, and DISPLAY is not set
no-display = no display: there is no screen to open a window on
help-train-without-window = train from the command line instead: electroscope train; then open the run's report.html in a browser
recording-damaged = the recorded run is damaged: { $detail }
cannot-pack-recording = cannot pack the recording: { $detail }
no-trainer-thread = cannot start the trainer's thread: { $detail }
trainer-died = the trainer stopped in the middle of its work, through a mistake of this program
    .help = the last checkpoint is safe: resume from it

## Checks, and the engine they check.
not-recorded-for-training = the model was not recorded for training
no-network-here = there is no network here
not-a-fixture = not the numbers of a fixture: { $detail }
batch-lacks = the batch has no { $name }
ids-not-rows-of-tokens = input_ids is not rows × tokens
fixture-without-step = expected.json lists no step
outputs-missing = the step's outputs did not come back
fixture-of-other-networks = the fixture lists { $name }, which networks of these sizes do not have
fixture-of-other-shape = { $name }: { $computed } computed, { $stored } in the fixture
burn-refuses-device = Burn does not take the device: { $detail }
    .help = use --device cpu, or leave --engine burn away
burn-failed = Burn failed: { $detail }
burn-without-pass = Burn has run no pass yet
burn-lacks = the Burn engine holds no { $tensor }

## Wrong usage of the command line.
usage-argument-unknown = unexpected argument '{ $argument }' found
usage-command-unknown = unrecognized command '{ $command }'
usage-arguments-missing = these required arguments were not given: { $arguments }
usage-argument-twice = the argument '{ $argument }' is given more than once
usage-arguments-conflict = the argument '{ $argument }' cannot be used with { $other }
usage-value-unknown = invalid value '{ $value }' for '{ $argument }'
usage-value-missing = a value is required for '{ $argument }' but none was supplied
usage-value-refused = invalid value '{ $value }' for '{ $argument }': { $why }
help-similar = similar: '{ $similar }'
help-possible-values = possible values: { $known }
usage-name-is-empty = an empty name
usage-not-a-count = want a whole number above 0
usage-not-a-seed = want a whole number from 0 to { $most }
usage-not-above-zero = want a number above 0
usage-not-a-share = want a number from 0 to 1
usage-not-a-number-of-threads = want a number from 1 to { $most }
usage-no-run-yet = there is no run in { $folder } yet: train one first
usage-not-a-panel = want one of { $known }
usage-not-a-kernel = want a kernel's name, such as attention.forward
usage-not-a-size = want WxH, such as 1280x800, from 200 to 8192

## Places that are told in words.
at-byte = { $file }, at byte { COUNT($byte) }
at-byte-decompressed = { $file }, at byte { COUNT($byte) } of the decompressed text
at-byte-converted = { $file }, at byte { COUNT($byte) } of the text as UTF-8
at-line = { $file }, line { COUNT($line) }
at-row = { $file }, row { COUNT($row) }
at-standard-output = standard output
at-standard-input = standard input, line { COUNT($line) }
at-data-cursor = data cursor
