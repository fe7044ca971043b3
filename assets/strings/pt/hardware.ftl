hardware-heading = Hardware
hardware-none = Nenhum dispositivo foi aberto ainda.
hardware-summary = { $name } ({ $reason })
hardware-frames = Desenhar um quadro leva { $median } ms; 95 de 100 levam no máximo { $late } ms.
