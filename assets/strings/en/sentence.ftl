sentence-heading = Your sentence
sentence-example = the loyal dog gnaws the bone in the kennel.
sentence-label = Type a sentence; the judge reads it with the weights of the run that is shown.
sentence-hint = a sentence of your own
sentence-empty = Type a sentence above.
sentence-offers = Try one from the text that was kept out of training:
sentence-spoil = Spoil it: “{ $wrong }” for “{ $right }”
sentence-offers-own = Try one from your text, from the part that was kept out of training:
sentence-suspect = “{ $word }” ({ $p })
sentence-suspects = The judge takes for replaced: { $words }.
sentence-suspects-none = The judge takes no word for replaced; it doubts { $most } most.
sentence-waiting = The judge is reading it.
sentence-train = Train
sentence-judged-at = Judged after step { $step }.
sentence-truncated = Its end is longer than a row and is left out.
sentence-click = Click a word to hide it or to put another in its place.
sentence-row-text = your text
sentence-chosen = “{ $word }”:
sentence-hide = Hide it
sentence-hide-hint = The generator does not see the word and says what it would write. The judge still reads yours.
sentence-draw = Let the generator choose
sentence-draw-again = Draw again
sentence-draw-hint = The word is hidden, and what the generator draws is written in its place.
sentence-swap-label = or
sentence-swap = Swap
sentence-back = Put it back
sentence-proposals = The generator would write
sentence-game = Fool the judge: swap a word so that it takes yours for the original.
sentence-score = { $judged ->
    [one] Fooled the judge: { $fooled } of { $judged } swap.
   *[other] Fooled the judge: { $fooled } of { $judged } swaps.
}
sentence-best = Best: “{ $word }” for “{ $original }”, p(replaced) only { $p }.
sentence-word = “{ $word }”, judge { $p } replaced
sentence-word-hidden = “{ $word }”, hidden from the generator, judge { $p } replaced
sentence-word-swapped = “{ $word }” in place of “{ $original }”, judge { $p } replaced
