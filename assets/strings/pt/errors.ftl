# O que deu errado, pelo código do erro, e em `.help` o que fazer. Os conselhos comuns começam com `help-`.

error-label = erro
error-help-label = ajuda

cannot-do = não foi possível { $doing }: { $detail }

help-check-path = confira o caminho; caminhos relativos partem da pasta atual
help-check-permissions = confira as permissões do arquivo e da sua pasta
help-free-space = libere espaço ou escolha outra pasta com --out

checkpoint-lost = o ponto de controle do passo { $step } não foi escrito, e os anteriores estão intactos: { $why }
checkpoint-damaged = o ponto de controle do passo { $step } está danificado: { $why }{ $others ->
    [0] { "" }
    [one] { " (" }e também o do passo { $steps })
    *[other] { " (" }e também os dos passos { $steps })
}

## O que não foi possível fazer com um arquivo: completa "não foi possível ...".
io-append-to = acrescentar texto a este arquivo
io-append-to-runs-log = acrescentar ao registro do treino
io-create = criar
io-create-folder = criar a pasta
io-create-folder-of-caches = criar a pasta dos caches
io-create-runs-folder = criar a pasta do treino
io-list = listar
io-lock-runs-folder = bloquear a pasta do treino
io-make-settings-folder = criar a pasta das configurações
io-map-into-memory = mapear na memória
io-open = abrir
io-open-file = abrir o arquivo
io-open-runs-log = abrir o registro do treino
io-put-finished-folder-in-its-place = pôr a pasta pronta no lugar
io-put-folder-back = pôr a pasta de volta
io-put-token-cache-in-place = pôr o cache de tokens no lugar
io-read = ler
io-read-configuration = ler a configuração
io-read-file = ler o arquivo
io-read-fixture = ler os números de referência
io-read-folder = ler a pasta
io-read-folder-of-runs = ler a pasta dos treinos
io-read-kernels-variants = ler as variantes dos kernels
io-read-list-of-shards = ler a lista das partes
io-read-runs-configuration = ler a configuração do treino
io-read-runs-folder = ler a pasta do treino
io-read-runs-log = ler o registro do treino
io-read-state = ler o estado
io-read-text = ler o texto
io-read-tokenizers-file = ler o arquivo do tokenizador
io-remove-folder = remover a pasta
io-remove-unfinished-folder = remover a pasta inacabada
io-save-windows-settings = salvar as configurações da janela
io-set-checkpoint-aside = guardar à parte o ponto de controle
io-write-into-folder = escrever na pasta
io-write-configuration = escrever a configuração
io-write-events = escrever os eventos
io-write-file = escrever o arquivo
io-write-numbers = escrever os números
io-write-picture = escrever a imagem
io-write-report = escrever o relatório
io-write-tensors = escrever os tensores
io-write-token-cache = escrever o cache de tokens
io-write-there = escrever ali
