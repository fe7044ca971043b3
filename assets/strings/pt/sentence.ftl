sentence-heading = Sua frase
sentence-example = o cachorro fiel rói o osso no quintal.
sentence-label = Digite uma frase; o discriminador a lê com os pesos da execução mostrada.
sentence-hint = uma frase sua
sentence-empty = Digite uma frase acima.
sentence-offers = Experimente uma do texto que ficou fora do treino:
sentence-spoil = Estragar: “{ $wrong }” no lugar de “{ $right }”
sentence-offers-own = Experimente uma do seu texto, da parte que ficou fora do treino:
sentence-suspect = “{ $word }” ({ $p })
sentence-suspects = O discriminador toma por substituído: { $words }.
sentence-suspects-none = O discriminador não toma nenhuma palavra por substituída; a de que mais duvida é { $most }.
sentence-waiting = O discriminador está lendo a frase.
sentence-train = Treinar
sentence-judged-at = Julgada depois do passo { $step }.
sentence-truncated = O final não cabe em uma linha e ficou de fora.
sentence-click = Clique em uma palavra para escondê-la ou pôr outra no lugar.
sentence-row-text = seu texto
sentence-chosen = “{ $word }”:
sentence-hide = Esconder
sentence-hide-hint = O gerador não vê a palavra e diz o que escreveria. O discriminador continua lendo a sua.
sentence-draw = Deixar o gerador escolher
sentence-draw-again = Sortear de novo
sentence-draw-hint = A palavra é escondida, e o que o gerador sorteia é escrito no lugar dela.
sentence-swap-label = ou
sentence-swap = Substituir
sentence-back = Desfazer
sentence-proposals = O gerador escreveria
sentence-game = Engane o discriminador: substitua uma palavra de modo que ele a tome por original.
sentence-score = { $judged ->
    [one] Você enganou o discriminador em { $fooled } de { $judged } substituição.
   *[other] Você enganou o discriminador em { $fooled } de { $judged } substituições.
}
sentence-best = Melhor: “{ $word }” no lugar de “{ $original }”, p(substituído) de só { $p }.
sentence-word = “{ $word }”, discriminador: { $p } substituído
sentence-word-hidden = “{ $word }”, escondida do gerador, discriminador: { $p } substituído
sentence-word-swapped = “{ $word }” no lugar de “{ $original }”, discriminador: { $p } substituído
