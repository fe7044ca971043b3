# A página sobre um treino: report.html. As palavras do seu script estão em page.ftl.

report-skip = Ir para as curvas
report-portuguese = (português)
report-made-by = Feito pelo Electroscope a partir de metrics.jsonl. Esta página se basta: não carrega nada.

## O resultado numa frase, e o que foi treinado.
report-unmeasured = Este treino ainda não mediu nada
report-auc = Diante de um token substituído e um original, o discriminador acerta qual é qual <em>{ $times } vezes em 100</em>
report-swaps = Diante de uma mesma palavra num lugar errado e no lugar certo, o discriminador acerta qual é qual <em>{ $times } vezes em 100</em>
report-swaps-how = Em { $swaps } lugares do texto reservado uma palavra foi trocada por outra do mesmo tipo. O discriminador detectou { $caught } das palavras trocadas e marcou { $alarms } das certas. Cada palavra aparece tanto em lugares errados quanto em certos, então um discriminador que não lê o que está em volta acerta 50 vezes em 100.
report-nats = O gerador adivinha palavras escondidas com <em>{ $loss } nats</em> por token
report-no-loss = Este treino não deu nenhuma perda
report-trained = Um ELECTRA { $preset } ({ $parameters } parâmetros) aprendeu com { $tokens } tokens de “{ $corpus }”: { $steps } passos{ $time }{ $device }.
report-trained-time = em { $time }
report-trained-device = em { $device }
report-accuracy = Esse número é a AUC, { $auc }: uma moeda tira 0,50, um discriminador perfeito 1,00. A acurácia diz menos: { $share } dos tokens foram substituídos, então responder sempre o mais comum dos dois acerta { $blind }. O discriminador acerta { $accuracy }.
report-auc-says-less = A AUC sobre todos os tokens, { $auc }, diz menos: uma moeda tem 0,50, mas muito disso pode vir só de saber que palavras o gerador substitui mais. A acurácia diz menos ainda: { $share } dos tokens foram substituídos, então responder sempre o mais comum acerta { $blind } deles. O discriminador acerta { $accuracy }.

## Onde está o treino.
report-completed = Treino completo
report-failed = Falhou:
report-stopped = Parado no passo { $place }; --resume continua daqui
report-unfinished = Não terminado quando isto foi escrito: passo { $place }
report-step-of-planned = { $step } de { $planned }
report-warnings = O que vale olhar
report-warning-step = Passo { $step }

## Quatro números, cada um ao lado do que precisa vencer.
report-cards = Quanto ele enxerga
report-cards-training = No último passo de treino.
report-cards-held-out = No texto reservado, com máscaras fixas e substituições sorteadas pelo gerador atual.
report-card-auc = Discriminador: AUC
report-card-auc-scale = o acaso dá 0,50 (a marca), o perfeito 1,00
report-card-swaps = Discriminador: palavras trocadas
report-card-swaps-caught = a mesma palavra no lugar errado contra o lugar certo: o acaso dá 0,50 (a marca); ele detecta { $caught } das erradas
report-card-judge = Discriminador: perda
report-card-judge-below = { $by } abaixo de { $bound }, que é o que só a taxa de base dá
report-card-judge-above = { $by } acima de { $bound }, que é o que só a taxa de base dá
report-card-generator = Gerador: perda
report-card-generator-alone = nats por token mascarado
report-card-generator-bound = nats por token; só contar palavras dá { $bound }
report-card-generator-hits = ; { $hits } das amostras são o original
report-card-caught = Discriminador: detectados
report-card-caught-right = dos tokens substituídos; quando acusa, acerta { $right } das vezes
report-card-caught-none = dos tokens substituídos: ainda não acusa nada

## O que o script preenche.
report-no-script = As curvas e os instantâneos precisam de JavaScript; os números estão nas tabelas abaixo.
report-readouts = O que o discriminador diz, palavra por palavra
report-readouts-about = O gerador preenche as posições mascaradas destas frases; o discriminador lê cada token. Percorra o treino e escolha um token.
report-curves = Curvas
report-curves-about = Fino: cada passo como medido. Grosso: a média dos passos vizinhos. Losangos: texto reservado. Aponte para uma curva, ou use as setas do teclado nela; clique para levar as frases acima até aquele passo.
report-verdicts = Acertos e erros
report-verdicts-about = A última avaliação, com limiar de um meio. Preenchimento e tokens especiais não contam.
report-next = Agora experimente

## Tabelas.
report-tables = Os números das curvas
report-table-held-out = Texto reservado
report-table-training = Passos de treino
report-table-step = passo
report-settings = Configuração
report-fact-checkpoint = último ponto de controle
report-fact-parameters = parâmetros
report-fact-judge = do discriminador
report-fact-generator = do gerador
report-fact-rows = linhas por passo × tokens por linha
report-fact-vocabulary = vocabulário
report-fact-unknown = tokens desconhecidos
report-fact-dispatches = despachos por passo
report-fact-memory = pico de memória
report-fact-arenas = arenas
report-fact-engine = motor
report-fact-seed = semente
report-fact-device = dispositivo
report-readouts-tests = Nas últimas frases nenhum gerador participou: o próprio programa pôs ali outra palavra, como teste.
