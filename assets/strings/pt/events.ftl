# O que um treino conta de si mesmo: o dispositivo que usa, a preparação, os avisos.

plain = { $text }

## Por que este dispositivo.
device-asked-for = foi pedido
device-best-hardware = o melhor adaptador de hardware
device-best = o melhor adaptador que há
device-named = seu nome contém "{ $name }"
device-none-found = nenhum adaptador de GPU foi encontrado
device-only-software = nenhum adaptador de hardware foi encontrado, só { $names } (--device gpu o usa)
device-refused = { $adapter }: { $why }

## O que se faz antes do primeiro passo.
measuring-kernels = medindo quais kernels são os mais rápidos em { $adapter } (só uma vez)
counting-words = treinando um tokenizador: contando palavras
joining-pieces = treinando um tokenizador: unindo pedaços
turning-text-into-tokens = transformando o texto em tokens
cache-built-again = o cache de tokens foi refeito: { $why }
cache-kept-with-run = { $dir } não pode guardar o cache de tokens ({ $why }); ele fica em { $place }
cache-kept-in-memory = { $dir } não pode guardar o cache de tokens ({ $why }); ele fica na memória
resume-newest = retomando { $run }, o treino que foi iniciado por último
resume-others = outros treinos inacabados: { $runs }{ $more ->
    [0] { "" }
   *[other] { " e mais " }{ COUNT($more) }
} (--out PASTA retoma um deles)
run-skipped = uma pasta foi deixada de lado: { $why }
fewer-threads = o sistema dá só { $threads } de { $wanted } threads (ulimit -u diz o limite)

## O que o monitor vê nos números de um treino.
non-finite =
    uma perda ou o gradiente não é um número finito no passo { COUNT($step) }: nenhuma atualização é feita com ele. Um lr menor costuma resolver
loss-diverging =
    a perda está subindo: gerador { NUMBER($mlm, maximumFractionDigits: 2) } (melhor { NUMBER($best_mlm, maximumFractionDigits: 2) }), discriminador { NUMBER($rtd, maximumFractionDigits: 2) } (melhor { NUMBER($best_rtd, maximumFractionDigits: 2) }). Tente um lr menor ou um warmup mais longo
generator-collapsed =
    o gerador colapsou: { NUMBER($top, style: "percent") } das suas amostras são o mesmo token, e o discriminador só aprende a reconhecê-lo. Tente um lr menor
generator-stuck =
    o gerador não aprende: sua perda fica em { NUMBER($mlm, maximumFractionDigits: 2) }, acima de { NUMBER($unigram, maximumFractionDigits: 2) }, que a contagem de palavras já dá. Tente outro lr e veja se o tokenizador serve para o texto
generator-too-strong =
    o gerador ficou forte demais: { NUMBER($hits, style: "percent") } das suas amostras são o original, poucos tokens são substituídos, e a AUC do discriminador caiu de { NUMBER($best, maximumFractionDigits: 2) } para { NUMBER($auc, maximumFractionDigits: 2) }. Tente um gerador menor ou um mask_prob maior
judge-at-base-rate =
    depois de { NUMBER($millions, maximumFractionDigits: 1) } M de tokens o discriminador ainda não supera a taxa de base (AUC { NUMBER($auc, maximumFractionDigits: 2) }; o acaso dá 0,50). Substituições mais fáceis no começo, linhas mais curtas ou um treino mais longo podem ajudar
judge-blind-to-context =
    depois de { NUMBER($millions, maximumFractionDigits: 1) } M de tokens o discriminador sabe quais palavras são muito substituídas, e não o que está em volta delas: sua AUC é { NUMBER($auc, maximumFractionDigits: 2) }, mas uma mesma palavra num lugar errado só fica acima de si mesma no lugar certo em { NUMBER($swaps, style: "percent") } das vezes (o acaso dá 50%). Um treino mais longo, sem dropout, um rtd_weight menor ou linhas mais curtas podem ajudar

