"""The segment network: its configuration, its weights, and its two implementations.

What comes in is a window, the newest `lookback` = L values of a series in model space (x, shape (samples, L)); what
goes out is the forecast of the next `horizon` = H steps at several probability levels, ascending, shape (samples, H,
levels). Short series are padded on the left; a mask says where.

1. *Normalisation* (normalisation.py). Each window gets a center m and a scale s: z = (x - m) / s. `last` takes the last
   value as m, `mean-std` mean and standard deviation (RevIN without learned weights, Kim et al. 2022), `mean-level` the
   mean magnitude as s. So one network serves series of all levels.
2. *Segments* (SegRNN, Lin et al. 2023). z is cut into n = ceil(L / w) segments of w steps, and each is embedded:
   e_t = relu(z_t W + b), of width d = `units`. The recurrence has n steps in place of L: it is faster, and gradients
   have a shorter way.
3. *Encoder*. A stack of recurrent layers reads e_1 .. e_n, in one direction or both; from the second on, each layer
   adds its input to its output. The cells (cells.py, keras_cells.py) are Elman's, the LSTM (Hochreiter and Schmidhuber
   1997) and the GRU (Cho et al. 2014). A padded step hands the state on as it was.
4. *Decoding* of the ceil(H / w) segments, by strategy:
   `direct` runs the encoder's cells one step from their last state, once for each segment in parallel; the input is a
   learned query of the segment's position, half of it a learned vector of the series if there are several.
   `recursive` feeds the median or location of each segment back into the cells that read the window. `seq2seq` does so
   with cells of its own (Sutskever et al. 2014). `autoregressive` forecasts as `recursive` does and also learns to
   predict every next segment of the window (DeepAR, Salinas et al. 2017). In training, the last two read the true
   segments (teacher forcing, Williams and Zipser 1989).
5. *Head*. A dense layer puts out w x k numbers for each segment: k quantiles, or with `student-t` (student_t.py) the
   location, scale and degrees of freedom of a distribution (DeepAR).
6. *Linear skip*, `direct` only. y = network(z) + z A + a. A and a start as a ridge regression (models/linear.py) and
   the head at zero, so that training starts at the linear model's error.
7. The normalisation is undone, y s + m, and the quantiles are sorted.
8. *Covariates*. Those of the window are cut into segments beside the values, so that W has w (1 + n) rows. Of the
   horizon, those of each segment add relu(f_j F + c) to its query, the numbers of a series add a linear map, and each
   category has learned vectors as the series itself. The skip reads them too (linear_inputs.py). Where segments are fed
   back there is no query: the same is added to the embedded segment from which segment j follows, in the window as in
   the horizon, and a segment that is fed back has its own covariates beside it. Columns known up to now have no values
   there, so that only `direct` reads them.

config.py has all that can be set, and what a strategy excludes; it is data only, as is cells.py, so the command line
imports both. weights.py has the names and shapes of all tensors that a configuration implies: they are the contract
between keras_network.py with keras_decoding.py, which train, and numpy_network.py, which forecasts without TensorFlow.
A test holds the two within 1e-5 for every cell, direction, depth, strategy, normalisation and head.
"""
