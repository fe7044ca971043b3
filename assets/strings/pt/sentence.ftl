sentence-heading = Sua frase
sentence-summary = { $count ->
    [one] O modelo responde sobre { $count } frase a cada leitura.
   *[other] O modelo responde sobre { $count } frases a cada leitura.
}
