map-heading = Mapa
map-ask = Desenhar o mapa
map-again = Desenhar de novo
map-count = Palavras
map-explained = Depois do passo { $step }. Os eixos mostram { $x } e { $y } das diferenças.
map-elsewhen = Você olha para o passo { $shown }; este mapa é do passo { $step }, o mais próximo em que um foi desenhado.
map-none = Aperte “Desenhar o mapa”: as palavras mais frequentes aparecem aqui, as de embeddings parecidos perto umas das outras.
map-empty = Não há palavra para desenhar.
map-search = Buscar
map-found = { $count ->
    [one] { $count } palavra
   *[other] { $count } palavras
}
map-zoom-in = Aproximar
map-zoom-out = Afastar
map-whole = Mapa inteiro
map-canvas = Mapa dos embeddings
map-canvas-at = Mapa dos embeddings, em “{ $word }”
map-hint = Arraste para mover; Ctrl e a roda, ou + e -, para o zoom; as setas movem, 0 mostra o mapa inteiro, Page Down vai de palavra em palavra.
map-word = “{ $word }”, { $count } vezes no texto
map-neighbours = Mais perto neste mapa: { $words }
