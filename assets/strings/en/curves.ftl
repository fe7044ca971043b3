curves-heading = Curves
curves-summary = Step { $step }: generator loss { $mlm }, judge loss { $rtd }, AUC { $auc }
