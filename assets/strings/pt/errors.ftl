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
