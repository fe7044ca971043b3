lesson-heading = Lição
lesson-previous = Anterior
lesson-next = Próxima
lesson-show = Mostrar
lesson-keys = Page Up e Page Down viram as páginas.
lesson-page = Página { $number }: { $title }
lesson-page-done = Página { $number }: { $title }, concluída
lesson-progress = { $done } de 9 concluídas
lesson-progress-short = { $done } de 9
lesson-show-hint = Traz para a frente o painel de que esta página trata
lesson-predict = Primeiro, o seu palpite
lesson-right = Certo.
lesson-wrong = Não é essa.
lesson-here = Aqui, agora
lesson-1-title = Palavras viram tokens
lesson-1-text =
    Uma rede lê números, não letras. Um tokenizador corta o texto em tokens de uma lista fixa, o vocabulário: palavras comuns ficam inteiras, palavras raras viram pedaços. Cada token tem um número e, por trás do número, uma fileira de valores que o treino vai mudando.

    Cada linha marcada é uma frase cortada dessa maneira.
lesson-1-question = Uma palavra do texto não está no vocabulário. O que acontece com ela?
lesson-1-a = Fica de fora
lesson-1-b = É cortada em pedaços que estão nele
lesson-1-c = Vira uma entrada nova
lesson-1-answer = Ela é cortada em pedaços que estão no vocabulário, até chegar a letras soltas; uma emenda sob o texto mostra quais pedaços formam uma só palavra. Só vira [UNK], o desconhecido, a palavra que tem um caractere ausente do vocabulário.
lesson-1-live = O vocabulário tem { $vocab } entradas; a primeira frase são { $tokens } tokens, feitos de { $words } palavras e sinais de pontuação.
lesson-2-title = Esconder 15%
lesson-2-text =
    Cerca de 15% dos tokens são sorteados, e a maior parte deles é coberta com [MASK]; no artigo, 15 de cada 100 sorteados ficam com a sua palavra, porque texto de verdade não tem [MASK]. A tarefa: adivinhar a palavra sorteada a partir das palavras em volta. Quem consegue aprendeu gramática, e um pouco sobre o mundo.

    O BERT é treinado assim; isso se chama masked language modelling (MLM). O ponto fraco está no número: só os tokens escondidos ensinam. Sobre os outros não se pergunta nada.
lesson-2-question = Um texto tem 128 tokens. Em quantos deles um modelo assim aprende algo em um passo?
lesson-2-a = Em cerca de 19
lesson-2-b = Em cerca de 64
lesson-2-c = Em todos os 128
lesson-2-answer = Em cerca de 19, ou seja, 15% de 128. A rede lê todos eles e faz as contas para todos, mas para uns 109 ninguém pede resposta. Esconder muito mais deixaria pouco de onde adivinhar.
lesson-2-live = { $share } dos tokens são sorteados: cerca de { $slots } dos { $tokens } que um passo lê.
lesson-3-title = O gerador adivinha
lesson-3-text =
    Uma rede pequena, o gerador, dá a cada palavra do vocabulário uma probabilidade para cada lugar escondido. Ela treina como o BERT (MLM), só que é menor.

    Ele é pequeno de propósito. As palavras dele devem passar à primeira vista e, mesmo assim, errar com frequência suficiente para que haja o que detectar. No artigo, o melhor gerador tinha de um quarto a metade do tamanho do discriminador; um mais forte deixava a tarefa difícil demais.
lesson-3-question = O que o gerador escreve em um lugar escondido?
lesson-3-a = Sempre o seu melhor palpite
lesson-3-b = Uma palavra sorteada conforme as probabilidades
lesson-3-c = Qualquer palavra, todas com a mesma chance
lesson-3-answer = Um sorteio: uma palavra com probabilidade de 60% é escrita umas seis vezes em dez, uma com 1%, de vez em quando. Assim o discriminador encontra erros prováveis e erros estranhos, e não sempre o mesmo erro.
lesson-3-live = Para o “{ $original }” escondido, o melhor palpite é “{ $best }”, com { $p }; ele sorteou “{ $sampled }”.
lesson-3-odds = Esta execução começa com um sorteio mais simples que o do gerador (a opção “replacements”); o gerador assume quando o discriminador já sabe distinguir.
lesson-4-title = Substituir no texto
lesson-4-text =
    As palavras sorteadas são escritas no texto. O resultado não tem lacuna nem [MASK]: é um texto como qualquer outro, com algumas palavras que antes não estavam ali.

    Isso importa depois. Um modelo treinado em texto com [MASK] começa o trabalho de verdade em texto que não tem nenhum.
