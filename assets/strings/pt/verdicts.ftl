verdicts-heading = Vereditos
verdicts-none = Ainda não há avaliação em texto reservado. Pressione “Treinar”: depois da primeira, o que o discriminador detectou ou deixou passar é contado aqui.
verdicts-none-replaying = A gravação ainda não chegou à primeira avaliação em texto reservado.
verdicts-none-live = Ainda não há avaliação em texto reservado. Uma virá sozinha; “Avaliar agora” não espera por ela.
verdicts-evaluate = Avaliar agora
verdicts-no-counts = Esta avaliação foi gravada sem suas contagens.
verdicts-held-out = Texto reservado fica fora do treino: o que o discriminador diz dele não pode ter decorado.
verdicts-summary = As palavras do próprio gerador em texto reservado, passo { $step }: { $tokens ->
    [one] { $tokens } token
   *[other] { $tokens } tokens
}, { $replaced } substituídos
verdicts-context = O discriminador conhece o contexto?
verdicts-context-swaps = Em { $swaps } lugares do texto reservado uma palavra foi trocada por outra do mesmo tipo. O discriminador detecta { $caught } das palavras trocadas e marca { $alarms } das certas. Diante de uma mesma palavra num lugar errado e no lugar certo, ele diz qual é qual { $times } vezes em 100 (50 seria puro chute).
verdicts-context-why = A AUC abaixo não diz isso. Um discriminador chega a 0,95 só por saber que tipos de palavra o gerador substitui, sem ler o que está em volta. Aqui cada palavra aparece tanto em lugares errados quanto em certos, então só o contexto ajuda.
verdicts-context-parts = Por tipo de palavra
verdicts-context-part = { $part } ({ $swaps })
verdicts-swaps-axis = A barra vai de adivinhar (0,50) a perfeito (1,00). A porcentagem diz quantas das palavras trocadas o discriminador detectou.
verdicts-context-rules = { $ceiling } das substituições do gerador em frases novas são claramente erradas, e o discriminador detectou { $caught } delas. As outras { $fits } cabem tão bem quanto o original, ou a frase não mostra qual palavra está errada; destas ele marcou { $flagged }.
verdicts-context-rules-all = Cada substituição do gerador em frases novas é claramente errada, e o discriminador detectou { $caught } delas.
verdicts-context-ceiling = Uma substituição é claramente errada se quebra uma regra e a frase não pode ser consertada sem mudá-la. Nas frases das outras, nenhum leitor poderia ter certeza da palavra.
verdicts-threshold = limiar
verdicts-fixed = Gravado só em 0,5; numa execução ao vivo o limiar se move.
verdicts-row-replaced = foi substituído
verdicts-row-original = era original
verdicts-column-replaced = diz: substituído
verdicts-column-original = diz: original
verdicts-caught = detectado
verdicts-missed = não detectado
verdicts-false-alarm = alarme falso
verdicts-passed = aceito com razão
verdicts-cell = { $kind }: { $count }, { $share } da linha
verdicts-cell-hint = Mostrar alguns destes tokens no texto
verdicts-examples = Alguns tokens: { $kind }
verdicts-examples-none = Tokens no texto vêm com as avaliações de uma execução ao vivo.
verdicts-examples-empty = Nenhum dos tokens guardados cai aqui com este limiar.
verdicts-in-place = no lugar de “{ $original }”
verdicts-lucky = acerto do gerador
verdicts-rates = Em texto reservado. Revocação: { $recall } dos tokens substituídos são detectados. Precisão: { $precision } dos alarmes estão certos.
verdicts-accuracy = Acurácia { $accuracy }. Dizer sempre “original”, sem ler, consegue { $base }: a linha vertical.
verdicts-harder = No passo { $step } eram { $replaced }. O gerador melhorou: há menos substituições, e mais difíceis de achar.
verdicts-roc = ROC em texto reservado, AUC { $auc }
verdicts-roc-axes = revocação, pela parte dos originais que causa alarme falso; tracejado: palpite
verdicts-pr = Precisão e revocação, texto reservado
verdicts-pr-axes = precisão, pela revocação; tracejado: a taxa de base
verdicts-reliability = Confiabilidade em texto reservado, erro { $error }
verdicts-reliability-axes = parte de fato substituída, pela chance que o discriminador deu; tracejado: ele é fiel ao que diz
verdicts-bin = { $tokens ->
    [one] { $tokens } token
   *[other] { $tokens } tokens
}: o discriminador disse { $said } em média, { $share } tinham sido substituídos
