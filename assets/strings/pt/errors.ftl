# O que deu errado, pelo código do erro, e em `.help` o que fazer. Os conselhos comuns começam com `help-`.

error-label = erro
error-help-label = ajuda

cannot-do = não foi possível { $doing }: { $detail }

help-check-path = confira o caminho; caminhos relativos partem da pasta atual
help-check-permissions = confira as permissões do arquivo e da sua pasta
help-free-space = libere espaço ou escolha outra pasta
help-choose-writable = este disco só pode ser lido; escolha uma pasta em outro

checkpoint-lost = o ponto de controle do passo { COUNT($step) } não foi escrito, e os anteriores estão intactos: { $why }
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
io-read-list-of-files = ler a lista de arquivos
io-read-fixture = ler os números de referência
io-read-folder = ler a pasta
io-read-folder-of-runs = ler a pasta dos treinos
io-read-kernels-variants = ler as variantes dos kernels
io-read-list-of-shards = ler a lista das partes
io-read-runs-configuration = ler a configuração do treino
io-read-runs-folder = ler a pasta do treino
io-read-runs-log = ler o registro do treino
io-read-state = ler o estado
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

## Texto: corpora, tokenizadores, o cache de tokens.
all-text-held-out = todo o texto de treino está reservado: ele também foi dado com --valid
    .help = deixe --valid de fora: então uma parte do corpus é reservada
nothing-to-train-on = não há com o que treinar: nenhum arquivo com texto de treino foi encontrado
    .help = não se treina com o texto que um nome chama de valid, dev ou test; um arquivo ou pasta dado sozinho é usado, seja qual for o nome
no-text-file-found = nenhum arquivo com texto foi encontrado
    .help = lê-se texto de txt, jsonl, json, csv, tsv e parquet, também em gz ou zst
not-a-file = isto é um pipe ou um dispositivo, não um arquivo
    .help = escreva antes o texto num arquivo
empty-file = o arquivo está vazio
    .help = dê um arquivo com texto
cache-gone = o cache de tokens sumiu logo depois de escrito
cache-reads-back-wrong = o cache de tokens foi escrito, mas a releitura diz: { $why }
    .help = o disco pode estar falhando; escolha outra pasta
cache-unusable = não dá para usar o cache de tokens: { $why }
cache-shorter-than-header = ele é menor que o seu cabeçalho
not-a-cache = não é um cache de tokens
cache-of-other-format = formato { $found }, mas esta versão escreve { $known }
cache-of-other-length = tem { COUNT($held) } bytes em vez de { COUNT($wanted) }
cache-damaged = { $part ->
    [header] o cabeçalho está danificado
    [ids] os ids estão danificados
    [sentences] as frases estão danificadas
    [documents] os documentos estão danificados
   *[counts] as contagens estão danificadas
}
corpus-has-changed = o corpus mudou
help-caches-elsewhere = libere espaço ali, ou indique outra pasta de caches em ELECTROSCOPE_CACHE
corpus-holds-no-text = o corpus não tem texto
    .help = confira os arquivos, e se o tokenizador serve para a língua deles
tokenizer-does-not-fit = todos os { COUNT($documents) } documentos têm tokens demais por caractere com este tokenizador
    .help = confira os arquivos, e se o tokenizador serve para a língua deles
cache-exceeds-memory = o cache de tokens não cabe na memória: { $detail }
grammar-file-wrong = erro no arquivo da gramática: { $detail }
grammar-expected = espera-se { $form }
grammar-unknown = "{ $word }" não é nenhum destes: { $known }
grammar-missing = não há { $kind ->
    [table] tabela
    [column] coluna
    [set] conjunto
    [def] def
   *[variable] variável
} "{ $name }"
grammar-without-meaning = "{ $word }" não significa nada aqui
grammar-irregular = não é possível conjugar "{ $lemma }": dê as formas depois de barras
grammar-twice = "{ $lemma }" aparece duas vezes na lista
grammar-number-of-forms = "{ $lemma }" precisa de duas ou quatro formas, não de { $count }
grammar-gender-unknown = o gênero de "{ $lemma }" não se reconhece: acrescente :m ou :f
grammar-table-without-name = uma tabela precisa de um nome
grammar-script-without-name = um script precisa de um nome
grammar-row-of-other-length = a tabela { $table } tem { $columns } colunas, e esta linha, { $cells }
grammar-empty-cell = uma célula vazia
grammar-not-in-list = "{ $lemma }" não está na lista { $class }
grammar-distinct-without-two = distinct precisa de duas variáveis do script
grammar-column-of-other-class = { $var } é { $own }, e a coluna { $column } de { $table } contém { $class }
grammar-too-many-variables = mais de { $most } variáveis
grammar-no-row-fits = nenhuma linha da tabela { $table } serve para estes números
grammar-name-undefined = uma macro que nenhum let define
grammar-sentence-before-step = uma frase antes do primeiro step
grammar-sentence-outside = uma frase fora de um script e de um def
grammar-variable-of-script = { $name } pertence ao script inteiro: restrinja-a lá
grammar-variable-unbound = nenhuma tabela liga { $name }
grammar-sentence-too-long = uma frase de mais de 60 palavras
grammar-agrees-with-nothing = { "{" }{ $hole }{ "}" } concorda com alguma coisa: diga com qual, { "{" }{ $hole }:Nome{ "}" }
grammar-in-no-list = "{ $lemma }" não está em nenhuma lista de verbos, adjetivos e palavras que concordam
grammar-no-such-form = { $class } não tem a forma "{ $form }"
grammar-punctuation-without-forms = a pontuação não tem formas
grammar-number-of-sentences = script { $script }, step { $step }: { $sentences } frases das quais escolher { $wanted }
grammar-without-script = uma gramática sem script
no-such-level = não há nível "{ $value }"
    .help = first-steps ou stories
