verdicts-heading = Vereditos
verdicts-none = Ainda não há avaliação em texto reservado.
verdicts-summary = Texto reservado: { $caught } detectados, { $missed } não detectados, { $alarms } alarmes falsos, { $passed } aceitos com razão
