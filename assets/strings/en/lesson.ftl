lesson-heading = Lesson
lesson-previous = Previous
lesson-next = Next
lesson-show = Show it
lesson-keys = Page Up and Page Down turn the pages.
lesson-page = Page { $number }: { $title }
lesson-page-done = Page { $number }: { $title }, done
lesson-progress = { $done } of 9 done
lesson-progress-short = { $done } of 9
lesson-show-hint = Bring the panel with what this page is about to the front
lesson-predict = Your prediction first
lesson-right = Right.
lesson-wrong = Not quite.
lesson-here = Here, now
lesson-1-title = Words become tokens
lesson-1-text =
    A network reads numbers, not letters. A tokenizer cuts the text into tokens from a fixed list, the vocabulary: common words whole, rare ones in pieces. Every token has a number, and behind the number stands a row of values that training changes.

    Each marked row is a sentence cut up in this way.
lesson-1-question = A word of the text is not in the vocabulary. What happens to it?
lesson-1-a = It is left out
lesson-1-b = It is cut into pieces that are in it
lesson-1-c = It becomes a new entry
lesson-1-answer = It is cut into pieces that are in the vocabulary, down to single letters; a joint under the text shows which pieces make one word. Only a word with a character that the vocabulary lacks becomes [UNK], the unknown.
lesson-1-live = The vocabulary has { $vocab } entries; the first sentence is { $tokens } tokens, made of { $words } words and punctuation marks.
lesson-2-title = Hide 15%
lesson-2-text =
    About 15% of the tokens are picked at random, and most of these are covered with [MASK]; in the paper 15 of 100 picked ones keep their word, because real text has no [MASK]. The task: guess the picked word from the words around it. Whoever can do that has learnt grammar, and something about the world.

    BERT is trained in this way, called masked language modelling (MLM). Its weak point is the number: only the hidden tokens teach it. About the others it is asked nothing.
lesson-2-question = A text has 128 tokens. At how many of them does such a model learn something in one step?
lesson-2-a = About 19
lesson-2-b = About 64
lesson-2-c = All 128
lesson-2-answer = About 19, which is 15% of 128. The network reads all of them, and computes for all of them, but for some 109 no answer is asked. Hiding many more would leave too little to guess from.
lesson-2-live = { $share } of the tokens are picked: about { $slots } of the { $tokens } that a step reads.
lesson-3-title = The generator guesses
lesson-3-text =
    A small network, the generator, gives every word of the vocabulary a probability for each hidden place. It is trained as BERT is (MLM), only smaller.

    It is small on purpose. Its words should pass at first sight, and yet be wrong often enough to leave something to find. In the paper a generator of a quarter to a half of the judge's size did best; a stronger one made the judge's task too hard.
lesson-3-question = What does the generator write into a hidden place?
lesson-3-a = Always its best guess
lesson-3-b = A word drawn by its probabilities
lesson-3-c = Any word, all equally likely
lesson-3-answer = A draw: a word with a probability of 60% is written about six times in ten, a word with 1% now and then. So the judge meets likely mistakes and odd ones, and not the same mistake every time.
lesson-3-live = For the hidden “{ $original }” its best guess is “{ $best }” with { $p }; it drew “{ $sampled }”.
lesson-3-odds = This run begins with simpler odds than the generator's (the setting “replacements”); the generator takes over once the judge can tell.
lesson-4-title = Swap them in
lesson-4-text =
    The drawn words are written into the text. What comes out has no gap and no [MASK]: a text like any other, with a few words that were not there before.

    This matters later. A model that was trained on text with [MASK] in it begins its real work on text that has none.
lesson-4-question = BERT reads [MASK] all through its training. How often does it meet one when it is used?
lesson-4-a = In 15% of the tokens, as before
lesson-4-b = Now and then
lesson-4-c = Never
lesson-4-answer = Never: nobody writes [MASK]. The paper measured what this mismatch costs. BERT with its gaps filled by a generator rose from 82.2 to 82.4 points on the GLUE tests: a small gain. The large one is on page 7.
lesson-4-live = Of the { $masked } tokens picked in the sentences shown, { $swapped } now read as another word.
lesson-5-title = The judge reads every token
lesson-5-text =
    The judge, or discriminator, reads the swapped text and gives every token one number: the chance that this word stands in place of another. Nobody tells it which places were hidden.

    The farther a chip's colour is from the background, the surer the judge is of a replacement. To be right it must know which words fit: by grammar, by meaning, and by what the rest of the text is about.
