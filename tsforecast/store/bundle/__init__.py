"""What one version of a model holds, and its bytes.

`Bundle` is a trained model with all that `predict` needs. `codec.encode` turns it into files of bytes, `codec.decode`
turns them back. A version is these files:

- model.json (`document`): what the model is, how the user's table is written, and the sizes of everything else.
- weights.safetensors: the weights of all parts, by the names that model.json implies.
- recent.safetensors: the last rows of every series, their ids, the scaling of each, and the scores of the calibration.
- golden.safetensors: a few windows with their forecasts, which are compared at every loading.
- metrics.json: scores, splits and choices, as `fit` reports them.
- epochs.csv and gradients.csv: how training went, one row for each epoch, and for each step of the window after it.
- scores.csv: the scores of every series, the worst first and 50,000 at most; where there are several series only.
- manifest.json (`manifest`): name, number and moment of publication, and the size and SHA-256 of every file above.

Rules of the format:

- Files hold data only: JSON, safetensors (`tensors`) and CSV. No pickle, no HDF5, no Keras file, no code.
- Reading is strict: every key is known and present, every value of its type and in its range (`json_fields`). No key
  stands twice, no number is infinite or NaN, nothing nests deeper than 20 levels. Sizes are bounded before anything is
  allocated: 50 million parameters, 1 MiB of model.json.
- Whatever does not fit raises a ModelError that names the file, the key, what stands there and what was expected.
- The same bundle gives the same bytes.
- Keys and tensors of covariates (`covariates`) are there where a model has covariates only, scores.csv where it has
  several series. A release that does not know them refuses such a version, and reads any other.
- model.json and manifest.json name the format, the same one. `formats` alone knows the older ones: what their files and
  tensors were called, and `upgrade`, which turns their model.json into one of the present format. Nothing is rewritten:
  an older version keeps its files, and its manifest stays valid, byte for byte. It is loaded, put into service,
  exported, retrained and pruned like any other; what is published next to it is of the present format. A file that only
  another format has is refused. A newer format is refused with the release that wrote it.
- A change of the format raises FORMAT_VERSION, adds to `formats` the old names and a step of `upgrade`, and keeps a
  version of the old format in tests/store/bundle/fixtures for ever.
"""
