# O que os comandos escrevem num terminal.

terminal-warning = aviso: { $what }
terminal-usage = Uso: { $usage }
terminal-usage-more = Para saber mais: --help (em inglês)

## info
terminal-info-threads = executor cpu: { $threads } threads de CPU
terminal-info-room = memória que ainda se pode tomar: { $mib } MiB, limitada por: { $limit }
terminal-info-no-adapter = nenhum adaptador de GPU (Vulkan, Metal, DX12)
terminal-info-limits = { $binding } por ligação, { $buffer } por buffer, { $buffers } buffers de armazenamento, { $invocations } invocações e { $workgroup } bytes por grupo
terminal-info-portable = cumpre os limites padrão do WebGPU
terminal-info-not-portable = abaixo dos limites padrão do WebGPU: não pode treinar
terminal-info-discrete = dedicado
terminal-info-integrated = integrado
terminal-info-virtual = virtual
terminal-info-other = outro
terminal-info-software = software
terminal-info-unnamed = adaptador sem nome
terminal-info-timestamps = marcas de tempo
terminal-info-f16 = f16
terminal-info-matrices = matrizes cooperativas
terminal-info-subgroups = subgrupos
terminal-info-kernels-unknown = kernels: ainda não medidos; o primeiro treino faz isso
terminal-info-kernels = kernels: escolhidos para { $shapes } formas, { $median } vezes mais rápidos que a variante mediana, { $slowest } vezes mais que a mais lenta
terminal-info-preset = predefinição
terminal-info-parameters = parâmetros
terminal-info-memory = memória
terminal-info-activations = ativações
terminal-info-dispatches = despachos
terminal-info-step = GFLOP/passo
terminal-info-about = para
terminal-info-unfit = não em { $devices }

## tokenizer train
terminal-tokenizer = { $path }: { $entries } entradas
terminal-tokenizer-covers = { $kept } dos { $characters } caracteres têm uma entrada e cobrem { NUMBER($covered, style: "percent", maximumFractionDigits: 2) } do texto; tokens desconhecidos: { NUMBER($unknown, style: "percent", maximumFractionDigits: 2) }
terminal-tokenizer-counting = contando palavras: { $megabytes } MB
terminal-tokenizer-merging = entradas: { $entries }/{ $target }

## verify
terminal-verify-passed = todas as { $comparisons } comparações passaram
terminal-verify-twins = kernels: os do executor de CPU são os próprios gêmeos; os gradientes abaixo os testam
terminal-verify-suite = { $suite }: { $count } comparações, passaram; as piores:
terminal-verify-suite-failed = { $suite }: { $count } comparações, { $failed } FALHARAM; as piores:
terminal-verify-comparison = { "       " } { $name } { $error } de { $max }
terminal-verify-comparison-failed = { "  " }FALHA { $name } { $error } de { $max }
terminal-verify-failure = { "  " }FALHA { $what }

## train
terminal-train-unread = ninguém mais lê a saída padrão: terminando com um ponto de controle
terminal-train-stopping = terminando: primeiro um ponto de controle, depois uma última medição. Outro Ctrl-C, depois de dois segundos, termina já
terminal-train-quitting = terminando com um ponto de controle
terminal-train-at-once = terminando já
terminal-train-no-ctrl-c = Ctrl-C vai terminar o treino sem um ponto de controle: { $detail }

## corrupt
terminal-corrupt-text = texto
terminal-corrupt-mask = mascarar
terminal-corrupt-replace = substituir
terminal-corrupt-judge = julgar
terminal-corrupt-caught = detectado
terminal-corrupt-missed = não detectado
terminal-corrupt-false-alarm = alarme falso
terminal-corrupt-right-guess = acerto

## eval
terminal-eval = texto reservado, depois do passo { $step }
terminal-eval-unknown = tokens desconhecidos
terminal-eval-part = { $name }   { $auc }   detectadas { $caught }, alarmes falsos { $alarms }

## bench
terminal-bench-drawn = desenhado: { $path }
terminal-bench-measuring = medindo { $preset } por { $seconds } s ...
terminal-bench-no-times = (sem tempos por kernel: o dispositivo não tem relógio confiável)
terminal-bench-limits = { $device } no seu melhor: { $copy } GB/s copiados, { $product } GFLOP/s num produto, { $dispatch } us por despacho
terminal-bench-ratio = { $preset }  { $times } x os tokens por segundo de { $other } (medianas de { $turns } turnos; { $low } a { $high })
terminal-bench-step = { $engine } em { $device }: { $rows } linhas de { $seq } tokens, { $params } parâmetros
terminal-bench-speed = { $rate } tokens/s, { $step } ms por passo ({ $fastest } a { $slowest }, { $host } do host, { $steps } passos), { $flops } GFLOP
terminal-bench-plan = { $dispatches } despachos, { $moved } movidos, { $memory } de memória
terminal-bench-predicted = no melhor do dispositivo levaria { $predicted } ms: alcança { $share } dessa velocidade
terminal-bench-launched = lançá-los custa ao host { $encode } ms para codificar e { $submit } ms para enviar: { $each } us por despacho

## As linhas de um treino.
terminal-run-step = passo { $step }
terminal-run-not-written = (! não escrito: { $what })
terminal-run-left = faltam { $clock }
terminal-run-checkpoint = ponto de controle no passo { $step }: { $path }
terminal-run-resumed = continuando depois do passo { $step }
terminal-run-device = dispositivo: { $name }{ $backend }: { $reason }
terminal-run-plan = { $preset }: { $parameters } parâmetros, { $steps } passos de { $tokens } tokens, { $mib } MiB, com { $corpus }
terminal-run-plan-endless = { $preset }: { $parameters } parâmetros, passos de { $tokens } tokens, { $mib } MiB, com { $corpus }
terminal-run-warning = aviso (passo { $step }): { $what }
terminal-run-not-begun = parado antes do primeiro passo; nenhum treino começou
terminal-run-completed = pronto: { $step } passos em { $time }
terminal-run-stopped = parado depois do passo { $step }, { $time }; --resume continua daqui
terminal-run-folder = o treino: { $run }
terminal-run-next = agora experimente:
terminal-run-marks = as marcas do discriminador: [original > substituto p(substituído)], o detectado, x não detectado, ^ alarme falso; num teste foi o próprio programa que pôs outra palavra
terminal-run-eval = texto reservado, passo { $step }: { $numbers }
terminal-run-held-out = reservado { $auc }
terminal-run-test = teste:
