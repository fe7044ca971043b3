sentence-heading = Your sentence
sentence-summary = { $count ->
    [one] The model is asked about { $count } sentence at every readout.
   *[other] The model is asked about { $count } sentences at every readout.
}