vocabulary-lacks-special = o vocabulário de { COUNT($entries) } entradas não tem { $name }
    .help = aqui os tokens especiais são { $specials }; tokenizer_config.json ou special_tokens_map.json podem dar outros nomes
no-tokenizer-here = não há vocab.txt nem tokenizer.json aqui
    .help = dê a pasta de um tokenizador, um tokenizer.json ou um vocab.txt, ou treine um: electroscope tokenizer train
vocabulary-not-utf8 = não é texto em UTF-8: há um byte errado em { COUNT($byte) }
    .help = um vocab.txt tem um token por linha, em UTF-8
not-wordpiece = um modelo { $kind }, mas o ELECTRA usa WordPiece
    .help = dê o tokenizador de um modelo ELECTRA ou BERT, ou um vocab.txt
vocabulary-id-wrong = o id { $id } de { $token } já está ocupado ou não é menor que { COUNT($entries) }
    .help = os ids de um vocabulário contam a partir de 0, sem lacunas
not-tokenizer-json = não é o JSON de um tokenizador: { $detail }
    .help = o arquivo pode estar cortado; baixe ou exporte de novo
cannot-tokenize = não foi possível dividir o texto em tokens: { $detail }
no-word-for-tokenizer = não há palavra com que treinar um tokenizador
    .help = confira se o corpus tem texto
only-long-words-for-tokenizer = não há palavra com que treinar um tokenizador: { $count ->
        [one] a única palavra tem
       *[other] todas as { COUNT($count) } palavras têm
    } mais de 100 caracteres
    .help = ponha espaços entre as palavras, como faz um segmentador da língua
vocabulary-too-small = vocab_size = { $vocab_size } é menos que as { COUNT($needed) } entradas de que precisam os tokens especiais e { COUNT($characters) } caracteres, que cobrem { NUMBER($covered, style: "percent", maximumFractionDigits: 2) } deste corpus
    .help = tente vocab_size = { $enough }, ou cubra menos do corpus: character_coverage = { $coverage }
too-many-unknown = o tokenizador não conhece { NUMBER($share, style: "percent", maximumFractionDigits: 1) } dos tokens, com { NUMBER($chars, style: "percent", maximumFractionDigits: 1) } dos caracteres ([UNK]), e são aceitos { NUMBER($most, style: "percent", maximumFractionDigits: 1) }: { $why }
    .help = { $advice }; para seguir mesmo assim, permita com unknown_max = 1 (--set unknown_max=1 em train, --unknown-max 1 nos outros)
too-many-unknown-held-out = o tokenizador não conhece { NUMBER($share, style: "percent", maximumFractionDigits: 1) } dos tokens reservados ([UNK]), e são aceitos { NUMBER($most, style: "percent", maximumFractionDigits: 1) }
    .help = confira se o texto reservado está na língua do texto de treino; para seguir mesmo assim: --set unknown_max=1
not-the-file-itself = este não é o próprio arquivo, e sim { $what }
file-is-empty = um arquivo vazio
file-is-zip = um arquivo zip, como os que torch.save escreve
file-is-pickle = um pickle de Python, como os que versões antigas de torch.save escrevem
file-is-format = um arquivo no formato { $format }
file-is-lfs-pointer = um ponteiro do Git LFS para um arquivo de { COUNT($bytes) } bytes
file-is-lfs-pointer-cut-off = um ponteiro do Git LFS, cortado
file-is-web-page = uma página da web, como uma página de erro no lugar de um download
file-is-text = texto que começa com { $line }
help-fetch-again = baixe o arquivo de novo e veja o que chega: o endereço pode estar errado, ou pode ser preciso uma conta
help-fetch-lfs = busque o próprio arquivo com git lfs pull, ou baixe-o sem git
help-save-as-safetensors = carregue-o com transformers em Python e salve de novo: model.save_pretrained(PASTA) escreve model.safetensors, e tokenizer.save_pretrained(PASTA), o tokenizador
tokenizer-has-own-code = o tokenizador é um programa próprio (auto_map), que não é executado aqui
    .help = dê o tokenizador de um modelo ELECTRA ou BERT
tokenizer-of-other-kind = o tokenizador é da classe { $class }, que corta o texto a seu modo; aqui há { $known } e os que são iguais com outro nome
    .help = dê o tokenizador de um modelo ELECTRA ou BERT, ou um tokenizer.json com os passos do BERT
tokenizer-setting-unknown = o tokenizador pede { $key } = { $value }, o que não é feito aqui
    .help = sem esta configuração os tokens seriam outros que não os do treino do modelo
tokenizer-step-unknown = o passo { $step } deste tokenizador não é o do BERT: { $found }
    .help = os tokens seriam aqui outros que não os de transformers; dê um tokenizador com BertNormalizer e BertPreTokenizer
added-token-id-wrong = o token acrescentado { $token } tem o id { $id }, e seu lugar é { $right }
    .help = os tokens acrescentados vêm depois do vocabulário sem lacuna, na ordem dos ids
line-too-long = a linha { COUNT($line) } passa de { $mib } MiB
    .help = divida-a em linhas, uma frase ou um parágrafo em cada uma
utf16-broken = UTF-16 danificado: metade de um caractere
    .help = o arquivo pode estar cortado; salve-o de novo em UTF-8
file-not-utf8 = não é texto em UTF-8
    .help = converta o arquivo para UTF-8, por exemplo com iconv
file-is-packed = compactado como { $kind }, que aqui não se lê
    .help = descompacte-o antes; gz e zst são lidos como estão
file-is-packed-twice = dentro dele há outro arquivo compactado ({ $kind })
    .help = descompacte-o uma vez
file-is-document = isto é { $kind }, que aqui não se lê
    .help = salve-o ou converta-o em texto puro, em UTF-8
file-is-no-text = isto é { $kind }, que aqui não se lê
    .help = grave o texto dele em txt, jsonl, csv ou parquet
