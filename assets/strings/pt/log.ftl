log-heading = Registro
log-none = Nada foi dito ainda. O que uma execução faz, avisa e não consegue fica escrito aqui.
log-no-alarms = Nenhum aviso e nenhum erro.
log-alarms-only = Só avisos e erros
log-alarms = { $count ->
    [0] nenhum aviso
    [one] { $count } aviso ou erro até agora
   *[other] { $count } avisos e erros até agora
}
log-copy = Copiar
log-more = Mostrar linhas mais antigas ({ $count })
log-step = passo { $step }
log-level-info = nota
log-level-warning = Aviso
log-level-error = Erro
log-device = { $kind ->
    [gpu] GPU
   *[cpu] processador
}: { $name } ({ $reason })
log-checkpoint = ponto de controle salvo: { $path }
log-resumed = retomado depois do passo { COUNT($step) }
log-completed = o plano está completo
