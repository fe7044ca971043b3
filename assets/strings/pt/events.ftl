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

## O que o monitor vê nos números de um treino.
non-finite =
    uma perda ou o gradiente não é um número finito no passo { $step }: nenhuma atualização é feita com ele. Um lr menor costuma resolver
loss-diverging =
    a perda está subindo: gerador { NUMBER($mlm, maximumFractionDigits: 2) } (melhor { NUMBER($best_mlm, maximumFractionDigits: 2) }), discriminador { NUMBER($rtd, maximumFractionDigits: 2) } (melhor { NUMBER($best_rtd, maximumFractionDigits: 2) }). Tente um lr menor ou um warmup mais longo
generator-collapsed =
    o gerador colapsou: { NUMBER($top, style: "percent") } das suas amostras são o mesmo token, e o discriminador só aprende a reconhecê-lo. Tente um lr menor
generator-stuck =
    o gerador não aprende: sua perda fica em { NUMBER($mlm, maximumFractionDigits: 2) }, acima de { NUMBER($unigram, maximumFractionDigits: 2) }, que a contagem de palavras já dá. Tente outro lr e veja se o tokenizador serve para o texto
generator-too-strong =
    o gerador ficou forte demais: { NUMBER($hits, style: "percent") } das suas amostras são o original, poucos tokens são substituídos, e a AUC do discriminador caiu de { NUMBER($best, maximumFractionDigits: 2) } para { NUMBER($auc, maximumFractionDigits: 2) }. Tente um gerador menor ou um mask_prob maior
judge-at-base-rate =
    depois de { NUMBER($millions, maximumFractionDigits: 1) } M de tokens o discriminador ainda não supera a taxa-base (AUC { NUMBER($auc, maximumFractionDigits: 2) }; o acaso dá 0,50). Substituições mais fáceis no começo, linhas mais curtas ou um treino mais longo podem ajudar

## O que um treino conta do próprio trabalho.
checkpoint-not-written =
    o ponto de controle não pôde ser escrito. O treino continua, e o próximo será tentado; { $safe }.
    { "" }  detalhes: { $error }
checkpoint-is-safe = o ponto de controle do passo { $step } está a salvo
no-checkpoint-yet = ainda não há ponto de controle
corpus-gone =
    { $path }: o texto não está mais lá. Este treino continua com o cache de tokens; para retomá-lo depois, devolva o texto
checkpoint-set-aside = um ponto de controle posterior ao passo { $step }, de antes da retomada, foi guardado à parte: { $path }
f16-on-cpu = precision = f16 no processador poupa memória e não tempo: os números são convertidos em cada kernel
text-is-short = o texto é curto para este modelo: { $tokens } tokens, e assim cada uma das { $entries } entradas do vocabulário ocorre só umas { $each } vezes, e o treino lê o texto { $passes } vezes. As redes vão decorá-lo em vez de aprender a língua. Dê pelo menos { $wanted } tokens, ou use um vocabulário menor (vocab_size) e menos passos
text-is-read-often = o treino lê o seu texto de { $tokens } tokens { $passes } vezes; depois de umas 40 vezes quase nada resta para aprender dele. Dê mais texto ({ $wanted } tokens para tantos passos), ou menos passos
run-extended = o treino tinha { $from } passos planejados e segue até { $to }: a partir do passo { $step } a taxa de aprendizado é a de um treino de { $to } passos
run-moved = a execução foi treinada em { $then } e continua em { $now }: não será igual até o último bit
other-kernels = a execução continua com outros kernels: não será igual até o último bit
sizes-kept = as redes de --init mantêm os próprios tamanhos: { $sizes }

## De que um comando avisa.
text-beyond-trained-positions = { $tokens } tokens com [CLS] e [SEP], mas o modelo foi treinado com linhas de { $trained }: o que ele diz a partir do token { $first } vem de posições nunca treinadas; dê textos mais curtos
positions-untrained = o modelo tem { $positions } posições, mas foi treinado com linhas de { $row_len } tokens: as posições a partir de { $row_len } não foram treinadas, então dê textos de no máximo { $row_len } tokens
fewer-entries-than-asked = o texto dá só { $entries } das { $wanted } entradas pedidas
tied-head-differs = { $tensor } difere dos embeddings das palavras (em até { $gap }): aqui os dois são um só tensor, e valem os embeddings das palavras
networks-differ-in-epsilon = layer_norm_eps difere: discriminador { $discriminator }, gerador { $generator }; os embeddings compartilhados usam o do discriminador
networks-differ-in-padding = pad_token_id difere: discriminador { $discriminator }, gerador { $generator }; vale o do discriminador
no-id = nenhum
shared-tensors-differ = as duas redes compartilham os embeddings, mas estes diferem, e valem os do discriminador para as duas: { $tensors }
tensor-gap = { $name } (em até { $gap })

## O que é feito de cada arquivo de um corpus.
corpus-file-train = treino     { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB)
corpus-file-held-out = reservado  { $path }  ({ NUMBER($megabytes, maximumFractionDigits: 1) } MB)
corpus-file-skipped = ignorado   { $path }  ({ $why })
file-and-reason = { $path } ({ $why })
skipped-note = uma nota sobre os dados
skipped-other-kind = não é txt, gz, jsonl nem parquet
skipped-empty = vazio
skipped-replaced = --valid o substitui
skipped-for-judging = guardado para avaliação: nunca se treina com dev.* e test.*
skipped-twice = já está na lista
skipped-held-out = reservado

## Como as mensagens se juntam.
listed = { $first }, { $second }
joined = { $first } e { $second }
one-and-another = { $first }; { $second }

## Uma frase para experimentar um modelo, onde o treino não tem uma sua.
example-text = o cachorro roeu o osso
