# O que custa um passo de treino: a página de `bench --report`, e as palavras que suas tabelas dividem com o terminal.

speed-title = O que custa um passo de treino
speed-lede = Cada disco é um kernel, e a área é o tempo que ele leva. A linha é o melhor que o dispositivo faz: na rampa, a memória limita; na parte plana, a aritmética. Quanto mais abaixo da linha está um disco, mais se pode ganhar ali. Acima dela, o que se move está numa memória cache.
speed-repeat = Repita com
speed-no-times = Sem tempos por kernel: o dispositivo não tem relógio confiável.
speed-summary = { $rate } tokens/s, { $step } ms por passo. No seu melhor o dispositivo copia { $copy } GB/s, faz { $product } GFLOP/s num produto e inicia um despacho em { $dispatch } µs.
speed-best = Assim o passo levaria { $best } ms: alcança { $share } dessa velocidade.
speed-kernel = kernel
speed-calls = vezes
speed-time = tempo
speed-peak = pico
speed-reached = alcance
speed-intensity = FLOP por byte
speed-roofline = Roofline de { $preset } em { $device }: a tabela abaixo tem os números