corpus-is-lfs-pointer = um ponteiro do Git LFS no lugar do arquivo
    .help = busque o próprio arquivo com `git lfs pull`
not-json = o nome termina como JSON, mas o conteúdo não tem objetos JSON
    .help = jsonl tem um objeto por linha: { "{" }"text": "..."{ "}" }
not-parquet = o nome termina em .parquet, mas é texto puro
    .help = se for um corpus, dê ao nome o final .txt
list-is-empty = a lista não tem nenhum arquivo
    .help = escreva um caminho por linha
binary-file = é um arquivo binário: tem um byte zero
    .help = um corpus é texto: txt, jsonl, json, csv, tsv (também em gz ou zst) ou parquet
not-utf8 = não é UTF-8: byte { COUNT($byte) } na linha { COUNT($line) }
    .help = converta o arquivo para UTF-8, por exemplo com iconv
gzip-cut-off = o arquivo gzip acaba no meio
    .help = copie ou baixe o arquivo de novo
gzip-damaged = o arquivo gzip está danificado: { $detail }
    .help = copie ou baixe o arquivo de novo
bytes-after-gzip = há outros bytes depois do fim do arquivo gzip
    .help = algo foi acrescentado a ele, ou está danificado; copie ou baixe o arquivo de novo
zstd-cut-off = o arquivo zstd acaba no meio
    .help = copie ou baixe o arquivo de novo
zstd-damaged = o arquivo zstd está danificado: { $detail }
    .help = copie ou baixe o arquivo de novo
bytes-after-zstd = há outros bytes depois do fim do arquivo zstd
    .help = algo foi acrescentado a ele, ou está danificado; copie ou baixe o arquivo de novo
checksum-differs = a soma de verificação é outra
no-text-field = não há campo "text" entre { $fields }
    .help = indique com --text-field NOME o campo que contém os documentos
several-text-fields = vários campos podem conter os documentos: { $fields }
    .help = indique um deles com --text-field NOME
no-such-field = não há campo "{ $field }" entre { $fields }
    .help = --text-field indica o campo que contém os documentos
column-not-strings = a coluna "{ $column }" não contém texto
    .help = indique outra com --text-field NOME
column-codec = a coluna "{ $column }" está comprimida com { $codec }, que aqui não se lê
    .help = grave-a com snappy, gzip ou sem compressão, por exemplo com to_parquet(.., compression="snappy") do pandas
row-too-long = um texto de mais de { $mib } MiB
    .help = divida-o em várias linhas da tabela; aspas que nunca se fecham também causam isto
table-row-of-other-length = { COUNT($fields) } campos, mas a tabela tem { COUNT($columns) } colunas
    .help = uma vírgula ou um tab dentro de um campo fica entre aspas
table-damaged = não é uma tabela legível: { $detail }
row-not-utf8 = não é UTF-8 no byte { COUNT($byte) } do texto
    .help = converta o texto para UTF-8
row-is-binary = são dados binários: há um byte zero
    .help = um corpus é texto
parquet-damaged = não é um arquivo parquet legível: { $detail }
    .help = pode estar cortado ou danificado; copie ou baixe de novo
parquet-contradicts-itself = os números dele se contradizem
parquet-column-changes-type = o tipo da coluna muda

## Lotes.
no-training-row = a parte de treino não tem nenhuma linha
    .help = dê mais texto com --corpus
cursor-beyond-epoch = linha { COUNT($row) } de uma época que tem { COUNT($rows) }
    .help = o corpus, o tokenizador ou o tamanho das linhas não é o do ponto de controle
batch-is-zero = batch = { $batch }, accumulate = { $accumulate }
    .help = os dois são pelo menos 1
rows-too-short = seq_len = { $seq_len }: [CLS], [SEP] e algum texto precisam de 5
    .help = tente seq_len = 64
mask-prob-out-of-range = mask_prob = { $mask_prob } não está entre 0 e 1
    .help = o artigo usa 0.15
no-held-out-row = a parte reservada não tem nenhuma linha
    .help = dê mais texto, ou um texto com --valid
nothing-left-to-train-on = { COUNT($tokens) } tokens são poucos: não sobra nada para o treino
    .help = dê mais texto com --corpus, ou um texto reservado com --valid
nothing-to-hold-out = { COUNT($tokens) } tokens são poucos: não sobra nada para reservar
    .help = dê mais texto com --corpus, ou um texto reservado com --valid
too-many-documents = { COUNT($documents) } documentos, mas só é possível contar até { COUNT($most) }
    .help = treine com uma parte do corpus
no-word-in-text = não há nenhuma palavra no texto
    .help = dê um arquivo com texto
too-many-rows = mais de { COUNT($most) } linhas por época
    .help = treine com uma parte do corpus
not-a-json-text = a linha { COUNT($line) } não é um objeto JSON com um "{ $field }" que seja texto: { $detail }
    .help = jsonl tem um objeto por linha: { "{" }"text": "..."{ "}" }
json-line-without-field = a linha { COUNT($line) } não tem o campo "{ $field }", só: { $fields }
    .help = indique com --text-field NOME o campo que contém os documentos
json-value-wrong = o valor { COUNT($number) } não dá um documento: { $detail }
    .help = um arquivo JSON tem objetos com um texto num campo, ou textos, um após o outro ou numa lista
json-value-without-field = o valor { COUNT($number) } não tem o campo "{ $field }", só: { $fields }
    .help = indique com --text-field NOME o campo que contém os documentos
json-value-too-long = um valor de mais de { $mib } MiB
    .help = um arquivo JSON tem um valor por documento, um após o outro ou numa lista; um objeto em volta de todos não é lido
json-of-other-values = JSON cujos valores não são objetos nem textos
    .help = um arquivo JSON tem objetos com um texto num campo, ou textos, um após o outro ou numa lista
