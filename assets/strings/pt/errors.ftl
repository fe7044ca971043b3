# O que deu errado, pelo código do erro, e em `.help` o que fazer. Os conselhos comuns começam com `help-`.

error-help-label = ajuda

cannot-do = não foi possível { $doing }: { $detail }

help-check-path = confira o caminho; caminhos relativos partem da pasta atual
help-check-permissions = confira as permissões do arquivo e da sua pasta
help-free-space = libere espaço ou escolha outra pasta com --out

checkpoint-lost = o ponto de controle do passo { $step } não foi escrito, e os anteriores estão intactos: { $why }
