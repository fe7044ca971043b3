verdicts-heading = Verdicts
verdicts-none = No evaluation on held-out text yet. Press “Train”: what the judge caught and missed is counted here after the first one.
verdicts-none-replaying = The recording has not come to its first evaluation on held-out text yet.
verdicts-none-live = No evaluation on held-out text yet. One comes by itself; “Evaluate now” does not wait for it.
verdicts-evaluate = Evaluate now
verdicts-no-counts = This evaluation was recorded without its counts.
verdicts-held-out = Held-out text is kept out of training: what the judge says of it, it cannot have learned by heart.
verdicts-summary = The generator's own words in held-out text, step { $step }: { $tokens ->
    [one] { $tokens } token
   *[other] { $tokens } tokens
}, { $replaced } replaced
verdicts-context = Does the judge know context?
verdicts-context-swaps = In { $swaps } held-out places one word was swapped for another of its kind. The judge catches { $caught } of the swapped words and flags { $alarms } of the right ones. Shown one word in a wrong place and in its right one, it tells which is which { $times } times in 100 (50 is guessing).
verdicts-context-why = The AUC below does not tell this. A judge can get 0.95 by knowing which kinds of words the generator replaces, without reading what stands around them. Here every word stands as often in a wrong place as in a right one, so only context helps.
verdicts-context-parts = By kind of word
verdicts-context-part = { $part } ({ $swaps })
verdicts-swaps-axis = The bar goes from guessing (0.50) to perfect (1.00). The percentage is the share of swapped words that the judge caught.
verdicts-context-rules = { $ceiling } of the generator's replacements in new sentences are plainly wrong, and the judge caught { $caught } of those. The other { $fits } fit as well as the original, or their sentence does not show which word is wrong; of these it flagged { $flagged }.
verdicts-context-rules-all = Each of the generator's replacements in new sentences is plainly wrong, and the judge caught { $caught } of them.
verdicts-context-ceiling = A replacement is plainly wrong if it breaks a rule and its sentence cannot be mended without changing it. In the sentences of the others, no reader could be sure of the word.
verdicts-threshold = threshold
verdicts-fixed = Recorded at 0.5 only; in a live run the threshold moves.
verdicts-row-replaced = was replaced
verdicts-row-original = was original
verdicts-column-replaced = says: replaced
verdicts-column-original = says: original
verdicts-caught = caught
verdicts-missed = missed
verdicts-false-alarm = false alarm
verdicts-passed = rightly passed
verdicts-cell = { $kind }: { $count }, { $share } of the row
verdicts-cell-hint = Show some of these tokens in their text
verdicts-examples = Some tokens: { $kind }
verdicts-examples-none = Tokens in their text come with the evaluations of a live run.
verdicts-examples-empty = None of the kept tokens falls here at this threshold.
verdicts-in-place = in place of “{ $original }”
verdicts-lucky = masked, and guessed right
verdicts-rates = On held-out text. Recall: { $recall } of the replaced tokens are caught. Precision: { $precision } of the alarms are right.
verdicts-accuracy = Accuracy { $accuracy }. Always saying “original”, without reading, gets { $base }: the upright line.
verdicts-harder = At step { $step } it was { $replaced }. The generator has improved: fewer words are replaced, and they are harder to find.
verdicts-roc = ROC on held-out text, AUC { $auc }
verdicts-roc-axes = recall, over the share of originals that raise a false alarm; dashed: guessing
verdicts-pr = Precision and recall, held-out text
verdicts-pr-axes = precision, over recall; dashed: the base rate
verdicts-reliability = Reliability on held-out text, error { $error }
verdicts-reliability-axes = share truly replaced, over the chance the judge gave; dashed: it means what it says
verdicts-bin = { $tokens ->
    [one] { $tokens } token
   *[other] { $tokens } tokens
}: the judge said { $said } on average, { $share } were replaced
