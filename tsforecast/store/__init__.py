"""The model store: a folder of models, each with numbered versions, of which one is in service.

`Store(folder, trusted)` finds models. `Store.model(name)` and `Store.find(name)` give a `StoredModel`, which opens,
describes, verifies, exports, publishes, rolls back and prunes versions. `runs` keeps what retrainings report beside the
versions, `checkpoint` the progress of an interrupted training, and `kept_parts` the finished parts of an interrupted
backtest. `layout` lists every file of a model's folder, `bundle` explains the files of a version, and `ledger` the
forecasts that were noted. A ledger belongs to the model and not to a version: pruning and rollbacks leave it as it is,
an export does not hold it, and `verify` reads it too.

How a version is published (`model.publish`, `changes.add_version`):

1. Take the lock `.lock` with flock, which the kernel frees whatever ends the process. Wait for a minute at most.
2. Remove what ended processes have left: `.stage-*` and `.CURRENT-*`, if they hold nothing but files of ours.
3. Write the files of the version into `.stage-PID`, the manifest last. Sync each file, then the folder.
4. Load the version back as any reader does, and compare its forecast with the stored one.
5. Write the new CURRENT aside and sync it, so that a full disk is noticed before anything changes.
6. Rename `.stage-PID` to `versions/N`, one above the highest number so far, and sync `versions/`.
7. Rename the new CURRENT into its place and sync the folder. From here on the version is in service.
8. Note it in the journal, and remove old versions where that was asked for.

A rollback takes steps 1, 2, 4, 5, 7 and 8. Retention keeps the newest `keep` versions, the one in service and the one
before it. A version that is removed loses its number first: it is renamed to `.stage-N-PID`, and its files go once
that is on the disk. A whole model is deleted, or gets another name, by one rename of its folder (`removal`). Versions
are ordered by number, never by time, so that a wrong clock does no harm.

What a reader checks (`load`, `safe_files`), before a number of the version is used:

- Unless the store is trusted, its folders and files belong to this user or to root, and not everybody may write there.
- CURRENT holds a number and the right checksum, and that version exists.
- Files are plain files with one name, opened without following links, read once, and no larger than allowed.
- The manifest is byte for byte as it was written; names, sizes and SHA-256 of all files agree with it. The files are
  exactly those that its format has.
- model.json is within bounds, and the tensors have exactly the names, types and shapes that follow from it.
- The stored batch of windows gives the forecast that it gave when the version was published.

Readers take no lock. Where the version that CURRENT named was pruned meanwhile, they read CURRENT again.

What may be relied on, which tests/sweeps checks:

- A kill, a full or failing disk, or a power cut at any moment leaves the old version or the new one in service, whole.
  The next change needs no repair. An error before step 7 leaves no trace; one in step 7 says what is in service.
- Two writers never mix: numbers are dense, and the second one waits or ends with a BusyError.
- A reader gets one whole version, whoever publishes and prunes meanwhile.
- No flipped bit of a version, or of CURRENT as it is written today, goes unnoticed. `open(fallback=True)` takes an
  older version, and says so.
- A file of a stranger is data at most: nothing in a store is executed or imported, and no name leads out of it.
- A forecast that was noted is in the ledger once, whatever was killed and however many were writing.
- Versions of every format that was ever released can be read (`bundle.formats`).
"""
