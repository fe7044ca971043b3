map-heading = Mapa
map-none = Nenhum mapa dos embeddings foi pedido.