lesson-5-question = A lazy judge says “original” to everything. How many tokens does it get right?
lesson-5-a = About half
lesson-5-b = Most of them
lesson-5-c = None
lesson-5-answer = Most of them, because most tokens are originals. So a high share of right answers says little. Recall, the share of the replaced tokens that it finds, says more. AUC, the chance that a replaced token looks more suspicious than an original (0.5 is guessing), can deceive: who knows which words are often replaced gets up to 0.95. So “Verdicts” puts words in each other’s places: only who reads the rest can tell.
lesson-5-live = In the batch of step { $step }, { $replaced } of the tokens are replaced, so the lazy judge is right in { $lazy }. This one has an AUC of { $auc } there and finds { $recall } of the replaced.
lesson-5-swaps = At step { $step } this judge catches { $caught } of the swapped words in held-out sentences and takes { $alarms } of the right ones for replaced. It puts a word in a wrong place above the same word in its right place, { $times } times in 100.
lesson-6-title = A lucky guess is not a fake
lesson-6-text =
    Sometimes the generator draws exactly the word that was hidden. Then the text is what it was, and nobody could see from it that anything happened.

    In the strip such a word has an outlined box, and in the judge's row an equals sign: masked, but the original again.
lesson-6-question = The generator drew the original word. Which answer is the judge trained to give?
lesson-6-a = Original
lesson-6-b = Replaced: the generator wrote it
lesson-6-c = None: this place is left out
lesson-6-answer = Original. The judge is asked whether the text was changed, not who wrote it. Called a fake, the right word in the right place would teach it something false. The paper reports that this choice helps a little on the tasks that follow.
lesson-6-live = In the batch of step { $step }, { $lucky } of the generator's draws are the original word. The better it gets, the fewer replacements are left to find; so in the second half of the first run its draws become bolder (a higher temperature).
lesson-7-title = Loss on all tokens, not 15%
lesson-7-text =
    This is the heart of the method. The judge is asked about every token it reads, so every token teaches it: not 15% of them but all, from the same text and for little more work.

    The question is easier than finding one word among thousands, but it is asked almost seven times as often.
lesson-7-question = With its loss on all tokens, the paper's judge scores 85.0 on GLUE, a set of language tests. What does it score with a loss on the 15% alone?
lesson-7-a = 85.0, as before
lesson-7-b = 82.4
lesson-7-c = Less than 70
lesson-7-answer = 82.4, hardly more than BERT's 82.2. The judge and the replacements are the same; only the number of tokens it is asked about has changed. Most of the gain comes from there.
lesson-7-live = In a step the judge is asked about up to { $tokens } tokens, the generator about some { $slots }.
lesson-8-title = Not a GAN
lesson-8-text =
    A forger against an expert: that looks like a generative adversarial network. It is not one. The generator does not try to fool anyone. It learns to predict the hidden words, by maximum likelihood, and nothing else. The judge's loss never reaches the generator's layers: a drawn word is a choice, and no gradient passes through a choice.

    Both learn at the same time from the sum of their losses, and share one table of token embeddings.
lesson-8-question = Pre-training is over. What is kept for the tasks that follow?
lesson-8-a = Both networks
lesson-8-b = The generator
lesson-8-c = The judge
lesson-8-answer = The judge. The generator has done its work and is discarded; the judge gets a small new output layer and is fine-tuned: to classify sentences, find names, answer questions. The paper also trained a generator to fool the judge. It predicted 58% of the hidden words instead of 65%, and the judge learnt less from it.
lesson-8-live = The judge has { $judge } trained values and the generator { $generator }. They share { $shared } of them, the embeddings, so the run trains { $all } in all.
lesson-9-title = Same compute, five objectives
lesson-9-text =
    Does the gain come from the judge's question, from the missing [MASK], or from the number of tokens that teach? The paper gave five models the same amount of computation and changed one thing at a time.

    Replace MLM is BERT with a generator's words in the place of every [MASK]. ELECTRA 15% asks its judge only about the hidden tokens. All-Tokens MLM reads the swapped text and names the original word at every token, not only whether it was changed.

    GLUE is a collection of nine tests of understanding English text; its points go up to 100.
lesson-9-question = ELECTRA scores 85.0 on GLUE, BERT 82.2. What does All-Tokens MLM score?
lesson-9-a = At 82.4, close to BERT
lesson-9-b = At 84.3, close to ELECTRA
lesson-9-c = At 86.1, above both
lesson-9-answer = At 84.3. Learning from all tokens brings most of the gain, even with BERT's harder question. The rest is ELECTRA's own: its judge need not weigh a whole vocabulary at every place, so a network of the same size goes further.
lesson-9-live = This judge's AUC in the batch of step { $step }: { $auc }.
lesson-9-caution = GLUE points of models of base size (Clark et al. 2020, table 5). Networks as small as those in this window may rank differently.
lesson-9-chart = Points on GLUE at the same compute (bars begin at 80)
lesson-9-bar = { $name }: { $points }
lesson-end = All nine pages are done. Now put in words of your own, under “Your sentence”, and see whether you can fool the judge.
