kernels-heading = Kernels
kernels-none = Ainda não há plano.
kernels-summary = Um passo de treino são { $dispatches } despachos sobre { $megabytes } MB.