## O que um treino conta do próprio trabalho.
checkpoint-not-written =
    o ponto de controle não pôde ser escrito. O treino continua, e ele será tentado de novo em breve; { $safe }.
    { "" }  detalhes: { $error }
checkpoint-waits-for-room =
    { $error }
    { "" }  o treino terminou, e seus últimos passos só estão na memória. Libere espaço: por { $minutes } minutos o ponto de controle é tentado a cada segundo. Ctrl-C desiste
not-written =
    não é possível escrever { $what }. O treino continua; o que falta espera na memória e será escrito assim que possível
    { "" }  { $error }
written-again = { $what }: a escrita foi retomada, e nada falta
written-again-with-gap = { $what }: a escrita foi retomada. Eventos que a memória não pôde mais guardar faltam: { COUNT($count) }
memory-holds-no-more = { $what }: a escrita continua impossível, e a memória guarda { COUNT($count) } eventos: de agora em diante os mais antigos são descartados
output-full = { $what } não é lida nem escrita há tanto tempo que a memória não guarda mais eventos seus: de agora em diante os mais antigos são descartados
record-events = o registro do treino (metrics.jsonl)
record-numbers = o arquivo para o TensorBoard
record-configuration = a configuração do treino (config.toml)
record-checkpoint = o ponto de controle do passo { COUNT($step) }
record-report = o relatório
record-checkpoints = um ponto de controle
record-stream = o arquivo de eventos (--events)
record-output = a saída padrão
checkpoint-is-safe = o ponto de controle do passo { COUNT($step) } está a salvo
no-checkpoint-yet = ainda não há ponto de controle
corpus-gone =
    { $path }: o texto não está mais lá. Este treino continua com o cache de tokens; para retomá-lo depois, devolva o texto
checkpoint-set-aside = um ponto de controle posterior ao passo { COUNT($step) }, de antes da retomada, foi guardado à parte: { $path }
f16-on-cpu = precision = f16 no processador poupa memória e não tempo: os números são convertidos em cada kernel
text-is-short = o texto é curto para este modelo. Seu tamanho em tokens: { COUNT($tokens) }. A cada uma das { COUNT($entries) } entradas do vocabulário cabem cerca de { COUNT($each) }, e o treino lê o texto { COUNT($passes) } vezes. As redes vão decorá-lo em vez de aprender a língua. Dê pelo menos { COUNT($wanted) } tokens, ou use um vocabulário menor (vocab_size) e menos passos
text-is-short-for-vocabulary = o texto é curto para este modelo. Seu tamanho em tokens: { COUNT($tokens) }. A cada uma das { COUNT($entries) } entradas do vocabulário cabem cerca de { COUNT($each) }. Dê pelo menos { COUNT($wanted) } tokens, ou use um vocabulário menor (vocab_size)
text-is-read-often = o treino lê o seu texto de { COUNT($tokens) } tokens { COUNT($passes) } vezes; depois de umas 40 vezes quase nada resta para aprender dele. Dê mais texto ({ COUNT($wanted) } tokens para tantos passos), ou menos passos
run-extended = o treino tinha { COUNT($from) } passos planejados e segue até { COUNT($to) }: a partir do passo { COUNT($step) } a taxa de aprendizado e a temperatura das amostras são as de um treino de { COUNT($to) } passos
run-moved = a execução foi treinada em { $then } e continua em { $now }: não será igual até o último bit
other-kernels = a execução continua com outros kernels: não será igual até o último bit
size-kept = { $name } = { $is } (não { $asked })
sizes-kept = as redes de --init mantêm os próprios tamanhos: { $sizes }

