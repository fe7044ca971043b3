verdicts-heading = Verdicts
verdicts-none = No evaluation on held-out text yet. Press “Train”: what the judge caught and missed is counted here after the first one.
verdicts-none-live = No evaluation on held-out text yet. One comes by itself; “Evaluate now” does not wait for it.
verdicts-evaluate = Evaluate now
verdicts-no-counts = This evaluation was recorded without its counts.
verdicts-held-out = Held-out text is kept out of training: what the judge says of it, it cannot have learned by heart.
verdicts-summary = Held-out text, step { $step }: { $tokens ->
    [one] { $tokens } token
   *[other] { $tokens } tokens
}, { $replaced } replaced
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