json-cut-off = o JSON acaba no meio
    .help = copie ou baixe o arquivo de novo
json-unexpected = "{ $byte }" não cabe aqui
    .help = um arquivo JSON tem objetos com um texto num campo, ou textos, um após o outro ou numa lista
bytes-after-json = há algo depois do fim da lista JSON
    .help = um arquivo tem uma lista, ou um objeto por linha

## Configurações.
range-between-zero-and-one = entre 0 e 1
range-zero-to-below-one = 0 ou mais, menos de 1
range-zero-to-one = de 0 a 1
range-above-zero = mais que 0
range-zero-or-more = 0 ou mais
not-toml = não é TOML válido: { $detail }
set-without-value = --set { $typed }: é preciso chave=valor
    .help = por exemplo --set lr=0.001
set-preset = --set { $typed }: a predefinição não é uma das suas configurações
    .help = escolha-a com --preset { $preset }
setting-wrong = configuração: { $detail }
not-this-versions-configuration = não é uma configuração desta versão: { $detail }
heads-do-not-divide = { $name } = { $hidden } não se divide por { $heads_name } = { $heads }
    .help = tente { $name } = { $right }
heads-too-wide = cabeças de { $channels } canais ({ $name } / { $heads_name }); no máximo { $most }
    .help = tente { $heads_name } = { $right }
setting-too-small = { $name } = { $value }: pelo menos { $least }
setting-is-zero = { $name } = 0: pelo menos 1
too-many-layers = layers = { $layers }: no máximo { $most }
rows-exceed-positions = seq_len = { $seq_len } passa de max_positions = { $positions }
    .help = tente max_positions = { $seq_len }
setting-out-of-range = { $name } = { $value }: é preciso { $wanted }
too-many-random-words = um passo de { COUNT($rows) } linhas × { COUNT($tokens) } tokens sorteia { COUNT($words) } palavras aleatórias; no máximo 2^32
    .help = diminua batch, accumulate ou seq_len
no-such-preset = não há predefinição { $name }
    .help = as predefinições são { $names }
setting-misspelt = não há configuração { $key }
    .help = você quis dizer { $nearest }?
no-such-setting = não há configuração { $key }
    .help = as configurações são { $names }
setting-of-wrong-type = { $key } = { $value }: é preciso { $wanted }, veio { $got }
    .help = o valor na predefinição é { $preset }
toml-string = um texto
toml-integer = um número inteiro
toml-float = um número decimal
toml-boolean = true ou false
toml-datetime = uma data
toml-array = uma lista
toml-table = uma tabela
network-exceeds-binding = { $part ->
    [word-embeddings] os embeddings das palavras ocupam
    [position-embeddings] os embeddings das posições ocupam
    [projection] a projeção dos embeddings ocupa
    [logits] o menor número de linhas de logits ocupa
    [feed-forward] uma matriz da rede feed-forward ocupa
   *[attention] a matriz de consultas, chaves e valores ocupa
} { NUMBER($needs, maximumFractionDigits: 1) } MiB, e uma ligação pode ter { NUMBER($max, maximumFractionDigits: 1) } MiB
    .help = diminua vocab_size, max_positions, embedding_size, hidden_size ou ffn_size
rows-exceed-binding = batch = { $batch }: uma ativação ocupa { NUMBER($needs, maximumFractionDigits: 1) } MiB, e uma ligação pode ter { NUMBER($max, maximumFractionDigits: 1) } MiB
help-narrower = diminua seq_len, hidden_size ou ffn_size
help-smaller-pieces = as mesmas linhas em pedaços menores: --set batch={ $rows } --set accumulate={ $pieces }

## Dispositivos.
no-adapter = nenhum adaptador de GPU (Vulkan, Metal, DX12 ou WebGPU) foi encontrado
    .help = instale o driver da placa de vídeo, ou use --device cpu
no-adapter-of-name-nor-any = nenhum adaptador tem "{ $name }" no nome
    .help = não há adaptador aqui; use --device cpu
no-adapter-of-name = nenhum adaptador tem "{ $name }" no nome
    .help = use auto, cpu, gpu ou uma parte de um destes nomes: { $names }
plan-exceeds-memory = o plano precisa de { $needs } da memória do dispositivo, mais do que há livre
plan-rejected = o plano foi recusado: { $detail }
buffer-too-large = o buffer { $label } precisa de { $needs }, e o dispositivo permite { $max } por buffer
no-threads = o sistema não dá nenhuma thread a este programa: { $detail }
    .help = aumente o limite de processos (ulimit -u, ou o do contêiner) ou de memória (ulimit -v), ou encerre outros programas
no-more-memory = o sistema não dá mais memória a este programa
    .help = aumente o limite (ulimit -v, ulimit -d, ou o do contêiner), encerre outros programas, ou use uma predefinição menor ou menos linhas de cada vez (--set batch=N); os pontos de controle que um treino guardou estão inteiros
memory-too-small = são necessários { NUMBER($needs, maximumFractionDigits: 1) } MiB de memória, e { $limit } deixa { NUMBER($left, maximumFractionDigits: 1) } MiB
rows-exceed-memory = batch = { $batch }: { $why }
memory-refused = são necessários { NUMBER($needs, maximumFractionDigits: 1) } MiB de memória, e o sistema os recusa
help-less-memory = aumente o limite, ou use uma predefinição menor ou menos linhas de cada vez (--set batch=N, e accumulate para o resto); electroscope info diz do que cada predefinição precisa
limit-address-space = o limite do espaço de endereçamento (ulimit -v)
limit-data = o limite de dados (ulimit -d)
limit-control-group = o grupo de controle (de um contêiner, de um serviço ou de um trabalho)
limit-machine = a máquina
help-smaller = use uma predefinição menor, menos linhas por passo (--set batch=N, e accumulate para o resto), ou --device cpu
help-after-loss = o último ponto de controle está inteiro: continue com --resume, ou com --device cpu
no-such-experiment = não há experimento `{ $value }`
    .help = use { $known }, ou deixe sem valor