## De que um comando avisa.
text-beyond-trained-positions = { COUNT($tokens) } tokens com [CLS] e [SEP], mas o modelo foi treinado com linhas de { COUNT($trained) }: o que ele diz a partir do token { COUNT($first) } vem de posições nunca treinadas; dê textos mais curtos
positions-untrained = o modelo tem { COUNT($positions) } posições, mas foi treinado com linhas de { COUNT($row_len) } tokens: as posições a partir de { COUNT($row_len) } não foram treinadas, então dê textos de no máximo { COUNT($row_len) } tokens
fewer-entries-than-asked = o vocabulário tem { COUNT($entries) } entradas em vez das { COUNT($wanted) } pedidas: { $why }
fewer-because-of-single-characters = a maioria das palavras deste texto são caracteres isolados, como em chinês, e esses nunca são unidos ({ COUNT($characters) } caracteres têm uma entrada)
fewer-because-no-pair-is-left = nenhum par de pedaços das palavras aparece mais de uma vez lado a lado ({ COUNT($characters) } caracteres têm uma entrada)
unknown-tokens = o tokenizador não conhece { NUMBER($share, style: "percent", maximumFractionDigits: 1) } dos tokens, com { NUMBER($chars, style: "percent", maximumFractionDigits: 1) } dos caracteres ([UNK]): { $why }. Tente isto: { $advice }
unknown-tokens-held-out = o tokenizador não conhece { NUMBER($share, style: "percent", maximumFractionDigits: 1) } dos tokens reservados ([UNK]), embora conheça o texto de treino. Confira se os dois estão na mesma língua
unknown-long-words = a maioria está em palavras de mais de 100 caracteres, que nunca são cortadas em pedaços
unknown-rare-characters = eles têm caracteres que faltam no vocabulário
unknown-of-other-text = eles têm caracteres que faltam no vocabulário, feito para outro texto
advice-break-words = ponha espaços entre as palavras, como faz um segmentador da língua, ou tire as linhas que não são texto
advice-cover-characters = cubra mais caracteres, com um character_coverage mais alto e um vocab_size maior
advice-own-tokenizer = use um tokenizador para esta língua e esta escrita, por exemplo um treinado neste texto
corpus-and-unknown = { $corpus } ({ NUMBER($share, style: "percent", maximumFractionDigits: 1) } desconhecidos)
vocabulary-padded = as redes têm { COUNT($rows) } linhas de embeddings de palavras, e o tokenizador tem { COUNT($words) } entradas: as últimas { COUNT($beyond) } linhas ficam como estão e nunca são propostas
tensors-unwrapped = os nomes dos tensores começam com { $prefix }, como os escreve um invólucro da rede; este prefixo é tirado
tied-head-differs = { $tensor } difere dos embeddings das palavras (em até { $gap }): aqui os dois são um só tensor, e valem os embeddings das palavras
networks-differ-in-epsilon = layer_norm_eps difere: discriminador { $discriminator }, gerador { $generator }; os embeddings compartilhados usam o do discriminador
networks-differ-in-padding = pad_token_id difere: discriminador { $discriminator }, gerador { $generator }; vale o do discriminador
no-id = nenhum
shared-tensors-differ = as duas redes compartilham os embeddings, mas estes diferem, e valem os do discriminador para as duas: { $tensors }
tensor-gap = { $name } (em até { $gap })

## O texto embutido, pelo seu nível.
corpus-built-in = { $level ->
    [first-steps] texto embutido, primeiros passos
   *[stories] texto embutido, histórias
}

## Para que serve uma predefinição.
preset-nano = o primeiro minuto, o navegador, testes
preset-tiny = ensino, num notebook
preset-mini = o seu próprio texto, numa noite
preset-small = o ELECTRA-Small do artigo
preset-base = o ELECTRA-Base do artigo, numa estação de trabalho

