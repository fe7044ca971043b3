map-heading = Map
map-none = No map of the token embeddings was asked for.