adapter-gives-no-device = ele não fornece um dispositivo: { $detail }
    .help = atualize o driver da placa de vídeo, ou use --device cpu
device-stopped-answering = o dispositivo parou de responder
device-lost = o dispositivo se perdeu ({ $detail })
device-out-of-memory = a memória do dispositivo acabou
device-errors = o dispositivo relata erros: { $detail }
shader-rejected = o shader foi recusado: { $detail }
no-memory-to-compile = a memória acabou durante a compilação
variant-not-offered = a variante precisa de algo que o dispositivo não oferece: { $what ->
    [f16] f16
    [subgroups] subgrupos
    [matrices] matrizes cooperativas
   *[native] um dispositivo fora do navegador
}
    .help = treine com --retune, ou tire esta escolha do state.json do treino
no-thread-for-gpu = não foi possível iniciar a thread que espera pela GPU: { $detail }
binding-too-large = { $label }: { $tensor } precisa de { $needs }, e o dispositivo permite { $max } por ligação
too-many-bindings = { $label } liga { $slots } buffers de armazenamento, e o dispositivo permite { $max }

## Redes no formato do Hugging Face.
not-electra-configuration = não é uma configuração de ELECTRA legível: { $detail }
    .help = espera-se um config.json como o que o save_pretrained do transformers escreve
model-type-not-electra = model_type é { $found }, e não "electra"
    .help = só se leem redes ELECTRA: BERT, RoBERTa e outras têm outros tensores
activation-not-gelu = hidden_act é { $found }; só se calcula "gelu" (exata, por erf)
positions-not-absolute = position_embedding_type é { $found }; só se calcula "absolute"
not-bidirectional = { $name } está ligado; só se leem codificadores bidirecionais
weights-quantised = os pesos estão quantizados (há um quantization_config)
    .help = salve antes a rede em float32 ou float16
size-out-of-range = { $name } é { $size }; precisa estar entre 1 e { $max }
hub-heads-do-not-divide = hidden_size = { $hidden } não se divide por num_attention_heads = { $heads }
padding-outside-vocabulary = pad_token_id = { $id } está fora do vocabulário de { COUNT($entries) }
rate-out-of-range = { $name } é { $rate }; precisa ser pelo menos 0 e menos de 1
epsilon-out-of-range = layer_norm_eps é { $value }; precisa estar entre 1e-37 e 1
initializer-range-negative = initializer_range é { $value }; precisa ser pelo menos 0
help-hub-folder = uma pasta de ELECTRA do Hugging Face contém config.json e model.safetensors
folder-occupied = a pasta já contém alguma coisa
    .help = escolha uma pasta que ainda não existe, ou esvazie esta antes
not-one-network = não é uma rede ELECTRA com a sua cabeça: { $what }
tensors-of-both-heads = as duas cabeças estão numa só pasta
tensors-of-discriminator = este é um discriminador (ElectraForPreTraining)
tensors-of-generator = este é um gerador (ElectraForMaskedLM)
tensors-of-classifier = este é um classificador com ajuste fino, já sem a cabeça do pré-treino
tensors-of-answerer = este é um modelo de perguntas e respostas com ajuste fino, já sem a cabeça do pré-treino
tensors-of-encoder = este é um codificador puro (ElectraModel), salvo sem cabeça
tensors-of-several = há várias redes em um arquivo, chamadas { $prefixes }
tensors-of-adapter = este é um adaptador (como LoRA), que antes precisa ser fundido com sua rede e salvo inteiro
tensors-of-quantised = estes pesos são quantizados, e antes precisam ser salvos como números de ponto flutuante
tensors-of-optimizer = este é o estado de um otimizador
tensors-of-other-model = estes são tensores do modelo { $model }
tensors-of-something-else = estes não são os tensores de uma rede ELECTRA
tensors-do-not-fit = não são os tensores deste { $network ->
    [discriminator] discriminador
    [generator] gerador
   *[encoder] codificador
}: { $mismatch }
tensors-of-another-network = não são os tensores de um { $network ->
    [discriminator] discriminador
    [generator] gerador
   *[encoder] codificador
} ELECTRA ({ $architecture }): { $mismatch }
help-sizes-in-config = config.json e os pesos não são da mesma rede; confira os tamanhos em config.json
help-head-missing = { $what }; falta a cabeça { $head }*
tensors-missing = { $count ->
    [one] falta { COUNT($count) }
   *[other] faltam { COUNT($count) }
}: { $names }{ $more ->
    [0] { "" }
   *[other] { " e mais " }{ COUNT($more) }
}
tensors-unexpected = { $count ->
    [one] { COUNT($count) } inesperado
   *[other] { COUNT($count) } inesperados
}: { $names }{ $more ->
    [0] { "" }
   *[other] { " e mais " }{ COUNT($more) }
}
tensors-of-other-shape = { COUNT($count) } de outra forma: { $names }{ $more ->
    [0] { "" }
   *[other] { " e mais " }{ COUNT($more) }
}
tensor-of-other-shape = { $name } tem a forma { $is }, em vez de { $expected }
weights-not-safetensors = os pesos estão em { $file }; só se leem arquivos safetensors
    .help = converta-os uma vez: { $command }
no-weights = não há { $file }
shards-unreadable = não é uma lista de partes legível: { $detail }
shard-name-not-plain = a parte { $name } não tem um simples nome de arquivo
tensor-twice = o tensor { $name } aparece duas vezes
no-such-tensor = não há tensor { $name }
tensor-not-finite = o número { COUNT($at) } do tensor { $name } é { $value }
    .help = a rede foi salva depois que o treino dela falhou: use um ponto de controle anterior