lesson-4-question = O BERT lê [MASK] durante todo o treino. Com que frequência encontra um quando é usado?
lesson-4-a = Em 15% dos tokens, como antes
lesson-4-b = De vez em quando
lesson-4-c = Nunca
lesson-4-answer = Nunca: ninguém escreve [MASK]. O artigo mediu quanto custa essa diferença. Com as lacunas preenchidas por um gerador, o BERT foi de 82,2 para 82,4 pontos nos testes GLUE: um ganho pequeno. O grande está na página 7.
lesson-4-live = Dos { $masked } tokens sorteados nas frases mostradas, { $swapped } agora são outra palavra.
lesson-5-title = O discriminador julga cada token
lesson-5-text =
    O discriminador lê o texto com as substituições e dá a cada token um número: a chance de que essa palavra esteja no lugar de outra. Ninguém conta a ele quais lugares foram escondidos.

    Quanto mais a cor se afasta da do fundo, mais certo ele está de uma substituição. Para acertar, precisa saber que palavras cabem ali: pela gramática, pelo sentido e pelo assunto do resto do texto.
lesson-5-question = Um discriminador preguiçoso responde “original” para tudo. Quantos tokens ele acerta?
lesson-5-a = Cerca da metade
lesson-5-b = A maioria
lesson-5-c = Nenhum
lesson-5-answer = A maioria, porque a maioria dos tokens é original. Por isso uma taxa alta de acertos diz pouco. A revocação, a parte dos substituídos que ele encontra, diz mais. A AUC, a chance de que um substituído pareça mais suspeito que um original (0,5 é adivinhar), pode enganar: só por saber que palavras são mais substituídas se chega a 0,95. Por isso “Vereditos” põe umas palavras no lugar de outras: só quem lê o resto percebe.
lesson-5-live = No lote do passo { $step }, { $replaced } dos tokens foram substituídos, então o preguiçoso acerta { $lazy }. Este tem ali uma AUC de { $auc } e encontra { $recall } dos substituídos.
lesson-5-swaps = No passo { $step } este discriminador detecta { $caught } das palavras trocadas em frases reservadas e toma { $alarms } das certas por substituídas. Ele põe a palavra no lugar errado acima da mesma palavra no lugar certo, { $times } vezes em 100.
lesson-6-title = Acerto do gerador conta como original
lesson-6-text =
    Às vezes o gerador sorteia exatamente a palavra que estava escondida. Aí o texto é o que era, e ninguém poderia ver nele que algo aconteceu.

    Na tira, uma palavra assim tem uma caixa só com contorno e, na linha do discriminador, um sinal de igual: mascarada, mas de novo a original.
lesson-6-question = O gerador sorteou a palavra original. Que resposta o discriminador é treinado a dar?
lesson-6-a = Original
lesson-6-b = Substituído: foi o gerador que escreveu
lesson-6-c = Nenhuma: esse lugar fica de fora
lesson-6-answer = Original. A pergunta ao discriminador é se o texto mudou, não quem o escreveu. Chamar de falsa a palavra certa no lugar certo ensinaria algo errado. O artigo relata que essa escolha ajuda um pouco nas tarefas que vêm depois.
lesson-6-live = No lote do passo { $step }, { $lucky } dos sorteios do gerador são a palavra original. Quanto melhor ele fica, menos substituições restam para detectar; por isso, na segunda metade da primeira execução, os sorteios ficam mais ousados (uma temperatura mais alta).
lesson-7-title = Perda em todos os tokens
lesson-7-text =
    Este é o coração do método. O discriminador responde sobre cada token que lê, então cada token ensina: não 15% deles, mas todos, com o mesmo texto e por pouco trabalho a mais.

    A pergunta é mais fácil do que achar uma palavra entre milhares, mas é feita com frequência quase sete vezes maior.
