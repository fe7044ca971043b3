lesson-heading = Lição
lesson-summary = O discriminador lê todos os tokens; dos que ele lê, { $replaced } foram substituídos.
