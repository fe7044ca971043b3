log-heading = Registro
log-none = Nada foi dito ainda.
