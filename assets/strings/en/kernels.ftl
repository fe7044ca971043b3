kernels-heading = Kernels
kernels-lesson = A training step is a list of small programs, kernels, run one after the other over tables of numbers. This is the whole list: nothing else happens.
kernels-none = Press “Train”: every kernel of the step is listed here, with its source beside it.
kernels-none-kept = Press “Measure”: every kernel of the step is listed here with its time and its source. The weights stay as they are.
kernels-summary = One training step of this run is { $dispatches } dispatches on { $device }; the run holds { $memory } of memory at its fullest.
kernels-whole = One step of this run on { $device }: { $dispatches } dispatches, at least { $bytes } moved, { $flops }. Another device may cut the same work into another number of dispatches.
kernels-measured = Timed at step { $step } of this run over { $steps ->
    [one] { $steps } step
   *[other] { $steps } steps
}, by { $clock }: { $time } a step.
kernels-clock-timestamps = the device's own timestamps
kernels-clock-processor = the processor's clock
kernels-roofs = The device at its best, measured too: { $copy } GB/s copying in memory (caches are faster), { $product } GFLOP/s in a large matrix product.
kernels-measure = Measure
kernels-measure-hint = Times the next steps kernel by kernel. They train as any others, a little slower.
kernels-measure-live = No weights are at hand to time it with: press “Train” first.
kernels-measuring = Measuring…
kernels-order-step = In order
kernels-order-kernel = By kernel
kernels-stage-time = { $dispatches ->
    [one] { $dispatches } dispatch
   *[other] { $dispatches } dispatches
} · { $share } of the time
kernels-stage-flops = { $dispatches ->
    [one] { $dispatches } dispatch
   *[other] { $dispatches } dispatches
} · { $share } of the arithmetic
kernels-times = { $count ->
    [one] { $count } time
   *[other] { $count } times
} a step
kernels-launch = { $workgroups } workgroups; variant “{ $variant }”{ $runs ->
    [one] .
   *[other] ; runs { $runs } times a step.
}
kernels-heaviest = The heaviest of the { $count }:
kernels-reads = reads
kernels-writes = writes
kernels-reads-writes = reads and writes
kernels-of-copy = { $reached } GB/s: { $share } of what copying reaches
kernels-of-product = { $reached } GFLOP/s: { $share } of what a large matrix product reaches
kernels-no-source = This kernel has no source here.
kernels-wgsl = Shader (WGSL), for the GPU
kernels-rust = Its twin (Rust), for the processor
kernels-copy = Copy
kernels-whole-text = All { $lines } lines
kernels-page = Only the kernel's own page
kernels-copy-hint = Copy the source of { $kernel }
kernels-stage-mask = Mask
kernels-stage-propose = Propose
kernels-stage-replace = Replace
kernels-stage-judge = Judge
kernels-stage-backward = Backward
kernels-stage-update = Update
kernels-stage-other = Beside the step
kernels-about-stage-mask = The batch arrives with some tokens hidden; the gradients of the step before are wiped.
kernels-about-stage-propose = The generator, a small transformer, reads the masked text and draws a token for each hidden place.
kernels-about-stage-replace = The drawn tokens are written into the text. What differs from the original is what the judge must find.
kernels-about-stage-judge = The discriminator, the transformer that is kept, reads every token and says: original or replaced?
kernels-about-stage-backward = Both losses travel back through all layers: each weight learns which way would have been better. It costs about twice the way forward.
kernels-about-stage-update = The gradient is measured, clipped, and moves every weight a little.
kernels-about-stage-other = Runs beside the training step.
kernels-about-attention-forward = Self-attention: every token compares its query with every key, a softmax turns the scores into shares, and the token takes that mix of the values. The only place where tokens look at each other.
kernels-about-attention-backward = The gradient of queries, keys and values: who looked learns from what was seen, and whoever was looked at from all who looked. Scores are computed again rather than kept: a table of all pairs of tokens would cost more memory than time.
kernels-about-corrupt-replace = Writes the drawn tokens into the text and labels what differs from the original. A lucky guess is no fake: it counts as original. No gradient passes here, which is why this is no GAN.
kernels-about-embed-forward = Looks up each token's row in the embedding table and adds the row of its position: words become vectors, the only numbers the network ever sees.
kernels-about-embed-backward-word = Gives each word's row the sum of the gradients of all places where the word stood.
kernels-about-embed-backward-position = The same for the table of positions: one row for each place in a text.
kernels-about-embed-backward-type = Part of the gradient of the segment table, which tells a first text from a second.
kernels-about-cast-narrow = Copies the weights in half the bytes, for the products to read.
kernels-about-fill-zero = Wipes a table: a step's gradients start from nothing.
kernels-about-gather-forward = Picks out the vectors of the hidden places: the generator is graded nowhere else.
kernels-about-gather-backward = Puts the gradients of the hidden places back where they came from, and nothing elsewhere.
kernels-about-gelu-backward = Passes the gradient through the GELU, where no matrix product is there to carry it.
kernels-about-layernorm-forward = Brings each token's vector to mean 0 and variance 1, then scales and shifts it with learned weights, so that no layer drowns the others.
kernels-about-layernorm-forward-residual = Adds a sublayer's result to what went into it, the residual path, then normalises: a layer only has to learn a correction.
kernels-about-layernorm-backward = Passes the gradient through a normalisation, and sums, over blocks of tokens, how its own scale and shift should change.
kernels-about-layernorm-backward-residual = Passes the gradient through normalisation and residual join: it goes on along both paths, undiminished along the short one. Scale and shift get theirs, summed over blocks of tokens.
kernels-about-matmul-forward = A linear layer: every output is a weighted sum of all inputs, plus a bias. Nearly all of a transformer's arithmetic is this.
kernels-about-matmul-forward-gelu = A linear layer and its activation in one go: the wide half of the feed-forward block. Without the GELU's bend, all layers together would be one matrix.
kernels-about-matmul-backward-input = Takes the gradient back through a linear layer to what went in: the same weights, read the other way.
kernels-about-matmul-backward-input-partial = Back through a linear layer, over a part of its outputs: sums over a whole vocabulary are cut this way so that all of the device has work.
kernels-about-matmul-backward-input-add = Back through a linear layer, added to a gradient that came to the same place by another path.
kernels-about-matmul-backward-input-gelu = Back through the second half of the feed-forward block and through the GELU before it, in one go.
kernels-about-matmul-backward-weight = The gradient of a weight matrix: for every weight, what came in times what should change behind it, summed over all tokens of the batch. The bias gets its sum on the way.
kernels-about-matmul-backward-weight-partial = The same over a part of the tokens: small matrices are cut this way so that the whole device has work.
kernels-about-optimizer-norm-partial = Squares and sums a block of the gradient: part of its length.
kernels-about-optimizer-norm-finish = The gradient's length, by which it is clipped. If it is not a number, every later update is stopped before it can spoil the weights.
kernels-about-optimizer-adamw = AdamW: every weight moves against the mean of its recent gradients, divided by their usual size, and shrinks a little.
kernels-about-reduce-rows-sum = Joins the parts of a sum that was cut into pieces, in a fixed order.
kernels-about-reduce-rows-add = Adds up what was summed block by block, in a fixed order: sums of rounded numbers depend on their order, and a run has to repeat to the bit.
kernels-about-reduce-rows-add-pair = The same for two gradients at once: a weight and its bias, or a normalisation's scale and shift.
kernels-about-reduce-rows-add-pairs = The same for two such pairs that have nothing to do with each other: one launch costs less than two.
kernels-about-rtd-loss = The judge's loss at every token, original or replaced, and its gradient. Here ELECTRA learns from all tokens, where a masked language model learns from 15%.
kernels-about-vocab-forward = The generator's softmax over the whole vocabulary: its loss, and one token drawn by these chances, which is what the judge will read.
kernels-about-vocab-backward = The gradient of that softmax: every word's chance, less one for the right word.