cannot-read-tensors-file = não foi possível ler o arquivo: { $detail }
cannot-read-tensor = não foi possível ler o tensor { $name }: { $detail }
tensor-not-floats = o tensor { $name } é do tipo { $type }; é preciso F32, F16, BF16 ou F64
    .help = salve antes a rede em float32 ou float16
tensor-not-whole-numbers = o tensor { $name } é do tipo { $type }; são precisos números inteiros
safetensors-damaged = não é um arquivo safetensors inteiro: { $why }
    .help = copie ou baixe o arquivo de novo
header-missing = o arquivo tem { COUNT($held) } bytes, poucos para um cabeçalho safetensors
header-too-long = o cabeçalho diz ter { COUNT($claimed) } bytes, e o arquivo tem { COUNT($held) }
header-unreadable = não foi possível ler o cabeçalho: { $detail }
header-of-other-length = o cabeçalho descreve { COUNT($claimed) } bytes de tensores, e o arquivo contém { COUNT($held) }
cannot-write-file = não foi possível escrever o arquivo: { $detail }
no-main-network = o ponto de controle não contém a rede principal
no-network-folder = não há pasta { $folder }/
    .help = as duas redes são necessárias: uma pasta com discriminator/ e generator/, cada uma como o transformers a salva
networks-differ-in-size = as redes têm { $size ->
    [vocab_size] vocabulários
    [embedding_size] tamanhos de embedding
    [max_position_embeddings] números de posições
   *[type_vocab_size] números de segmentos
} diferentes ({ $size }): discriminador { $discriminator }, gerador { $generator }
    .help = as duas compartilham os embeddings: use as duas de um mesmo treino
objective-trains-others = o objetivo treina { $want }, e aqui há { $have }
network-called = { $name ->
    [discriminator] discriminador
    [generator] gerador
   *[encoder] codificador
}
head-too-large = cabeças de atenção de { $channels } canais; no máximo { $most }

## Treinos e seus pontos de controle.
help-resume-before = retome a partir do anterior com: electroscope train --resume={ $before } --out { $run }
help-no-whole-checkpoint = não resta nenhum ponto de controle inteiro neste treino: comece outro, com outro --out
no-such-checkpoint = não há ponto de controle do passo { $step }
    .help = { $count ->
        [0] não há nenhum
        [one] há o do passo { $steps }
       *[other] há os dos passos { $steps }
    }
not-a-runs-folder = não é a pasta de um treino: não tem checkpoints/
    .help = dê uma pasta criada por electroscope train
run-without-checkpoint = o treino ainda não tem ponto de controle
    .help = um treino escreve um ao terminar, com --stop-after e a cada tantos passos
not-a-moment = { $name } não é m.NOME nem v.NOME
file-missing = falta um arquivo do ponto de controle
file-of-other-length = o arquivo tem { COUNT($held) } bytes, e o ponto de controle escreveu { COUNT($wrote) }
file-of-other-content = o conteúdo não é o que o ponto de controle escreveu (o SHA-256 é outro)
state-of-other-step = seu estado é do passo { COUNT($step) }
checkpoints-keep-changing = os pontos de controle mudam enquanto são lidos
    .help = tente de novo
not-the-optimizers-moments = não é o { $which } do otimizador destas redes: { $mismatch }
statistics-of-another-vocabulary = as contagens de tokens não são de um vocabulário de { $vocab } tokens
state-unreadable = não foi possível ler o estado: { $detail }
checkpoint-is-newer = o ponto de controle tem format_version { $version }; este Electroscope lê até { $known }
    .help = ele foi escrito por um Electroscope mais novo: atualize este
file-outside-checkpoint = ele lista { $name }, que fica fora do seu ponto de controle
folder-in-use = outro Electroscope está treinando nesta pasta
    .help = espere ou pare o outro, ou escolha outra pasta com --out
folder-in-use-by = outro Electroscope (processo { $process }) está treinando nesta pasta
    .help = espere ou pare o outro, ou escolha outra pasta com --out
help-look-without-play = espere por ele ou pare-o; sem --play o app mostra o treino até onde ele chegou
folder-holds-a-run = a pasta já contém um treino
help-resume-or-other-folder = continue-o com: electroscope train --resume --out { $run }; ou escolha outra pasta com --out
help-remove-or-other-folder = não há ponto de controle de onde continuar: remova a pasta, ou escolha outra com --out
run-name-taken = já há um treino com este nome
    .help = escolha outro nome, ou retome-o
run-in-use = outro treino está usando este lugar
    .help = espere ou pare o outro, ou escolha outro nome
no-such-text = não há texto com este nome
    .help = dê o nome de um texto já incluído
no-such-run = esse treino não existe
    .help = comece-o sem --resume
neither-run-nor-model = não é um treino nem um modelo ELECTRA
    .help = espera-se: a pasta de um treino (com checkpoints/), uma pasta com discriminator/ e generator/, ou uma pasta de ELECTRA do Hugging Face (com config.json e model.safetensors)
wrong-network-here = aqui só há um { $found ->
    [discriminator] discriminador
    [generator] gerador
   *[encoder] codificador
}, e é preciso um { $wanted ->
    [discriminator] discriminador
    [generator] gerador
   *[encoder] codificador
}
    .help = dê um treino, uma pasta com discriminator/ e generator/, ou uma pasta de { $architecture }
file-in-place-of-folder = é preciso uma pasta, e isto é um arquivo
    .help = dê a pasta que o contém
no-such-folder = essa pasta não existe
help-download-first = confira o caminho; um modelo do hub do Hugging Face precisa ser baixado antes: hf download { $model } --local-dir { $folder }
stopped-as-asked = parado, como pedido
one-segment-known = packing = segments preenche as linhas em dois segmentos, e estas redes só conhecem um (type_vocab_size = 1)
    .help = treine-as com --set packing=contiguous