lesson-7-question = Com a perda em todos os tokens, o discriminador do artigo faz 85,0 no GLUE, um conjunto de testes de linguagem. Quanto ele faz com a perda só nos 15%?
lesson-7-a = 85,0, como antes
lesson-7-b = 82,4
lesson-7-c = Menos de 70
lesson-7-answer = 82,4, pouco mais que os 82,2 do BERT. O discriminador e as substituições são os mesmos; só mudou o número de tokens sobre os quais ele responde. É daí que vem a maior parte do ganho.
lesson-7-live = Em um passo, o discriminador responde sobre até { $tokens } tokens; o gerador, sobre uns { $slots }.
lesson-8-title = Não é uma GAN
lesson-8-text =
    Um falsário contra um perito: parece uma rede adversária generativa. Não é. O gerador não tenta enganar ninguém. Aprende a prever as palavras escondidas, por máxima verossimilhança, e mais nada. A perda do discriminador nunca chega às camadas do gerador: uma palavra sorteada é uma escolha, e por uma escolha não passa gradiente.

    Os dois aprendem ao mesmo tempo, com a soma das perdas, e compartilham uma só tabela de embeddings.
lesson-8-question = O pré-treino acabou. O que fica para as tarefas seguintes?
lesson-8-a = As duas redes
lesson-8-b = O gerador
lesson-8-c = O discriminador
lesson-8-answer = O discriminador. O gerador já fez a sua parte e é descartado; o discriminador ganha uma pequena camada de saída nova e passa pelo ajuste fino: classificar frases, achar nomes, responder perguntas. O artigo também treinou um gerador para enganar o discriminador. Ele acertou 58% das palavras escondidas em vez de 65%, e o discriminador aprendeu menos com ele.
lesson-8-live = O discriminador tem { $judge } valores treinados e o gerador, { $generator }. { $shared } deles, os embeddings, são das duas redes, e por isso o treino muda { $all } ao todo.
lesson-9-title = Mesma computação, cinco objetivos
lesson-9-text =
    O ganho vem da pergunta do discriminador, da falta de [MASK] ou do número de tokens que ensinam? O artigo deu a cinco modelos o mesmo orçamento de computação e mudou uma coisa de cada vez.

    Replace MLM é o BERT com palavras de um gerador no lugar de cada [MASK]. ELECTRA 15% pergunta ao discriminador só sobre os tokens escondidos. All-Tokens MLM lê o texto com as substituições e diz a palavra original em cada token, e não só se ela mudou.

    O GLUE reúne nove testes de compreensão de texto em inglês; os pontos vão até 100.
lesson-9-question = O ELECTRA faz 85,0 no GLUE, o BERT 82,2. Onde fica o All-Tokens MLM?
lesson-9-a = Em 82,4, perto do BERT
lesson-9-b = Em 84,3, perto do ELECTRA
lesson-9-c = Em 86,1, acima dos dois
lesson-9-answer = Em 84,3. Aprender com todos os tokens traz a maior parte do ganho, mesmo com a pergunta mais difícil do BERT. O resto é do próprio ELECTRA: o discriminador não precisa pesar um vocabulário inteiro em cada lugar, e uma rede do mesmo tamanho vai mais longe.
lesson-9-live = AUC deste discriminador no lote do passo { $step }: { $auc }.
lesson-9-caution = Pontos no GLUE de modelos do tamanho base (Clark et al. 2020, tabela 5). Redes pequenas como as desta janela podem ficar em outra ordem.
lesson-9-chart = Pontos no GLUE com o mesmo orçamento de computação (barras a partir de 80)
lesson-9-bar = { $name }: { $points }
lesson-end = As nove páginas estão concluídas. Agora ponha palavras suas em “Sua frase” e veja se consegue enganar o discriminador.