## O que é feito de cada arquivo de um corpus.
corpus-file-train = treino     { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB, { $form }; { $why })
corpus-file-held-out = reservado  { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB, { $form }; { $why })
corpus-file-skipped = ignorado   { $path }  ({ $why })
corpus-files-counted = arquivos: { COUNT($train) } para o treino, { COUNT($held_out) } reservados, { COUNT($skipped) } ignorados
file-and-reason = { $path } ({ $why })
form-text = texto
form-articles = artigos do WikiExtractor
form-json-lines = linhas JSON, campo "{ $field }"
form-json = JSON, campo "{ $field }"
form-json-strings = textos em JSON
form-table = tabela, coluna "{ $field }"
form-parquet = parquet, coluna "{ $field }"
form-utf16 = { $form }, UTF-16
form-packed = { $form }, { $packing }
role-as-given = indicado pelo nome
role-held-out-as-given = indicado como texto reservado
role-no-word = nenhum nome diz que está reservado
word-of-file = "{ $word }" no nome
word-of-folder = "{ $word }" no nome da pasta
skipped-note = uma nota sobre os dados
skipped-other-kind = arquivos que terminam em .{ $ending } não têm corpus
skipped-empty = vazio
skipped-replaced = { $why }: reservado, e --valid o substitui
skipped-for-judging = { $why }: guardado para avaliação, nunca se treina com ele
skipped-twice = já está na lista
skipped-held-out = reservado: { $why }
files-not-read = { $count ->
    [one] um arquivo não pôde ser lido e fica de fora: { $files }
   *[other] { COUNT($count) } arquivos não puderam ser lidos e ficam de fora, como { $files }
}
documents-without-text = { $count ->
    [one] um documento não tem texto (campo vazio ou nulo, ou nenhuma palavra) e fica de fora
   *[other] { COUNT($count) } documentos não têm texto (campo vazio ou nulo, ou nenhuma palavra) e ficam de fora
}
held-out-text-is-trained-on = de { COUNT($of) } documentos reservados, { COUNT($held_out) } { $held_out ->
    [one] está
   *[other] estão
} também no texto de treino ({ COUNT($training) } vezes): o que se mede neles foi decorado. Tire-os de um dos dois textos

## O que `verify` compara: as séries, e o que se compara em cada uma.
suite-kernels = kernels (o erro como parte da tolerância)
suite-kernels-f16 = kernels, precision = f16 (o erro como parte da tolerância)
suite-finite-differences = diferenças finitas
suite-repeatability = os mesmos passos duas vezes
suite-twins = passos comparados com os gêmeos
suite-twins-f16 = passos comparados com os gêmeos, precision = f16
suite-fixture = referência { $name }
suite-fixture-f16 = referência { $name }, precision = f16
suite-fixture-burn = referência { $name }, com Burn
suite-burn = comparado com Burn: { $what }
burn-case-reference = o AdamW da referência
burn-case-clipping = correção de viés, corte por grupo
burn-case-micro-batches = microlotes
burn-case-mlm = só palavras mascaradas
compared-at-step = passo { $step }: { $what }
compared-twice = passo { $step }: igual nas duas vezes
compared-with-variant = variante { $number }: { $what }

## O que está errado num kernel que difere do seu gêmeo.
parity-no-case = { $kernel } ({ $variant }): nenhum caso o executa
parity-place = { $kernel } ({ $variant }), despacho { $dispatch } de { $case }: { $what }
parity-unwritten = { $place }[{ $at }]: o gêmeo não escreveu ali
parity-wrong = { $place }[{ $at }]: obtido { $got }, esperado { $want }, { NUMBER($share, maximumFractionDigits: 3) } da tolerância
parity-float = { SCIENTIFIC($value) } ({ $bits })
parity-whole = { $value } ({ $bits })
parity-half-word = { $place }: a meia palavra depois do último elemento mudou
parity-strayed = { $place }: o elemento { $at } do buffer mudou, e nenhum intervalo escrito o cobre

## Como as mensagens se juntam.
listed = { $first }, { $second }
joined = { $first } e { $second }
one-and-another = { $first }; { $second }

## Uma frase para experimentar um modelo, onde o treino não tem uma sua.
example-text = o cachorro roeu o osso
