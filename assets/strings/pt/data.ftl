data-heading = Dados e execuções
data-none = Ainda não há execução.
data-summary = Texto: { $corpus }. Predefinição: { $preset }, { $parameters } valores treinados.