gradient-not-finite = passo { COUNT($step) }: o gradiente não é finito; { $culprit }. Nenhum peso foi mudado por ele
non-finite-first-in = primeiro em { $tensor }, em { $kernel } (despacho { $dispatch })
non-finite-sum = cada um dos valores é finito, mas a soma dos quadrados estoura
non-finite-on-device = refeito no processador, ele ficou finito: o erro está no resultado do próprio dispositivo
networks-not-finite-after = depois do passo { COUNT($step) }, o que as redes dizem não é finito
help-lower-rate = comece outro treino com uma taxa menor: --set lr={ $lr }
help-lower-rate-or-init = comece outro treino com uma taxa menor: --set lr={ $lr }; --init { $run } parte dos pesos do último ponto de controle
choices-not-json = não é JSON: { $detail }
choices-not-an-object = é preciso um objeto de kernels e variantes: { $detail }
no-such-kernel = não há kernel "{ $kernel }"
no-such-variant = { $kernel } não tem a variante "{ $variant }", só { $names }
help-kernels-file = --kernels recebe o checkpoints/.../state.json de um treino, ou um arquivo que `electroscope info` indica

## O que se digita.
no-mask-in-text = não há { $mask } em { $text }
    .help = escreva { $mask } onde falta uma palavra, por exemplo "o { $mask } sentou"
text-exceeds-positions = { COUNT($tokens) } tokens com [CLS] e [SEP]; o modelo tem { COUNT($positions) } posições
    .help = corrupt mostra uma linha: dê um texto mais curto
no-word-to-hide = não há palavra que se possa esconder em { $text }
no-room-between-specials = { COUNT($positions) } posições não deixam lugar para um token entre [CLS] e [SEP]
tokenizer-of-another-model = o tokenizador tem { COUNT($entries) } entradas, e a rede { COUNT($vocab) }
    .help = os arquivos do tokenizador são de outro modelo
lies-in-no-folder = não fica em nenhuma pasta
no-tokenizer-files = não há arquivos de tokenizador aqui
engine-not-in-build = o motor { $name } não está nesta compilação
help-build-with-burn = compile com --features burn para usá-lo, ou deixe a opção de fora para usar os kernels escritos à mão
help-engines = os motores são wgsl e burn
burn-trains-in-f32 = precision = f16: o motor Burn treina em f32
    .help = deixe em f32 (--set precision=f32), ou treine em outro lugar: electroscope info diz quais adaptadores oferecem f16
adapter-without-f16 = precision = f16: { $adapter } não oferece shader-f16
    .help = deixe em f32 (--set precision=f32), ou treine em outro lugar: electroscope info diz quais adaptadores oferecem f16
not-an-event = não é um evento: { $detail }
    .help = o registro foi alterado ou danificado: remova esta linha, ou o arquivo, se só as curvas se perderem
display-lost = a tela não existe mais, e com ela a janela. Um treino em andamento guardou seu último passo
    .help = continue-o com: electroscope train --resume
window-died = a janela parou por uma falha própria. Um treino em andamento guardou seu último passo: { $detail }
run-folder-gone = a pasta do treino foi removida ou movida. Ela é criada de novo, sem os pontos de controle que estavam nela
memory-refuses = { $what }: recusado, como num ensaio
memory-was-full = a memória não pôde guardá-los
record-lacks =
    { $what }: faltam { COUNT($count) } eventos:
    { "" }  { $error }
lost-both =
    { $first }
    { "" }  { $second }
report-lost =
    o relatório não foi escrito:
    { "" }  { $error }
run-not-all-written =
    o treino terminou bem, mas nem tudo pôde ser escrito:
    { "" }  { $lost }
    { "" }  { $safe }
run-failed-and-lost =
    { $error }
    { "" }  além disso, nem tudo pôde ser escrito:
    { "" }  { $lost }
steps-lost =
    { $error }
    { "" }  os passos de { COUNT($first) } a { COUNT($last) } se perderam; { $safe }
output-lost = na saída padrão faltam eventos do treino ({ COUNT($count) }): { $detail }
output-unread = seu leitor não aceita mais
cannot-write-results = não foi possível escrever os resultados: { $detail }
result-not-json = um resultado não pode ser escrito em JSON: { $detail }
comparisons-failed = { COUNT($failed) } de { COUNT($comparisons) } comparações falharam { $kind ->
    [graphics] neste dispositivo gráfico
    [software] neste driver, que calcula no processador
   *[processor] no processador
}
help-verify-f16 = só o armazenamento em 16 bits não é confiável aqui: treine com --set precision=f32, e relate as linhas acima
help-verify-device = os números deste dispositivo não são confiáveis: treine com --device cpu, e relate as linhas acima
help-verify-processor = se só uma referência falhou, confira de onde vêm os números dela; senão, treine com outra compilação ou em outra máquina; relate as linhas acima
numbers-not-json = os números não podem ser escritos em JSON: { $detail }
no-text-given = não há texto
    .help = dê-o como argumento, ou um por linha na entrada padrão
cannot-read-typed-text = não foi possível ler o texto: { $detail }
    .help = converta o texto para UTF-8, por exemplo com iconv
report-is-a-folder = --report quer um arquivo, e isto é uma pasta
    .help = dê o nome de um arquivo, como bench.html
no-folder-for-report = essa pasta para --report não existe
    .help = dê o nome de um arquivo, como bench.html

## A janela.
empty-log = o registro está vazio
    .help = o treino terminou antes do primeiro passo?
no-path-typed = nenhum caminho foi digitado
nothing-at-path = não há nada neste caminho
    .help = confira o caminho; caminhos relativos partem da pasta em que o programa foi iniciado
help-use-before = use o anterior: { $before }
resumed-run-keeps-configuration = um treino retomado mantém a própria configuração
    .help = deixe --preset, --config, --set, --minutes, --level e --seed de fora; --steps só pode alongar o treino; para continuar com outras configurações, comece outro treino com --init
