import Files
import Foundation
import Imaging

/// Saves that leave a run that can be resumed even if the process is killed at any moment, or the disk is full.
///
/// All files are written to the disk under temporary names first, so none takes its name unless there is room for all.
/// They then take their names one after another, the state last. It holds everything that resuming needs, so where the
/// files named before are newer than the state, the run resumes from the older state and writes the same files again.
extension TrainingRun {
  /// An occasion of a save, which decides the files beside the last weights and the state.
  enum Save {
    /// The run is stopped: no other files.
    case position
    /// A step in the middle of an epoch: the weights, where they are kept.
    case step
    /// The end of an epoch: its sheet and its row of `metrics.csv`; the best weights, if these are; the weights, where
    /// they are kept.
    case epoch(isBest: Bool, ContactSheet, row: [String])
  }

  /// Saves the run.
  /// - Throws: `RunError.diverged` where a loss or a weight is NaN or infinite, before any file is touched;
  ///   `RunError.notSaved` where a file cannot be written; `BackendError`.
  func save(_ save: Save) throws {
    state.pendingLosses = try trainer.losses()
    try requireFinite(state.lossSums(with: trainer.replicas.means(of: state.pendingLosses)))
    state.configuration = configuration
    var weights = [directory.last]
    if case .epoch(isBest: true, _, _) = save { weights.append(directory.best) }
    if let kept = keptFile(of: save) {
      weights.append(kept)
      let name = kept.lastPathComponent
      state.kept = (state.kept ?? []).filter { $0 != name } + [name]
    }
    do {
      if isWriter { try saving { try commit(weights, save) } }
    } catch CheckpointError.notFinite {
      throw diverged
    }
    savedStep = state.step
    removeSuperseded()
    if case .step = save { onSave?(state.step) }
  }

  /// Writes the state of a run that has not trained yet. A folder with weights but without a state has then lost it,
  /// and is not that of a run that was killed in its first save.
  func saveBeginning() throws {
    state.configuration = configuration
    state.summedSteps = 0
    guard isWriter else { return }
    try saving { try state.prepare(trainer, for: directory.state, on: backend).finish() }
  }

  private func commit(_ weights: [URL], _ save: Save) throws {
    var writers = try weights.map(preparedWeights)
    writers.append(try state.prepare(trainer, for: directory.state, on: backend))
    for writer in writers { try writer.synchronize() }
    if case .epoch(_, let sheet, let row) = save {
      try directory.write(sheet, epoch: state.epoch)
      try directory.write(table)
      try events.write(columns: table.columns, row: row, sheet: directory.sample(epoch: state.epoch), step: state.step)
    }
    for writer in writers { try writer.finish() }
  }

  private func keptFile(of save: Save) -> URL? {
    guard configuration.keep != nil else { return nil }
    return switch save {
    case .position: nil
    case .step: directory.kept(step: state.step)
    case .epoch: directory.kept(epoch: state.epoch)
    }
  }

  /// Removes the oldest of the kept checkpoints where there are too many. Their names stay in the state until the next
  /// save, so that none is forgotten if the process is killed here.
  func removeSuperseded() {
    guard let keep = configuration.keep, let kept = state.kept else { return }
    for name in kept.dropLast(keep) where isWriter { Folder.removeFile(directory.kept(name).path) }
    state.kept = Array(kept.suffix(keep))
  }

  /// Runs `body`, and turns the error of a file that cannot be written into `RunError.notSaved`.
  func saving<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error where error is FileError || error is SafetensorsError || error is ImageError || error is RunError
    {
      throw RunError.notSaved(reason: "\(error)", run: directory.url.path, step: savedStep)
    }
  }

  private func preparedWeights(for url: URL) throws -> SafetensorsWriter {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try Checkpoint.prepare(
      trainer.generator, configuration: configuration.model,
      metadata: [
        "image_height": String(configuration.imageHeight), "image_width": String(configuration.imageWidth),
        "epoch": String(state.epoch), "step": String(state.step),
        "recipe": String(decoding: try encoder.encode(configuration.options), as: UTF8.self),
        "version": configuration.version,
      ], for: url, followingLinks: false, on: backend)
  }
}
