kernels-heading = Kernels
kernels-lesson = Um passo de treino é uma lista de programas pequenos, os kernels, executados um depois do outro sobre tabelas de números. Esta é a lista inteira: nada mais acontece.
kernels-none = Pressione “Treinar”: cada kernel do passo aparece aqui, com o código ao lado.
kernels-none-kept = Aperte “Medir”: cada kernel do passo aparece aqui com o seu tempo e o seu código. Os pesos ficam como estão.
kernels-summary = Um passo de treino desta execução são { $dispatches } despachos em { $device }; a execução ocupa { $memory } de memória no máximo.
kernels-whole = Um passo desta execução em { $device }: { $dispatches } despachos, pelo menos { $bytes } movidos, { $flops }. Outro dispositivo pode cortar o mesmo trabalho em outro número de despachos.
kernels-measured = Cronometrado no passo { $step } desta execução, em { $steps ->
    [one] { $steps } passo
   *[other] { $steps } passos
}, com { $clock }: { $time } por passo.
kernels-clock-timestamps = as marcas de tempo do próprio dispositivo
kernels-clock-processor = o relógio do processador
kernels-roofs = O dispositivo no seu melhor, também medido: { $copy } GB/s copiando na memória (caches são mais rápidos), { $product } GFLOP/s num grande produto de matrizes.
kernels-measure = Medir
kernels-measure-hint = Cronometra os próximos passos, kernel por kernel. Eles treinam como os outros, um pouco mais devagar.
kernels-measure-live = Não há pesos à mão para cronometrar: aperte “Treinar” antes.
kernels-measuring = Medindo…
kernels-order-step = Na ordem
kernels-order-kernel = Por kernel
kernels-stage-time = { $dispatches ->
    [one] { $dispatches } despacho
   *[other] { $dispatches } despachos
} · { $share } do tempo
kernels-stage-flops = { $dispatches ->
    [one] { $dispatches } despacho
   *[other] { $dispatches } despachos
} · { $share } das contas
kernels-times = { $count ->
    [one] { $count } vez
   *[other] { $count } vezes
} por passo
kernels-launch = { $workgroups } grupos de trabalho; variante “{ $variant }”{ $runs ->
    [one] .
   *[other] ; roda { $runs } vezes por passo.
}
kernels-heaviest = O mais pesado dos { $count } despachos:
kernels-reads = lê
kernels-writes = escreve
kernels-reads-writes = lê e escreve
kernels-of-copy = { $reached } GB/s: { $share } do que uma cópia alcança
kernels-of-product = { $reached } GFLOP/s: { $share } do que um produto de matrizes grande alcança
kernels-no-source = Este kernel não tem código aqui.
kernels-wgsl = Shader (WGSL), para a GPU
kernels-rust = O gêmeo (Rust), para o processador
kernels-copy = Copiar
kernels-whole-text = Todas as { $lines } linhas
kernels-page = Só a página do kernel
kernels-copy-hint = Copiar o código de { $kernel }
kernels-stage-mask = Mascarar
kernels-stage-propose = Propor
kernels-stage-replace = Substituir
kernels-stage-judge = Julgar
kernels-stage-backward = Retropropagar
kernels-stage-update = Atualizar
kernels-stage-other = Fora do passo
kernels-about-stage-mask = O lote chega com alguns tokens escondidos; os gradientes do passo anterior são apagados.
kernels-about-stage-propose = O gerador, um transformer pequeno, lê o texto mascarado e sorteia um token para cada lugar escondido.
kernels-about-stage-replace = Os tokens sorteados são escritos no texto. O que difere do original é o que o discriminador precisa achar.
kernels-about-stage-judge = O discriminador, o transformer que fica, lê cada token e diz: original ou substituído?
kernels-about-stage-backward = As duas perdas voltam por todas as camadas: cada peso aprende para que lado teria sido melhor. Custa cerca de duas vezes o caminho de ida.
kernels-about-stage-update = O gradiente é medido, cortado, e move cada peso um pouco.
kernels-about-stage-other = Roda fora do passo de treino.
kernels-about-attention-forward = Autoatenção: cada token compara sua consulta com todas as chaves, um softmax transforma as notas em partes, e o token leva essa mistura dos valores. É o único lugar em que os tokens olham uns para os outros.
kernels-about-attention-backward = O gradiente das consultas, das chaves e dos valores: quem olhou aprende com o que viu, e quem foi olhado com todos que olharam. As notas são calculadas de novo em vez de guardadas: uma tabela de todos os pares de tokens custaria mais memória do que tempo.
kernels-about-corrupt-replace = Escreve os tokens sorteados no texto e rotula o que difere do original. Um acerto por sorte não é falso: conta como original. Nenhum gradiente passa por aqui, e por isso não é uma GAN.
kernels-about-embed-forward = Busca a linha de cada token na tabela de embeddings e soma a linha da posição: palavras viram vetores, os únicos números que a rede vê.
kernels-about-embed-backward-word = Dá à linha de cada palavra a soma dos gradientes de todos os lugares em que ela estava.
kernels-about-embed-backward-position = O mesmo para a tabela de posições: uma linha para cada lugar de um texto.
kernels-about-embed-backward-type = Parte do gradiente da tabela de segmentos, que distingue um primeiro texto de um segundo.
kernels-about-cast-narrow = Copia os pesos na metade dos bytes, para os produtos lerem.
kernels-about-fill-zero = Apaga uma tabela: os gradientes de um passo começam do zero.
kernels-about-gather-forward = Separa os vetores dos lugares escondidos: o gerador não é avaliado em nenhum outro.
kernels-about-gather-backward = Devolve os gradientes dos lugares escondidos para onde vieram, e nada aos demais.
kernels-about-gelu-backward = Passa o gradiente pela GELU, onde nenhum produto de matrizes está lá para levá-lo.
kernels-about-layernorm-forward = Leva o vetor de cada token a média 0 e variância 1, depois o escala e desloca com pesos aprendidos, para que nenhuma camada afogue as outras.
kernels-about-layernorm-forward-residual = Soma o resultado de uma subcamada ao que entrou nela, o caminho residual, e normaliza: uma camada só precisa aprender uma correção.
kernels-about-layernorm-backward = Passa o gradiente por uma normalização e soma, em blocos de tokens, como a escala e o deslocamento dela devem mudar.
kernels-about-layernorm-backward-residual = Passa o gradiente pela normalização e pela junção residual: ele segue pelos dois caminhos, sem perder nada no curto. A escala e o deslocamento recebem o seu, somado em blocos de tokens.
kernels-about-matmul-forward = Uma camada linear: cada saída é uma soma ponderada de todas as entradas, mais um viés. Quase todas as contas de um transformer são isto.
kernels-about-matmul-forward-gelu = Uma camada linear e sua ativação de uma vez: a metade larga do bloco feed-forward. Sem a curva da GELU, todas as camadas juntas seriam uma só matriz.
kernels-about-matmul-backward-input = Leva o gradiente de volta por uma camada linear até o que entrou: os mesmos pesos, lidos ao contrário.
kernels-about-matmul-backward-input-partial = De volta por uma camada linear, sobre uma parte das suas saídas: somas sobre um vocabulário inteiro são cortadas assim para que o dispositivo inteiro tenha trabalho.
kernels-about-matmul-backward-input-add = De volta por uma camada linear, somado a um gradiente que chegou ao mesmo lugar por outro caminho.
kernels-about-matmul-backward-input-gelu = De volta pela segunda metade do bloco feed-forward e pela GELU antes dela, de uma vez.
kernels-about-matmul-backward-weight = O gradiente de uma matriz de pesos: para cada peso, o que entrou vezes o que devia mudar depois, somado sobre todos os tokens do lote. O viés recebe a sua soma no caminho.
kernels-about-matmul-backward-weight-partial = O mesmo sobre uma parte dos tokens: matrizes pequenas são cortadas assim para que o dispositivo inteiro tenha trabalho.
kernels-about-optimizer-norm-partial = Eleva ao quadrado e soma um bloco do gradiente: parte do seu tamanho.
kernels-about-optimizer-norm-finish = O tamanho do gradiente, pelo qual ele é cortado. Se não for um número, toda atualização seguinte é parada antes que estrague os pesos.
kernels-about-optimizer-adamw = AdamW: cada peso anda contra a média dos seus gradientes recentes, dividida pelo tamanho usual deles, e encolhe um pouco.
kernels-about-reduce-rows-sum = Junta as partes de uma soma que foi cortada em pedaços, numa ordem fixa.
kernels-about-reduce-rows-add = Junta o que foi somado bloco a bloco, numa ordem fixa: somas de números arredondados dependem da ordem, e uma execução precisa se repetir bit a bit.
kernels-about-reduce-rows-add-pair = O mesmo para dois gradientes de uma vez: um peso e o seu viés, ou a escala e o deslocamento de uma normalização.
kernels-about-reduce-rows-add-pairs = O mesmo para dois desses pares que nada têm a ver um com o outro: um lançamento custa menos que dois.
kernels-about-rtd-loss = A perda do discriminador em cada token, original ou substituído, e seu gradiente. Aqui o ELECTRA aprende com todos os tokens, enquanto um modelo de linguagem mascarado aprende com 15%.
kernels-about-vocab-forward = O softmax do gerador sobre o vocabulário inteiro: sua perda, e um token sorteado por essas chances, que é o que o discriminador vai ler.
kernels-about-vocab-backward = O gradiente desse softmax: a chance de cada palavra, menos um para a palavra certa.
