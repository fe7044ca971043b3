map-heading = Map
map-ask = Draw the map
map-again = Draw again
map-count = Words
map-explained = After step { $step }. The axes show { $x } and { $y } of the differences.
map-elsewhen = You look back at step { $shown }; this map is of step { $step }, the nearest at which one was drawn.
map-none = Press “Draw the map”: the most frequent words appear here, words with similar embeddings close together.
map-empty = There is no word to draw.
map-search = Search
map-found = { $count ->
    [one] { $count } word
   *[other] { $count } words
}
map-zoom-in = Zoom in
map-zoom-out = Zoom out
map-whole = Whole map
map-canvas = Map of the embeddings
map-canvas-at = Map of the embeddings, at “{ $word }”
map-hint = Drag to move, Ctrl and the wheel or + and - to zoom, arrow keys to move, 0 for the whole map, Page Down from word to word.
map-word = “{ $word }”, { $count } times in the text
map-neighbours = Closest on this map: { $words }
