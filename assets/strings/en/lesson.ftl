lesson-heading = Lesson
lesson-summary = The judge reads every token; of those it reads, { $replaced } are replaced.
