curves-heading = Curvas
curves-summary = Passo { $step }: perda do gerador { $mlm }, perda do discriminador { $rtd }, AUC { $auc }
