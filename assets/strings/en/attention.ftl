attention-heading = Attention
attention-none = No attention was asked for. Weights are not explanations.
