# The page about a run: report.html. The words of its script are in page.ftl.

report-skip = Skip to the curves
report-portuguese = (português)
report-made-by = Made by Electroscope from metrics.jsonl. This page stands alone: it loads nothing.

## The result in a sentence, and what was trained.
report-unmeasured = This run has not measured anything yet
report-auc = Shown a replaced token and an original one, the judge tells which is which <em>{ $times } times in 100</em>
report-swaps = Shown one word in a wrong place and in its right one, the judge tells which is which <em>{ $times } times in 100</em>
report-swaps-how = In { $swaps } held-out places one word was swapped for another of its kind. The judge caught { $caught } of the swapped words and flagged { $alarms } of the right ones. Every word stands as often in a wrong place as in a right one, so a judge that does not read what stands around it tells them apart 50 times in 100.
report-nats = The generator guesses hidden words at <em>{ $loss } nats</em> a token
report-no-loss = This run gave no loss to report
report-trained = A { $preset } ELECTRA ({ $parameters } parameters) learnt from { $tokens } tokens of “{ $corpus }”: { $steps } steps{ $time }{ $device }.
report-trained-time = in { $time }
report-trained-device = on { $device }
report-accuracy = That figure is the AUC, { $auc }: a coin gets 0.50, a perfect judge 1.00. Accuracy says less: { $share } of the tokens were replaced, so always answering the commoner of the two is right for { $blind } of them. The judge is right for { $accuracy }.
report-auc-says-less = The AUC over all tokens, { $auc }, says less: a coin gets 0.50, but so much can come from knowing which words the generator often replaces. Accuracy says least: { $share } of the tokens were replaced, so always answering the commoner of the two is right for { $blind } of them. The judge is right for { $accuracy }.

## Where the run stands.
report-completed = Schedule completed
report-failed = Failed:
report-stopped = Stopped at step { $place }; --resume goes on from here
report-unfinished = Not finished when this was written: step { $place }
report-step-of-planned = { $step } of { $planned }
report-warnings = What to look into
report-warning-step = Step { $step }

## Four numbers, each beside what it has to beat.
report-cards = How well it sees
report-cards-training = On the last training step.
report-cards-held-out = On held-out text, with fixed masks and replacements drawn by the generator as it is now.
report-card-auc = Judge: AUC
report-card-auc-scale = chance is 0.50 (the mark), perfect is 1.00
report-card-swaps = Judge: swapped words
report-card-swaps-caught = one word in a wrong place against its right one: chance is 0.50 (the mark); it catches { $caught } of the wrong ones
report-card-judge = Judge: loss
report-card-judge-below = { $by } below { $bound }, what knowing only the base rate gives
report-card-judge-above = { $by } above { $bound }, what knowing only the base rate gives
report-card-generator = Generator: loss
report-card-generator-alone = nats a masked token
report-card-generator-bound = nats a token; counting words alone gives { $bound }
report-card-generator-hits = ; { $hits } of its samples are the original
report-card-caught = Judge: caught
report-card-caught-right = of the replaced tokens; when it raises a flag it is right { $right } of the time
report-card-caught-none = of the replaced tokens: it flags nothing yet

## What the script fills in.
report-no-script = The curves and snapshots need JavaScript; the numbers behind them are in the tables below.
report-readouts = What the judge says, word by word
report-readouts-about = The generator fills masked places of these sentences; the judge then reads every token. Move through the training and pick a token.
report-curves = Curves
report-curves-about = Thin: each step as measured. Thick: the mean of the steps around it. Diamonds: held-out text. Point at a curve, or use the arrow keys on it; click to send the sentences above to that step.
report-verdicts = Right and wrong
report-verdicts-about = The last evaluation, at threshold one half. Padding and special tokens are not counted.
report-next = Try next

## Tables.
report-tables = The numbers behind the curves
report-table-held-out = Held-out text
report-table-training = Training steps
report-table-step = step
report-settings = Settings
report-fact-checkpoint = last checkpoint
report-fact-parameters = parameters
report-fact-judge = of the judge
report-fact-generator = of the generator
report-fact-rows = rows a step × tokens a row
report-fact-vocabulary = vocabulary
report-fact-unknown = unknown tokens
report-fact-dispatches = dispatches a step
report-fact-memory = peak memory
report-fact-arenas = arenas
report-fact-engine = engine
report-fact-seed = seed
report-fact-device = device
report-readouts-tests = In the last sentences no generator took part: the program itself swapped one word for another, as a test.
