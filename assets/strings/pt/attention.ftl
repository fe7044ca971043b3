attention-heading = Atenção
attention-none = Nenhuma atenção foi pedida. Pesos não são explicações.
