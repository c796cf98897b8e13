"""Training of one network: from windows to its best weights.

`loop.train` takes the data (values of all series in model space, windows to learn from, windows to validate by), a
NetworkConfig, a TrainingConfig (config.py), a Run and the TrainingSession, and returns a TrainedNetwork.

1. runtime.py imports TensorFlow without its noise and sets threads and device once in a process.
2. graph.py builds the network, its optimiser and the graph functions. Tracing takes longer than training on a short
   series, so the session keeps the graphs, and a graph begins again for other rows, members and periods. The values
   stay on the device; each step gathers its windows there. On a CPU a batch is cut into shards, one per thread, and
   their gradients are added in a fixed order: one seed and one number of threads give the same bits.
3. Each epoch shuffles the windows anew, trains at the rates of the schedule (cosine with warm-up, exponential, step,
   plateau, constant) with the loss of losses.py (quantile, student-t, mae, mse, huber) and clips the global norm of the
   gradient. Then the validation loss is measured. Filled values carry no loss.
4. patience.py decides: after `patience` epochs without a better validation loss, training goes back to the best weights
   and continues at a quarter of the rate with half the patience; the third time it ends. The *path* lists the epochs
   that led to the best weights. A second run that replays it, on all rows and without validation, trains as long and at
   the same rates.
5. gradients.py measures how far back in the window the network learns from, gradient_flow.py says it in a sentence.

session.py has the context that all runs of a fit share: report, recorder, graphs, and a Budget of seconds that counts
from its first use. No epoch starts that would likely end after the run's share of it. resume.py has a run as plain
values: after each epoch the session's recorder may save the state, and an interrupted run resumes to the same bits.
"""