minutes-out-of-range = --minutes quer um número acima de 0, no máximo { $most }
configuration-changed = { $key } = { $now }, mas o treino foi feito com { $then }
    .help = ponha o valor de volta; para continuar com outras configurações, comece outro treino com --init
no-run-to-resume = não há treino para retomar
    .help = diga qual é a pasta com --out
run-is-finished = o treino está completo: { COUNT($step) } de { COUNT($planned) } passos
    .help = alongue-o com: electroscope train --resume --out { $run } --steps N, com N acima de { $planned }; ou comece outro treino com as redes dele, com --init { $run }
run-is-further = o treino já deu { COUNT($step) } passos
    .help = dê um --stop-after maior
state-lacks-key = seu state.json não tem um { $key } legível: { $detail }
another-tokenizer = o tokenizador não é o que este treino usou
another-corpus = o corpus não é o que este treino usou
init-with-another-tokenizer = as redes têm um vocabulário de { COUNT($vocab) }, e o tokenizador, { COUNT($have) }
    .help = o tokenizador precisa ser o do treino das redes: ele está na pasta de --init, e --tokenizer não é necessário
init-with-fewer-positions = seq_len = { $seq_len } passa das { COUNT($positions) } posições das redes
    .help = --set seq_len={ $positions }
help-same-text = retome com os mesmos --corpus e --valid; para outro texto, comece outro treino com --init
help-name-text = diga com --corpus qual texto avaliar
networks-not-finite = o que as redes dizem não é finito: o treino saiu dos números
    .help = comece outro treino com uma taxa menor: --set lr=...
no-word-to-hold-out = não há nenhuma palavra no texto a reservar
    .help = dê um arquivo com texto, ou deixe-o de fora: então uma parte do corpus é reservada
no-text-chosen = nenhum texto foi escolhido
    .help = adicione um arquivo ou uma pasta, ou use o texto embutido
seed-not-whole = seed = { $value }: é preciso um número inteiro, 0 ou mais
steps-not-whole = steps = { $value }: é preciso um número inteiro acima de 0
work-ended = este trabalho acabou sem resultado, por um erro deste programa
reader-ended = o leitor do modelo parou
cannot-write-picture = não foi possível escrever a imagem: { $detail }
cannot-open-window = não foi possível abrir a janela: { $detail }
no-x11-display = não há tela X11: o aplicativo desenha pelo XWayland, e DISPLAY não está definido
no-display = não há tela em que abrir uma janela
help-train-without-window = treine pela linha de comando: electroscope train; depois abra o report.html do treino num navegador
recording-damaged = o treino gravado está danificado: { $detail }
cannot-pack-recording = não foi possível comprimir a gravação: { $detail }
no-trainer-thread = não foi possível iniciar a thread do treino: { $detail }
trainer-died = o treino parou no meio do trabalho, por um erro deste programa
    .help = o último ponto de controle está a salvo: retome a partir dele

## As verificações, e o motor que elas verificam.
not-recorded-for-training = o modelo não foi preparado para o treino
no-network-here = não há nenhuma rede aqui
not-a-fixture = não são os números de referência de um passo: { $detail }
batch-lacks = o lote não tem { $name }
ids-not-rows-of-tokens = input_ids não tem a forma linhas × tokens
fixture-without-step = expected.json não lista nenhum passo
outputs-missing = os resultados do passo não voltaram
fixture-of-other-networks = os números de referência incluem { $name }, que redes destes tamanhos não têm
fixture-of-other-shape = { $name }: { $computed } calculado aqui, { $stored } na referência
burn-refuses-device = o Burn não aceita o dispositivo: { $detail }
    .help = use --device cpu, ou deixe --engine burn de fora
burn-failed = o Burn falhou: { $detail }
burn-without-pass = o Burn ainda não executou nenhuma passagem
burn-lacks = o motor Burn não tem { $tensor }

## Uso errado da linha de comando.
usage-argument-unknown = argumento desconhecido: '{ $argument }'
usage-command-unknown = comando desconhecido: '{ $command }'
usage-arguments-missing = faltam argumentos obrigatórios: { $arguments }
usage-argument-twice = o argumento '{ $argument }' foi dado mais de uma vez
usage-arguments-conflict = o argumento '{ $argument }' não pode acompanhar { $other }
usage-value-unknown = o valor '{ $value }' não serve para '{ $argument }'
usage-value-missing = é preciso um valor para '{ $argument }', e não há nenhum
usage-value-refused = o valor '{ $value }' não serve para '{ $argument }': { $why }
help-similar = parecido: '{ $similar }'
help-possible-values = valores possíveis: { $known }
usage-name-is-empty = um nome vazio
usage-not-a-count = é preciso um número inteiro acima de 0
usage-not-a-seed = é preciso um número inteiro de 0 a { $most }
usage-not-above-zero = é preciso um número acima de 0
usage-not-a-share = é preciso um número de 0 a 1
usage-not-a-number-of-threads = é preciso um número de 1 a { $most }
usage-no-run-yet = ainda não há treino em { $folder }: treine um antes
usage-not-a-panel = é preciso um destes: { $known }
usage-not-a-kernel = é preciso o nome de um kernel, como attention.forward
usage-not-a-size = é preciso LxA, como 1280x800, de 200 a 8192

## Lugares que se dizem em palavras.
at-byte = { $file }, no byte { COUNT($byte) }
at-byte-decompressed = { $file }, no byte { COUNT($byte) } do texto descomprimido
at-byte-converted = { $file }, no byte { COUNT($byte) } do texto em UTF-8
at-line = { $file }, linha { COUNT($line) }
at-row = { $file }, linha { COUNT($row) }
at-standard-output = saída padrão
at-standard-input = entrada padrão, linha { COUNT($line) }
at-data-cursor = posição nos dados
